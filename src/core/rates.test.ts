import { describe, expect, test } from 'vitest'
import { gradedRow, gradedRows } from '../../tests/support/graded-rows.ts'
import type { Target } from './contract.ts'
import { matches, outcomeOf } from './evaluation.ts'
import { measure, ratesByTag } from './rates.ts'

const target = (of: string, more: Partial<Target> = {}): Target => ({
  of,
  measure: 'pass-rate',
  pass: 0.8,
  warn: 0.6,
  ...more,
})

describe('measure', () => {
  const rows = gradedRows(20, 5, (family, row) => ({
    tags: { kind: [family % 2 === 0 ? 'call' : 'ask'] },
    marks: { right: row < 4 ? 'pass' : 'fail', spoken: row === 0 ? 'warn' : 'not-applicable' },
  }))

  test('counts passes over the rows that a criterion applies to', () => {
    expect(measure(rows, [target('right')])[0]).toMatchObject({ passes: 80, n: 100, rate: 0.8, status: 'pass' })
    expect(measure(rows, [target('spoken')])[0]).toMatchObject({ passes: 0, n: 20, rate: 0, status: 'fail' })
  })

  test('looks only at the items of a target with tags', () => {
    const [ofAsk] = measure(rows, [target('right', { where: { kind: ['ask'] } })])
    expect(ofAsk).toMatchObject({ n: 50, where: { kind: ['ask'] } })
  })

  test('gives the mean score where a target asks for it', () => {
    expect(measure(rows, [target('spoken', { measure: 'mean-score', warn: 0.5 })])[0]).toMatchObject({
      rate: 0.5,
      status: 'warn',
      n: 20,
    })
  })

  test('takes a pooled measure from the plugin', () => {
    const pooled = target('voice', { measure: 'pooled' })
    expect(measure(rows, [pooled], { voice: { value: 0.7, n: 12 } })[0]).toMatchObject({
      rate: 0.7,
      n: 12,
      status: 'warn',
    })
    expect(measure(rows, [pooled])[0]).toMatchObject({ n: 0, status: 'no-data' })
  })

  test('leaves out what was not judged, and says how many', () => {
    const broken = [
      gradedRow({ id: 'a', marks: { right: 'pass' } }),
      gradedRow({ id: 'b', marks: { right: 'ungraded' } }),
      gradedRow({ id: 'c', marks: { right: 'pass' }, error: true }),
      gradedRow({ id: 'd', marks: {} }),
    ]
    expect(measure(broken, [target('right')])[0]).toMatchObject({ passes: 1, n: 1, unscored: 3 })
  })

  test('has no rate without rows', () => {
    const [empty] = measure([], [target('right')])
    expect(empty).toMatchObject({ passes: 0, n: 0, status: 'no-data' })
    expect(empty?.rate).toBeUndefined()
  })
})

test('ratesByTag counts every declared tag, and an item with two values under both', () => {
  const rows = [
    gradedRow({ id: 'a', tags: { tool: ['read', 'write'], secret: ['x'] }, marks: { right: 'pass' } }),
    gradedRow({ id: 'b', tags: { tool: ['write', 'write'] }, marks: { right: 'fail' } }),
  ]
  const cells = ratesByTag(rows, { tool: ['read', 'write', 'move'] }, [{ name: 'right' }])
  expect(cells.map(({ where, passes, n }) => ({ where, passes, n }))).toEqual([
    { where: { tool: ['read'] }, passes: 1, n: 1 },
    { where: { tool: ['write'] }, passes: 1, n: 2 },
  ])
})

test('matches wants one of the named values in every named dimension', () => {
  const { item } = gradedRow({ tags: { tool: ['read', 'write'], kind: ['call'] }, marks: {} })
  expect(matches(item, undefined)).toBe(true)
  expect(matches(item, { tool: ['write', 'move'], kind: ['call'] })).toBe(true)
  expect(matches(item, { tool: ['write'], kind: ['ask'] })).toBe(false)
  expect(matches(item, { toString: ['x'] })).toBe(false)
})

test('outcomeOf reads no criterion from the prototype', () => {
  expect(outcomeOf(gradedRow({ marks: {} }), 'toString')).toBe('unscored')
})
