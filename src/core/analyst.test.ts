import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gradedRow, gradedRows } from '../../tests/support/graded-rows.ts'
import { statisticalAnalyst, uniformParts, uniformSpec } from './analyst.ts'
import type { Tags } from './contract.ts'
import { failureReport } from './failures.ts'
import { mulberry32, seedFrom } from './random.ts'

const tools = ['read', 'write', 'move', 'list']
const dimensions = { tool: tools, phrasing: ['direct', 'indirect'], all: ['yes'] }
const loop = { rows: 150, uniform: 0.25, maxShare: 0.4 }

/** 48 families of 5 rows over four tools and two phrasings; `chance` says how often a row fails. */
const analyse = (
  chance: (tags: { tool: string; phrasing: string }) => number,
  { seed = 1, loop: of = loop, names = ['right'], dims = dimensions as Record<string, readonly string[]> } = {},
) => {
  const random = mulberry32(seedFrom('analyst', seed))
  const rows = gradedRows(48, 5, (family) => {
    const tags = { tool: tools[family % 4]!, phrasing: family % 8 < 4 ? 'direct' : 'indirect' }
    const fails = random() < chance(tags)
    return {
      tags: { tool: [tags.tool], phrasing: [tags.phrasing], all: ['yes'] },
      marks: Object.fromEntries(names.map((name) => [name, fails ? ('fail' as const) : ('pass' as const)])),
      failures: fails ? ['wrong-argument'] : [],
    }
  })
  const report = failureReport(
    rows,
    dims,
    names.map((name) => ({ name })),
  )
  return { rows, report, ...statisticalAnalyst({ report, dimensions: dims, loop: of, history: [], seed }) }
}

describe('where it aims', () => {
  test('at the tag that fails more than the others', () => {
    const { parts, hypotheses } = analyse(({ tool }) => (tool === 'move' ? 0.7 : 0.1))
    expect(parts[0]).toEqual({ where: { tool: ['move'] }, rows: 80 })
    expect(hypotheses[0]?.predicts).toMatchObject({ criterion: 'right', where: { tool: ['move'] }, probability: 0.6 })
    expect(hypotheses[0]?.note).toMatch(
      /^\d+ of 60 items with tool = move fail right, \d+ % of all do; most often wrong-argument/,
    )
  })

  test('at two tags together where they fail and each alone does not', () => {
    const { parts } = analyse(({ tool, phrasing }) => (tool === 'move' && phrasing === 'indirect' ? 0.95 : 0.05))
    expect(parts[0]?.where).toEqual({ tool: ['move'], phrasing: ['indirect'] })
  })

  test('at nothing where nothing fails, and seldom where little fails and chance alone stands out', () => {
    expect(analyse(() => 0).parts).toEqual([])
    const aimed = Array.from({ length: 25 }, (_, seed) => analyse(() => 0.1, { seed }).parts.length > 0)
    expect(aimed.filter(Boolean).length).toBeLessThanOrEqual(25 * 0.25)
  })

  test('at everything by its tags where all fails, but never at a tag that every item has', () => {
    const { parts, hypotheses } = analyse(() => 0.95)
    expect(parts.length).toBeGreaterThan(1)
    expect(hypotheses.flatMap(({ part }) => Object.keys(part.where))).not.toContain('all')
  })

  test('once at each failure, though several criteria count it', () => {
    const { hypotheses } = analyse(({ tool }) => (tool === 'move' ? 0.8 : 0.05), {
      names: ['right', 'tool', 'arguments'],
    })
    const evidence = hypotheses.flatMap((hypothesis) => hypothesis.evidence)
    expect(new Set(evidence).size).toBe(evidence.length)
  })

  test('not at a tag that fails on few items or in few families', () => {
    const rows = [
      ...gradedRows(30, 4, () => ({ tags: { tool: ['read'] }, marks: { right: 'pass' } })),
      ...Array.from({ length: 12 }, (_, at) =>
        gradedRow({ id: `m${at}`, family: `m${at % 2}`, tags: { tool: ['move'] }, marks: { right: 'fail' } }),
      ),
    ]
    const report = failureReport(rows, dimensions, [{ name: 'right' }])
    expect(statisticalAnalyst({ report, dimensions, loop, history: [], seed: 1 }).parts).toEqual([])
  })

  test('not at a tag that is no longer declared', () => {
    const { report } = analyse(({ tool }) => (tool === 'move' ? 0.8 : 0.1))
    const fewer = { tool: ['read', 'write', 'list'], phrasing: ['direct', 'indirect'] }
    const { parts } = statisticalAnalyst({ report, dimensions: fewer, loop, history: [], seed: 1 })
    expect(JSON.stringify(parts)).not.toContain('move')
  })
})

test('the same report, history and seed give the same spec', () => {
  const once = analyse(({ tool }) => (tool === 'read' ? 0.6 : 0.3), { seed: 4 })
  const again = analyse(({ tool }) => (tool === 'read' ? 0.6 : 0.3), { seed: 4 })
  expect(again.hypotheses).toEqual(once.hypotheses)
})

test('every spec stays inside its bounds', () => {
  const chances = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 })
  const anyLoop = fc.record({
    rows: fc.integer({ min: 0, max: 300 }),
    uniform: fc.double({ min: 0, max: 1, noNaN: true }),
    maxShare: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(chances, anyLoop, fc.integer(), (chance, of, seed) => {
      const { parts, hypotheses, report } = analyse(
        ({ tool, phrasing }) => chance[tools.indexOf(tool) * 2 + (phrasing === 'direct' ? 0 : 1)]!,
        { loop: of, seed },
      )
      const failing = new Map(report.failing.map((item) => [item.id, item]))
      expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBeLessThanOrEqual(of.rows)
      expect(hypotheses.length).toBeLessThanOrEqual(10)
      const round = of.uniform < 1 ? Math.round(of.rows / (1 - of.uniform)) : of.rows
      for (const [tag, rows] of rowsByTag(parts)) expect([tag, rows <= of.maxShare * round]).toEqual([tag, true])
      for (const { evidence, part, predicts, note } of hypotheses) {
        expect(part.rows).toBeGreaterThan(0)
        expect(evidence.length).toBeGreaterThanOrEqual(5)
        expect(new Set(evidence.map((id) => failing.get(id)?.family)).size).toBeGreaterThanOrEqual(3)
        expect(predicts.points > 0 && predicts.points <= 1).toBe(true)
        expect(predicts.probability > 0 && predicts.probability < 1).toBe(true)
        expect(note.length).toBeLessThanOrEqual(300)
      }
    }),
    { numRuns: 60 },
  )
})

const rowsByTag = (parts: readonly { where: Tags; rows: number }[]) => {
  const rows = new Map<string, number>()
  for (const part of parts)
    for (const [dimension, values] of Object.entries(part.where))
      rows.set(`${dimension}=${values.join()}`, (rows.get(`${dimension}=${values.join()}`) ?? 0) + part.rows)
  return rows
}

test('a uniform spec is one part that names no tag', () => {
  expect(uniformSpec({ rows: 200, seed: 7 })).toEqual({ seed: 7, split: 'train', parts: [{ where: {}, rows: 200 }] })
  expect(uniformSpec({ rows: 60, seed: 7, split: 'dev' }).split).toBe('dev')
  expect(uniformParts(0)).toEqual([])
})
