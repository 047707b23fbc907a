import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gradedRows, type Mark } from '../../tests/support/graded-rows.ts'
import type { Target } from './contract.ts'
import type { EvaluationRow } from './evaluation.ts'
import { gate } from './gate.ts'
import { mulberry32, seedFrom, shuffle } from './random.ts'

const format: Target = { of: 'format', measure: 'pass-rate', pass: 0.9, warn: 0.8 }
const right: Target = { of: 'right', measure: 'pass-rate', pass: 0.9, warn: 0.7 }
const decline: Target = {
  of: 'right',
  measure: 'pass-rate',
  where: { kind: ['decline'] },
  pass: 0.8,
  warn: 0.6,
  protect: { margin: 0.1, floor: 0.5 },
}

type Marks = (family: number, row: number) => Mark
/** 40 families of 4 rows; the last 10 families are requests that are to be declined. */
const rowsOf = (mark: Marks, { formatMark = 'pass' as Mark, families = 40 } = {}): EvaluationRow[] =>
  gradedRows(families, 4, (family, row) => ({
    tags: { kind: [family >= 30 ? 'decline' : 'call'] },
    marks: { right: mark(family, row), format: formatMark },
  }))
const passesWhere =
  (passes: (family: number, row: number) => boolean): Marks =>
  (family, row) =>
    passes(family, row) ? 'pass' : 'fail'

const judge = (candidate: EvaluationRow[], incumbent?: EvaluationRow[], more = {}) =>
  gate({
    candidate,
    incumbent,
    targets: [format, right, decline],
    primary: 'right',
    format: 'format',
    alpha: 0.05,
    k: 1,
    ...more,
  })

const half = rowsOf(passesWhere((_, row) => row < 2))
const better = rowsOf(passesWhere((family, row) => row < 2 || (row === 2 && family % 2 === 0)))

describe('the primary', () => {
  test('promotes a clear gain and tells what it spent', () => {
    const verdict = judge(better, half)
    expect(verdict).toMatchObject({ verdict: 'promote', alpha: 0.025, formatHolds: true })
    expect(verdict.primary).toMatchObject({ of: 'right', gains: 20, losses: 0, rows: 160, families: 40 })
    expect(verdict.primary.difference).toBeCloseTo(0.125, 9)
    expect(verdict.reason).toContain('right rose by 12.5 points')
  })

  test('moves by no more than there is to move', () => {
    const nearlyAll = rowsOf(passesWhere((family, row) => family > 0 || row > 1))
    const { primary } = judge(nearlyAll, rowsOf(passesWhere(() => false)))
    expect(primary.high).toBe(1)
    expect(primary.difference).toBeGreaterThan(0.98)
  })

  test('rejects a clear loss', () => {
    expect(judge(half, better)).toMatchObject({ verdict: 'reject' })
  })

  test('holds a gain that noise may explain', () => {
    const slightly = rowsOf(passesWhere((family, row) => row < 2 || (row === 2 && family < 3)))
    expect(judge(slightly, half)).toMatchObject({ verdict: 'hold', reason: expect.stringContaining('noise') })
  })

  test('asks more of a later candidate: the k-th spends alpha / (k (k + 1))', () => {
    const some = rowsOf(passesWhere((family, row) => row < 2 || (row === 2 && family < 7)))
    expect(judge(some, half, { k: 1 })).toMatchObject({ verdict: 'promote', alpha: 0.05 / 2 })
    expect(judge(some, half, { k: 6 })).toMatchObject({ verdict: 'hold', alpha: 0.05 / 42 })
  })

  test('refuses a verdict under ten families', () => {
    const few = (mark: Marks) => rowsOf(mark, { families: 9 })
    const verdict = judge(
      few(() => 'pass'),
      few(() => 'fail'),
    )
    expect(verdict).toMatchObject({ verdict: 'hold', reason: expect.stringContaining('needs 10 families') })
  })

  test('promotes where every family gains alike, which leaves t no spread', () => {
    const all = rowsOf(() => 'pass', { families: 12 })
    const none = rowsOf(() => 'fail', { families: 12 })
    expect(judge(all, none, { targets: [format] }).primary.p).toBe(2 ** -12)
    expect(judge(all, none, { targets: [format] }).verdict).toBe('promote')
    expect(judge(none, all, { targets: [format] }).verdict).toBe('reject')
  })

  test('is judged where it applies, and counts where it does not', () => {
    const only = (mark: Marks) => rowsOf((family, row) => (row === 3 ? 'not-applicable' : mark(family, row)))
    const verdict = judge(
      only(() => 'pass'),
      only(passesWhere((_, row) => row === 0)),
    )
    expect(verdict).toMatchObject({ verdict: 'promote', notApplicable: 40, primary: { rows: 120 } })
  })

  test('takes a warn for what it is: not a pass', () => {
    expect(
      judge(
        rowsOf(() => 'warn'),
        rowsOf(() => 'fail'),
      ).verdict,
    ).toBe('hold')
  })
})

