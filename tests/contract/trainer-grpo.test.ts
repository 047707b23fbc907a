/** The real GRPO trainer on a model of a few thousand weights, with the real environments of a skill behind the real reward server. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ItemBase } from '../../src/core/contract.ts'
import { pythonEnv, trainerScript } from '../../src/core/python.ts'
import { pythonEnvironment, runChild } from '../../src/core/python-run.ts'
import { type RewardServer, startRewardServer } from '../../src/core/reward-server.ts'
import { agenticSearch as plugin } from '../../src/plugins/agentic-search/index.ts'

let folder: string
let python: string
let definition: Parameters<typeof plugin.begin>[1]
const items: ItemBase[] = []
const signal = new AbortController().signal
const steps = 5
const episodes = 2 // of a step

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'whet-grpo-'))
  python = (await pythonEnv()).python
  const make = [
    'import sys; sys.path[:0] = sys.argv[1:3]',
    'from pathlib import Path; from tiny import make_adapter, make_tiny',
    'make_adapter(Path(sys.argv[4]), make_tiny(Path(sys.argv[3])))',
  ].join('\n')
  const paths = [trainerScript(''), trainerScript('tests'), join(folder, 'tiny'), join(folder, 'adapter')]
  const { failed, tail } = await runChild([python, '-c', make, ...paths])
  if (failed) throw new Error(tail)
  process.env.WHETSTONE_HOME_KEPT = process.env.WHETSTONE_HOME ?? ''
  process.env.WHETSTONE_HOME = join(folder, 'home')
  const context = { baseDir: folder, signal, progress: () => {} }
  definition = await plugin.define(plugin.options.parse({ corpus: { facts: 60 }, results: 1, maxSteps: 2 }), context)
  for await (const item of plugin.generate(
    { seed: 1, split: 'train', parts: [{ where: {}, rows: 4 }] },
    definition,
    context,
  ))
    items.push(item)
  const out = join(folder, 'train')
  mkdirSync(out)
  writeFileSync(join(folder, 'rows.jsonl'), items.map(({ id }) => `${JSON.stringify({ id })}\n`).join(''))
  const params = {
    steps,
    prompts: 1,
    generations: episodes,
    maxTokens: 1500,
    maxReplyTokens: 6,
    quality: 'right',
    timeoutSeconds: 60,
  }
  const job = {
    kind: 'grpo',
    base: join(folder, 'tiny'),
    adapter: join(folder, 'adapter'),
    rows: join(folder, 'rows.jsonl'),
    out,
    seed: 3,
    device: 'cpu',
    params,
  }
  writeFileSync(join(out, 'job.json'), JSON.stringify(job))
}, 600_000)
afterAll(async () => {
  await plugin.dispose?.()
  if (process.env.WHETSTONE_HOME_KEPT) process.env.WHETSTONE_HOME = process.env.WHETSTONE_HOME_KEPT
  else delete process.env.WHETSTONE_HOME
  delete process.env.WHETSTONE_HOME_KEPT
  rmSync(folder, { recursive: true, force: true })
})

/** @param lives episodes that are graded before the server goes away in the middle of a request */
const serve = async (lives = Number.POSITIVE_INFINITY): Promise<RewardServer> => {
  let graded = 0
  const counted: typeof plugin = {
    ...plugin,
    grade: async (...given) => {
      graded += 1
      if (graded > lives) void server.close()
      return plugin.grade(...given)
    },
  }
  const options = { plugin: counted, definition, items, scratch: join(folder, 'scratch'), signal }
  const server = await startRewardServer(options)
  writeFileSync(join(folder, 'train', 'reward.json'), JSON.stringify({ url: server.url, token: server.token }))
  return server
}
const train = () =>
  execa(python, [trainerScript('grpo.py'), join(folder, 'train', 'job.json')], {
    env: pythonEnvironment(),
    extendEnv: false,
    reject: false,
  })
const events = () =>
  readFileSync(join(folder, 'train', 'events.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { step: number; reward: number; criteria: Record<string, number>; episodes: number }) // biome-ignore format: one read

test('learns from graded episodes, stops with a checkpoint when the environments are gone, and goes on with others', async () => {
  await serve(2 * episodes)
  const stopped = await train()
  expect(stopped.stderr.split('\n').at(-1)).toContain('environments-gone')
  expect(stopped.exitCode).toBe(143)
  expect(events().map(({ step }) => step)).toEqual([1, 2])

  const second = await serve()
  const done = await train()
  await second.close()
  expect([done.exitCode, done.stderr.slice(-2000)]).toEqual([0, expect.anything()])
  const result = JSON.parse(readFileSync(join(folder, 'train', 'result.json'), 'utf8')) as {
    steps: number
    adapter: string
  }
  expect(result.steps).toBe(steps)
  expect(events().map(({ step }) => step)).toEqual([1, 2, 3, 4, 5])
  for (const { reward, criteria, episodes: played } of events()) {
    expect(reward).toBeGreaterThanOrEqual(0)
    expect(criteria).toHaveProperty('format')
    expect(played).toBe(episodes)
  }
}, 600_000)
