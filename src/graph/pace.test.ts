import { mkdtemp, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeJson } from '../core/jsonl.ts'
import { Workspace } from '../core/workspace.ts'
import { paceOf } from './pace.ts'

const workspaceWith = async (runs: Record<string, { config: string; rounds: object[] }>): Promise<Workspace> => {
  const workspace = Workspace.at(await mkdtemp(path.join(os.tmpdir(), 'whet-pace-')))
  await workspace.prepare()
  for (const [name, { config, rounds }] of Object.entries(runs)) {
    const files = workspace.run(name)
    for (const [n, round] of rounds.entries()) await writeJson(files.round(n).summary, round)
    await writeFile(files.config, config)
  }
  return workspace
}

const config = (skill: string) =>
  `skill: ${skill}\nstudent: { base: tiny }\nevaluation: { dev: 20, gate: 80 }\ntrain: { sft: { epochs: 2 } }\n`
const rounds = [
  { seconds: { evaluate: 90 }, rows: { trained: 0 } },
  { seconds: { generate: 2, validate: 3, train: 95, evaluate: 40 }, rows: { trained: 100 } },
  { seconds: { gate: 1 }, rows: { trained: 0 } },
]

const of = (base: string, maxTokens = 512) =>
  ({ skill: 'mine', student: { base, maxTokens } }) as Parameters<typeof paceOf>[1]

test('the pace is that of the newest run of the skill and base that has trained', async () => {
  const workspace = await workspaceWith({
    'mine-20260101-0000-aaaa': { config: config('mine'), rounds },
    'mine-20260102-0000-aaaa': { config: config('mine'), rounds: rounds.slice(0, 1) },
    'other-20260103-0000-aaaa': { config: config('other'), rounds },
    'mine-20260104-0000-aaaa': { config: ': broken', rounds },
  })
  expect(await paceOf(workspace, of('tiny'))).toEqual({
    baseReply: 0.9,
    reply: 0.4,
    row: 0.5,
    measured: 'mine-20260101-0000-aaaa',
  })
})

test('without such a run the pace is reckoned', async () => {
  const workspace = await workspaceWith({ 'mine-20260101-0000-aaaa': { config: config('mine'), rounds } })
  const pace = await paceOf(workspace, of('large'))
  expect(pace.measured).toBeUndefined()
  expect(pace.row).toBeGreaterThan(0)
})

test('rows and replies are reckoned longer where more tokens are allowed, measured ones shorter too where fewer are', async () => {
  const workspace = await workspaceWith({ 'mine-20260101-0000-aaaa': { config: config('mine'), rounds } })
  expect(await paceOf(workspace, of('tiny', 1024))).toMatchObject({ reply: 0.8, row: 1 })
  expect(await paceOf(workspace, of('tiny', 256))).toMatchObject({ reply: 0.2, row: 0.25 })
  const rowOf = async (maxTokens: number) => (await paceOf(workspace, of('large', maxTokens))).row
  expect((await rowOf(1024)) / (await rowOf(512))).toBeCloseTo(2, 9)
  expect(await rowOf(256)).toBe(await rowOf(512)) // nothing measured says that short rows are quick
})