describe('rows that could not be scored', () => {
  test('leave the comparison and are counted', () => {
    const one = better.map((row, at) => (at === 3 ? ungraded(row) : row))
    expect(judge(one, half)).toMatchObject({ verdict: 'promote', unscored: { candidate: 1, incumbent: 0, both: 0 } })
  })

  test('hold a promotion that they could undo', () => {
    const silent = better.map((row, at) => (at % 4 < 2 && at < 96 ? ungraded(row) : row))
    expect(judge(silent, half)).toMatchObject({
      verdict: 'hold',
      reason: expect.stringContaining('could not be scored'),
    })
  })

  test('hold a candidate that dodges the criterion by not-applicable', () => {
    const dodging = half.map((row, at) => (at % 4 >= 2 ? marked(row, 'not-applicable') : row))
    const mixed = dodging.map((row, at) => (at % 4 === 1 ? marked(row, 'pass') : row))
    const incumbent = half.map((row, at) => (at % 4 === 1 && at % 3 === 0 ? marked(row, 'fail') : marked(row, 'pass')))
    expect(judge(mixed, incumbent)).toMatchObject({
      verdict: 'hold',
      reason: expect.stringContaining('promote would hang'),
    })
  })

  test('hold where the two answered different items', () => {
    const others = better.map((row) => ({ ...row, item: { ...row.item, id: `new-${row.item.id}` } }))
    expect(judge(others, half)).toMatchObject({ verdict: 'hold', unscored: { candidate: 160, incumbent: 160 } })
  })

  test('void the look where over 1 % fell to infrastructure', () => {
    const broken = (count: number) => better.map((row, at) => (at < count ? errored(row) : row))
    expect(judge(broken(1), half).verdict).toBe('promote')
    expect(judge(broken(2), half)).toMatchObject({ verdict: 'hold', reason: expect.stringContaining('over 1 %') })
    expect(judge(half, broken(2)).verdict).toBe('hold')
  })
})

describe('protected tags', () => {
  const drops = (from: number) => passesWhere((family, row) => (family < 30 ? true : row < from))
  const incumbent = rowsOf(passesWhere((family) => family >= 30))

  test('reject a gain that was bought with a drop beyond the margin', () => {
    const verdict = judge(rowsOf(drops(1)), incumbent)
    expect(verdict).toMatchObject({ verdict: 'reject', protected: [{ rule: 'margin', status: 'breach', n: 40 }] })
    expect(verdict.reason).toContain('right of kind = decline fell by 75.0 points')
  })

  test('let a drop inside the margin pass', () => {
    const little = rowsOf(passesWhere((family, row) => family < 30 || !(row === 0 && family === 31)))
    expect(judge(little, incumbent)).toMatchObject({ verdict: 'promote', protected: [{ status: 'ok' }] })
  })

  test('hold an absolute floor until the incumbent has the format, whatever it scored itself', () => {
    const prose = rowsOf(
      passesWhere((family) => family >= 30),
      { formatMark: 'fail' },
    )
    expect(judge(rowsOf(drops(3)), prose)).toMatchObject({
      verdict: 'promote',
      formatHolds: false,
      protected: [{ rule: 'floor', status: 'ok', candidateRate: 0.75 }],
    })
    expect(judge(rowsOf(drops(1)), prose)).toMatchObject({
      verdict: 'hold',
      protected: [{ rule: 'floor', status: 'floor' }],
      reason: expect.stringContaining('under its floor of 50.0 %'),
    })
  })

  test('say too few, and never ok, where rows or families are few', () => {
    const fewer = (rows: EvaluationRow[]) => rows.filter(({ item }) => Number(item.family.slice(1)) < 35)
    const verdict = judge(fewer(rowsOf(drops(1))), fewer(incumbent))
    expect(verdict).toMatchObject({ verdict: 'promote', protected: [{ status: 'too-few', n: 20, families: 5 }] })
    expect(verdict.reason).toContain('too few rows to tell whether right of kind = decline held')
  })

  test('see a collapse under the floor even on few rows', () => {
    const prose = rowsOf(
      passesWhere((family) => family >= 30),
      { formatMark: 'fail' },
    )
    const fewer = (rows: EvaluationRow[]) => rows.filter(({ item }) => Number(item.family.slice(1)) < 35)
    expect(judge(fewer(rowsOf(drops(0))), fewer(prose))).toMatchObject({
      verdict: 'hold',
      protected: [{ status: 'floor' }],
    })
  })

  test('hold a promotion whose protected rows were not scored', () => {
    const silent = rowsOf(drops(4)).map((row, at) => (at >= 120 && at % 4 !== 0 ? ungraded(row) : row))
    expect(judge(silent, incumbent)).toMatchObject({ verdict: 'hold' })
  })

  test('say nothing of a pooled measure, which has no rows to pair', () => {
    const voice: Target = { of: 'voice', measure: 'pooled', pass: 1, warn: 1, protect: { margin: 0.1, floor: 0 } }
    expect(judge(better, half, { targets: [format, voice] }).protected).toMatchObject([{ status: 'too-few', n: 0 }])
  })
})

