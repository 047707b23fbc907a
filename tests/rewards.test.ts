import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnySkill, ItemBase, Transcript } from '../src/core/contract.ts'
import { startRewardServer } from '../src/core/reward-server.ts'
import { plugins } from '../src/plugins/index.ts'
import { playRewarded } from './support/rewarded.ts'

let dir: string
const { signal } = new AbortController()
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-rewards-'))
  process.env.WHETSTONE_HOME = path.join(dir, 'home')
})
afterAll(async () => {
  for (const plugin of Object.values(plugins)) await plugin.dispose?.()
  delete process.env.WHETSTONE_HOME
  rmSync(dir, { recursive: true, force: true })
})

/** The gold, said in a student's words to the reward server: whatever GRPO learns on, the best of it earns the whole reward. */
test.each<[string, unknown]>([
  ['tool-calling', { tools: { vault: true }, scenarios: { files: ['vault'] } }],
  ['essay-style', { contract: 'default' }],
  ['agentic-search', { corpus: { facts: 60 } }],
])('rewards of %s: the gold earns all of it, silence next to none', async (name, options) => {
  const plugin = plugins[name] as AnySkill
  const context = { baseDir: dir, signal, progress: () => {} }
  const definition = await plugin.define(plugin.options.parse(options), context)
  const items = new Map<string, ItemBase>()
  const spec = { seed: 2, split: 'train' as const, parts: [{ where: {}, rows: 6 }] }
  for await (const item of plugin.generate(spec, definition, context)) items.set(item.id, item)
  const server = await startRewardServer({ plugin, definition, items: [...items.values()], scratch: dir, signal })
  try {
    const play = (next: Parameters<typeof playRewarded>[2]) => playRewarded(server, [...items.keys()], next)
    const gold = (soFar: Transcript, id: string) =>
      plugin.gold(items.get(id), soFar, definition) ?? { role: 'assistant' as const, content: 'Done.' }
    for (const { reward } of await play(gold)) expect(reward).toBeCloseTo(1, 6)
    for (const { reward } of await play(() => ({ role: 'assistant', content: '' }))) expect(reward).toBeLessThan(0.35)
  } finally {
    await server.close()
  }
})
