import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { isSameCall } from '../../src/core/anchors.ts'
import type { EvaluationRow } from '../../src/core/evaluation.ts'
import type { SftRow } from '../../src/graph/check-items.ts'
import type { Deps } from '../../src/graph/deps.ts'
import { pairsOf } from '../../src/graph/make-pairs.ts'
import { toolCalling } from '../../src/plugins/tool-calling/index.ts'
import { defined, itemsOf, sixTools } from '../../src/plugins/tool-calling/test-support.ts'

/** 120 pairs, of a student that took wrong values in the calls of its first so many items; named mistakes fill them up. */
const made = async (pairs: 'all' | 'moves', practised: number) => {
  const definition = await defined({ only: sixTools })
  const items = await itemsOf(definition, 'train', 400)
  const golds = new Map(
    items.map((item) => {
      const { messages: prompt, tools } = toolCalling.begin(item, definition)
      const completion = [toolCalling.gold(item, prompt, definition)!]
      return [item.id, { id: item.id, prompt, completion, tools } as unknown as SftRow]
    }),
  )
  const nowhere = path.join(tmpdir(), 'whet-no-such-folder')
  const deps = {
    plugin: toolCalling,
    config: { seed: 1, train: { kto: { rows: 240, pairs } } },
    files: { round: () => ({ spec: path.join(nowhere, 'spec.json') }) },
    scratch: nowhere,
    signal: new AbortController().signal,
  } as unknown as Deps
  const altered = toolCalling.mistakes.find(({ name }) => name === 'altered-value')!
  const rows: EvaluationRow[] = []
  for (const item of items.slice(0, practised)) {
    const { prompt, completion } = golds.get(item.id)!
    const turn = altered.apply(item, [...prompt, ...completion], definition, 1)?.turn
    if (!turn) continue
    const transcript = [...prompt, turn]
    const grade = await toolCalling.grade(item, transcript, definition, { signal: deps.signal })
    rows.push({ item, transcript, grade } as unknown as EvaluationRow)
  }
  return pairsOf(rows, items, golds, { definition } as Parameters<typeof pairsOf>[3], 2, deps)
}

test.each([
  ['the student itself made', 60],
  ['are named', 0],
])('mistakes in arguments that %s are in a set, and in none that is about moves alone', async (_, practised) => {
  const [all, moves] = [await made('all', practised), await made('moves', practised)]
  expect([all.length, moves.length]).toEqual([120, 120])
  const own = all.filter(isSameCall).filter(({ source }) => (source === 'student') === practised > 0)
  expect(own.length).toBeGreaterThan(10)
  expect(moves.filter(isSameCall)).toEqual([])
})
