import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { isSameCall } from '../../src/core/anchors.ts'
import type { SftRow } from '../../src/graph/check-items.ts'
import type { Deps } from '../../src/graph/deps.ts'
import { pairsOf } from '../../src/graph/make-pairs.ts'
import { toolCalling } from '../../src/plugins/tool-calling/index.ts'
import { defined, itemsOf, sixTools } from '../../src/plugins/tool-calling/test-support.ts'

/** 120 pairs of named mistakes, for a student that made none itself. */
const made = async (pairs: 'all' | 'moves') => {
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
  return pairsOf([], items, golds, { definition } as Parameters<typeof pairsOf>[3], 2, deps)
}

test('pairs are about the arguments of the right tool too, and about moves alone where the config says so', async () => {
  const [all, moves] = [await made('all'), await made('moves')]
  expect([all.length, moves.length]).toEqual([120, 120])
  expect(all.filter(isSameCall).length).toBeGreaterThan(10)
  expect(moves.filter(isSameCall)).toEqual([])
})