describe('the first student', () => {
  test('is promoted where it was measured', () => {
    expect(judge(half)).toMatchObject({ verdict: 'promote', reason: expect.stringContaining('the first student') })
  })
  test('is held without a scored row', () => {
    expect(judge([]).verdict).toBe('hold')
    expect(judge(rowsOf(() => 'ungraded')).verdict).toBe('hold')
  })
  test('is held under a floor', () => {
    expect(judge(rowsOf(passesWhere((family) => family < 30))).verdict).toBe('hold')
  })
})

test.each([
  [0, 1],
  [1.5, 1],
  [0.05, 0],
  [0.05, 1.5],
])('alpha %d with candidate %d is refused', (alpha, k) => {
  expect(() => judge(better, half, { alpha, k })).toThrow(expect.objectContaining({ code: 'bad-gate' }))
})

const anyMark = fc.constantFrom<Mark>('pass', 'warn', 'fail', 'not-applicable', 'ungraded')
const anyRows = fc.infiniteStream(anyMark).map((marks) => rowsOf(() => marks.next().value as Mark, { families: 14 }))

test('a student against itself always holds', () => {
  fc.assert(
    fc.property(anyRows, fc.integer({ min: 1, max: 30 }), (rows, k) => {
      expect(judge(rows, rows, { k, targets: [format, right] }).verdict).toBe('hold')
    }),
    { numRuns: 50 },
  )
})

test('no fall of the primary is ever promoted, and the order of rows never matters', () => {
  fc.assert(
    fc.property(anyRows, anyRows, fc.integer(), (candidate, incumbent, seed) => {
      const verdict = judge(candidate, incumbent)
      if ((verdict.primary.difference ?? 0) <= 0) expect(verdict.verdict).not.toBe('promote')
      expect(judge(shuffle(mulberry32(seed), candidate), shuffle(mulberry32(seed + 1), incumbent))).toEqual(verdict)
    }),
    { numRuns: 100 },
  )
})

test('ten candidates that are truly equal are promoted in less than alpha of the runs', () => {
  const random = mulberry32(seedFrom('equal candidates'))
  const draw = (skill: readonly number[]) =>
    rowsOf(
      passesWhere((family) => random() < skill[family]!),
      { families: 20 },
    )
  const runs = 200
  let promoted = 0
  for (let run = 0; run < runs; run += 1) {
    const skill = Array.from({ length: 20 }, () => random())
    const incumbent = draw(skill)
    for (let k = 1; k <= 10; k += 1)
      if (judge(draw(skill), incumbent, { k, targets: [format, right] }).verdict === 'promote') {
        promoted += 1
        break
      }
  }
  expect(promoted / runs).toBeLessThanOrEqual(0.05)
})

const marked = (row: EvaluationRow, mark: 'pass' | 'fail' | 'not-applicable'): EvaluationRow => ({
  ...row,
  grade: {
    ...row.grade,
    criteria: {
      ...row.grade.criteria,
      right:
        mark === 'not-applicable' ? { status: mark } : { status: mark, score: Number(mark === 'pass'), reason: '' },
    },
  },
})
const ungraded = (row: EvaluationRow): EvaluationRow => ({
  ...row,
  grade: { ...row.grade, criteria: { ...row.grade.criteria, right: { status: 'ungraded', reason: 'judge failed' } } },
})
const errored = (row: EvaluationRow): EvaluationRow => ({ ...row, error: { code: 'student-timeout', message: '' } })
