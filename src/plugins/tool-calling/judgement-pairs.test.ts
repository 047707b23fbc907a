import { expect, test } from 'vitest'
import { anchorsOf, directionsOf, interleave, lintPairs, type Pair } from '../../skill.ts'
import { toolCalling } from './index.ts'
import { defined, itemsOf, sixTools } from './test-support.ts'

test('a student that makes no mistake still leaves 240 rows: both halves of each judgement, and no surface that tells the label', async () => {
  const definition = await defined({ only: sixTools })
  const groups: Pair[][] = []
  for (const item of await itemsOf(definition, 'train', 400)) {
    const { messages, tools } = toolCalling.begin(item, definition)
    const gold = toolCalling.gold(item, messages, definition)!
    groups.push(
      toolCalling.mistakes
        .filter(({ fails }) => fails !== toolCalling.format)
        .flatMap(({ name, apply }) => {
          const made = apply(item, [...messages, gold], definition, 1)
          return made ? [{ id: item.id, prompt: messages, tools, good: gold, bad: made.turn, source: name }] : []
        }),
    )
  }
  const fails = new Map(toolCalling.mistakes.map((mistake) => [mistake.name, mistake.fails]))
  const chosen = anchorsOf(groups, { wanted: 120, failsOf: (source) => fails.get(source) ?? source })
  const rows = interleave(chosen)
  expect(rows).toHaveLength(240)
  expect(directionsOf(chosen)).toEqual({ act: 36, 'hold-back': 36, say: 12, how: 36 })
  // acting, asking, declining and destroying nothing are each taught, several times
  for (const criterion of ['full-call', 'asks-back', 'declines', 'restraint', 'arguments'])
    expect(chosen.filter(({ source }) => fails.get(source) === criterion).length).toBeGreaterThan(9)
  const common = [...sourcesOf(groups.flat())].filter(([, count]) => count >= 100).map(([source]) => source)
  expect(common.length).toBeGreaterThan(12)
  expect(common.filter((source) => !sourcesOf(chosen).has(source))).toEqual([])
  const { form, length, warnings } = lintPairs(rows)
  expect([form, warnings]).toEqual([0.5, []])
  expect(length).toBeLessThan(0.7)
})

const sourcesOf = (pairs: readonly Pair[]) => {
  const counts = new Map<string, number>()
  for (const { source } of pairs) counts.set(source, (counts.get(source) ?? 0) + 1)
  return counts
}
