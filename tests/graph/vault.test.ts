import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import type { AssistantTurn, Transcript } from '../../src/core/contract.ts'
import type { EvaluationRow } from '../../src/core/evaluation.ts'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import type { PreferenceRow } from '../../src/core/pairs.ts'
import type { RoundSummary } from '../../src/core/round.ts'
import { scriptedStudent } from '../../src/core/student.ts'
import type { TrainJob } from '../../src/core/trainer.ts'
import { type RunFiles, Workspace } from '../../src/core/workspace.ts'
import type { SftRow } from '../../src/graph/check-items.ts'
import { startRun } from '../../src/graph/engine.ts'
import { toolCalling } from '../../src/plugins/tool-calling/index.ts'
import { toyTrainer } from '../support/toy.ts'

type Item = Parameters<typeof toolCalling.gold>[0]

const dir = mkdtempSync(path.join(tmpdir(), 'whet-vault-'))
const jobs: TrainJob[] = []
let files: RunFiles
let summaries: (RoundSummary | undefined)[] = []

const repeatsAfterError = (messages: Transcript, gold: AssistantTurn): AssistantTurn => {
  const last = messages.at(-1)
  const before = messages.findLast((message) => message.role === 'assistant')
  return last?.role === 'tool' && last.isError && before?.role === 'assistant' ? before : gold
}

/** The untouched student talks, the first trained one repeats what failed, the second one does what is right. */
const answerOf = async (round: number, messages: Transcript): Promise<AssistantTurn> => {
  if (round === 0) return { role: 'assistant', content: 'I like notes.' }
  const { definition } = (await readJson<{ definition: Parameters<typeof toolCalling.gold>[2] }>(files.frozen))!
  const request = messages.find(({ role }) => role === 'user')?.content
  const item = (await itemsByRequest()).get(`${messages[0]?.content}\n${request}`)
  const gold = item && toolCalling.gold(item, messages, definition)
  if (!gold) return { role: 'assistant', content: 'Done.' }
  return round === 1 ? repeatsAfterError(messages, gold) : gold
}

const known = new Map<string, Item>()
const itemsByRequest = async (): Promise<Map<string, Item>> => {
  const sources = [...(['dev', 'gate'] as const).map((split) => files.split(split)), files.round(2).items]
  if (known.size < 1 || !(await readJson(files.round(2).paired)))
    for (const source of sources)
      for (const item of (await readJsonl<Extract<Item, { kind: 'steps' }>>(source)).rows)
        known.set(`${system(item)}\n${item.request}`, item)
  return known
}

const system = ({ session }: Extract<Item, { kind: 'steps' }>) =>
  `Every call carries this session in its context. sessionId: ${session?.sessionId} workspaceId: ${session?.workspaceId} (${session?.workspace})`

beforeAll(async () => {
  const loaded = await loadConfig(path.join(import.meta.dirname, '../../configs/vault.yaml'))
  const evaluation = { dev: 40, gate: 60, sealed: 10 }
  const loop = { ...loaded.config.loop, rounds: 2, rows: 60 }
  const train = { ...loaded.config.train, kto: { ...loaded.config.train.kto, practice: 30 } }
  const workspace = Workspace.at(dir)
  const trainer = toyTrainer()
  const outcome = await startRun({
    workspace,
    loaded: { ...loaded, config: { ...loaded.config, evaluation, loop, train } },
    machines: {
      trainer: {
        run: (job, options) => {
          jobs.push(job)
          return trainer.run(job, options)
        },
      },
      students: {
        base: async () => ({ dir: 'toy', sha256: 'toy' }),
        open: async ({ model }) => {
          files = workspace.run((await workspace.runs())[0]!)
          const round = Number(/round-(\d+)/.exec(model)?.[1] ?? 0)
          return { student: scriptedStudent((messages) => answerOf(round, messages)), close: async () => {} }
        },
      },
    },
  })
  files = workspace.run(outcome.run)
  summaries = await Promise.all([0, 1, 2].map((round) => readJson<RoundSummary>(files.round(round).summary)))
}, 60_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const rateOf = (round: number, name: string) => summaries[round]?.rates.gate.find(({ of }) => of === name)?.rate

describe('a run in the vault', () => {
  test('teaches form by whole episodes first, then judgement by pairs', () => {
    expect(jobs.map(({ kind }) => kind)).toEqual(['sft', 'kto'])
  })

  test('has an end-state success before and after, which rises', () => {
    expect(rateOf(0, 'goal')).toBe(0)
    expect(rateOf(1, 'goal')).toBeGreaterThan(0.3)
    expect(rateOf(2, 'goal')).toBe(1)
  })

  test('shows recovery from errors', () => {
    expect(rateOf(1, 'recovers')).toBe(0)
    expect(rateOf(2, 'recovers')).toBe(1)
  })

  test('trains one row an episode, which holds every turn of the assistant and the answers between them', async () => {
    const { rows } = await readJsonl<SftRow>(files.round(1).sft)
    for (const { prompt, completion } of rows) {
      expect(prompt.map(({ role }) => role)).toEqual(['system', 'user'])
      expect(completion.filter(({ role }) => role === 'assistant')).toHaveLength(4)
      expect([completion[0]?.role, completion[1]?.role, completion.at(-1)?.role]).not.toContain('system')
    }
    expect(rows.length).toBeGreaterThan(30)
  })

  test('pairs the turn that went wrong with the gold of the same moment, one row a turn', async () => {
    const { rows } = await readJsonl<PreferenceRow>(files.round(2).kto)
    const own = rows.filter(({ source }) => source === 'student')
    expect(own.length).toBeGreaterThan(3)
    for (const { prompt, completion } of own) {
      // the repeated call stands behind the error that it ignores
      expect(prompt.at(-1)).toMatchObject({ role: 'tool', isError: true })
      expect(completion).toHaveLength(1)
    }
    const good = rows.find(({ label, prompt }) => label && JSON.stringify(prompt) === JSON.stringify(own[0]?.prompt))
    expect(good?.source).toBe('gold')
    expect(good?.completion).not.toEqual(own[0]?.completion)
  })

  test('all four kinds of trouble are in its evaluation', async () => {
    const { rows } = await readJsonl<EvaluationRow>(files.round(2).evaluation('gate'))
    const troubles = new Set(rows.flatMap(({ item }) => item.tags.trouble ?? []))
    expect([...troubles].sort()).toEqual(['invalid-argument', 'none', 'not-found', 'permission', 'time-out'])
  })
})
