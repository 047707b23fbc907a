import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import type { AssistantTurn, Transcript } from '../../src/core/contract.ts'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import type { PreferenceRow } from '../../src/core/pairs.ts'
import type { Paired, RoundSummary } from '../../src/core/round.ts'
import { scriptedStudent } from '../../src/core/student.ts'
import type { TrainJob } from '../../src/core/trainer.ts'
import { type RunFiles, Workspace } from '../../src/core/workspace.ts'
import type { SftRow } from '../../src/graph/check-items.ts'
import { startRun } from '../../src/graph/engine.ts'
import { agenticSearch } from '../../src/plugins/agentic-search/index.ts'
import type { Item } from '../../src/plugins/agentic-search/item.ts'
import { playRewarded, type RewardedEpisode } from '../support/rewarded.ts'
import { toyTrainer } from '../support/toy.ts'

let dir: string
let files: RunFiles

/** Knows each question's item, so that a script can act like a student of any skill. */
const asked = new Map<string, Item>()
const plugin: typeof agenticSearch = {
  ...agenticSearch,
  begin(item, definition) {
    const opening = agenticSearch.begin(item, definition)
    asked.set(opening.messages[0]!.content, item)
    return opening
  },
}

/** Round 0 chats; round 1 searches, and makes an answer up where there is none; from round 2 on it searches well. */
const answer = (round: number, messages: Transcript): AssistantTurn => {
  const item = asked.get(messages[0]!.content)!
  const good = agenticSearch.gold(item, messages, { mode: 'live' } as never)
  if (round === 0 || !good) return { role: 'assistant', content: 'I think it was in 1900.' }
  if (round > 1 || good.toolCalls?.[0]?.name !== 'not_found') return good
  return { ...good, toolCalls: [{ ...good.toolCalls[0], name: 'answer', arguments: { text: '1900', citations: [] } }] }
}

/** Runs one of the shipped configs with scripted students; the trainer only writes down its jobs, and does what the test adds. */
const start = async (name: string, from?: { run: string; round: number }, onJob = async (_: TrainJob) => {}) => {
  const config = readFileSync(path.join(import.meta.dirname, '..', '..', 'configs', name), 'utf8')
  // one round of rewards, as the config's own command has it
  writeFileSync(path.join(dir, name), from ? config.replace('rounds: 3', 'rounds: 2') : config)
  const trainer = toyTrainer()
  const jobs: TrainJob[] = []
  const workspace = Workspace.at(dir)
  const { run } = await startRun({
    workspace,
    plugin,
    loaded: await loadConfig(path.join(dir, name), { plugins: { 'agentic-search': agenticSearch } }),
    machines: {
      trainer: {
        run: async (job, options) => {
          jobs.push(job)
          await onJob(job)
          return trainer.run(job, options)
        },
      },
      students: {
        base: async () => ({ dir: 'scripted', sha256: 'scripted' }),
        open: async ({ model }) => {
          const round = Number(/round-(\d+)/.exec(model)?.[1] ?? 0)
          return { student: scriptedStudent((messages) => answer(round, messages)), close: async () => {} }
        },
      },
    },
    ...(from && { from }),
  })
  return { run, jobs, files: workspace.run(run) }
}

let jobs: TrainJob[]
let first: string
beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-search-run-'))
  process.env.WHETSTONE_HOME = path.join(dir, 'home')
  const started = await start('agentic-search.yaml')
  ;[jobs, files, first] = [started.jobs, started.files, started.run]
}, 60_000)
afterAll(() => {
  delete process.env.WHETSTONE_HOME
  rmSync(dir, { recursive: true, force: true })
})

describe('the two-core config with a scripted student and trainer', () => {
  test('goes through every stage: searching first, then judgement, each round promoted', async () => {
    expect(jobs.map(({ kind }) => kind).slice(0, 2)).toEqual(['sft', 'kto'])
    const rounds = await Promise.all(
      [0, 1, 2].map(async (n) => (await readJson<RoundSummary>(files.round(n).summary))!),
    )
    expect(rounds.map(({ best }) => best)).toEqual([0, 1, 2])
    const rate = (n: number, of: string) => rounds[n]!.rates.gate.find((each) => each.of === of)?.rate
    expect([0, 1, 2].map((n) => rate(n, 'format'))).toEqual([0, 1, 1])
    expect([0, 1, 2].map((n) => rate(n, 'hit'))).toEqual([0, 1, 1])
    expect([0, 1, 2].map((n) => rate(n, 'not-found'))).toEqual([0, 0, 1])
    expect(rate(2, 'right')).toBe(1)
  })

  test('SFT learns whole searches: calls, results and the answer in one row', async () => {
    const { rows } = await readJsonl<SftRow>(files.round(1).sft)
    expect(rows.length).toBeGreaterThan(140)
    const roles = new Set(rows.map(({ completion }) => completion.map(({ role }) => role[0]).join('')))
    expect(roles).toContain('atata') // search, read, answer
    for (const { prompt, completion } of rows) {
      expect(prompt.map(({ role }) => role)).toEqual(['user'])
      expect(completion.at(-1)!.role).toBe('assistant')
    }
  })

  test('KTO learns from the turn that went wrong, after the search that led there', async () => {
    const rows = (await readJsonl<PreferenceRow>(files.round(2).kto)).rows.filter(({ source }) => source !== 'held')
    const { pairs, fromStudent } = (await readJson<Paired>(files.round(2).paired))!
    expect(rows).toHaveLength(2 * pairs)
    expect(rows.length).toBeLessThanOrEqual(160)
    expect(fromStudent).toBeGreaterThan(3)
    for (const { prompt, completion, label } of rows.filter(
      ({ id, source }) =>
        source === 'student' ||
        rows.some((other) => other.source === 'student' && other.id === id.replace('#good', '#bad')),
    )) {
      expect(prompt.at(-1)!.role).toBe('tool')
      expect(completion[0].toolCalls?.[0]?.name).toBe(label ? 'not_found' : 'answer')
    }
  })

  test('the questions of the gate stand on documents that no training row shows as gold', async () => {
    const gold = async (file: string) =>
      new Set((await readJsonl<Item>(file)).rows.flatMap(({ needs }) => needs.map(({ document }) => document)))
    const trained = await gold(files.round(1).items)
    for (const document of await gold(files.split('gate'))) expect(trained.has(document)).toBe(false)
  })
})

test('the config of rewards goes on from a round whose form holds: episodes are played, executed and graded for the trainer', async () => {
  const ends: RewardedEpisode[] = []
  const rewarded = await start('agentic-search-grpo.yaml', { run: first, round: 1 }, async (job) => {
    const server = (await readJson<{ url: string; token: string }>(path.join(job.out, 'reward.json')))!
    const items = (await readJsonl<{ id: string }>(job.rows)).rows.map(({ id }) => id).slice(0, 8)
    ends.push(...(await playRewarded(server, items, (messages) => answer(2, messages))))
  })
  expect(rewarded.jobs[0]).toMatchObject({
    kind: 'grpo',
    adapter: expect.stringMatching(/round-01/),
    params: { steps: 20, prompts: 2, generations: 4, quality: 'right', maxReplyTokens: 64, maxTokens: 464 },
  })
  expect(ends.length).toBeGreaterThan(3)
  expect(ends.every(({ reward }) => reward === 1)).toBe(true)
  expect(ends.map(({ ending }) => ending)).toContain('not_found')
}, 60_000)
