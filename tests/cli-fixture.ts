import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { runCli } from '../src/cli/cli.ts'
import type { Hypothesis, Target } from '../src/core/contract.ts'
import type { EvaluationRow } from '../src/core/evaluation.ts'
import { writeJson, writeJsonl } from '../src/core/jsonl.ts'
import { measure, ratesByTag } from '../src/core/rates.ts'
import type { RoundSummary } from '../src/core/round.ts'
import { RunStore } from '../src/core/store.ts'
import { type RunFiles, Workspace } from '../src/core/workspace.ts'

/** A folder that is gone after the test. */
export const folder = async (): Promise<string> => {
  const dir = await mkdtemp(path.join(tmpdir(), 'whet-cli-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))
  return dir
}

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `whet ...` in this process, in a pipe: no terminal, no colours. */
export const whet = async (cwd: string, words: readonly string[], options: { stdin?: string } = {}): Promise<Said> => {
  const written = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk
        done()
      },
    })
  const io = { stdin: Readable.from([options.stdin ?? '']), stdout: sink('stdout'), stderr: sink('stderr') }
  const code = await runCli(words, { ...io, env: {}, cwd: () => cwd })
  return { code, ...written }
}

const targets: readonly Target[] = [
  { of: 'full-call', measure: 'pass-rate', pass: 0.8, warn: 0.6 },
  { of: 'asks', measure: 'pass-rate', where: { kind: ['ask'] }, pass: 0.6, warn: 0.4 },
]
const dimensions = { kind: ['call', 'ask'] }

/** 40 items in 20 families, half of them of kind `ask`; `passing` says how many of each kind pass. */
const rowsOf = (passing: { call: number; ask: number }): EvaluationRow[] =>
  Array.from({ length: 40 }, (_, index) => {
    const kind = index % 2 === 0 ? 'call' : 'ask'
    const pass = Math.floor(index / 2) < passing[kind]
    const verdict = { status: pass ? 'pass' : 'fail', score: pass ? 1 : 0, reason: 'scripted' } as const
    const asks = kind === 'ask' ? verdict : ({ status: 'not-applicable' } as const)
    return {
      item: { id: `item-${index}`, family: `family-${kind}-${Math.floor(index / 4)}`, tags: { kind: [kind] } },
      transcript: [
        { role: 'user', content: 'secret of the gate' },
        { role: 'assistant', content: 'reply' },
      ],
      grade: { score: verdict.score, criteria: { 'full-call': verdict, asks }, failures: pass ? [] : ['wrong'] },
      ms: 5,
      tokens: { prompt: 10, completion: 5 },
    }
  })

export interface RoundPlan {
  readonly call: number
  readonly ask: number
  readonly best: number
  readonly aims?: boolean
}

/** A run as the engine leaves it: rounds with replies, summaries and weights, and its log. */
export const makeRun = async (root: string, name: string, rounds: readonly RoundPlan[]): Promise<RunFiles> => {
  const workspace = new Workspace(path.join(root, '.whetstone'))
  await workspace.prepare()
  const files = workspace.run(name)
  for (const [round, plan] of rounds.entries()) await makeRound(files, round, plan)
  const store = RunStore.open(files.database)
  store.append({ run: name, type: 'run.started', data: { skill: 'scripted', config: 'f'.repeat(64) } })
  store.append({ run: name, round: 0, stage: 'evaluate', type: 'stage.started', data: {} })
  store.append({ run: name, round: 0, stage: 'evaluate', type: 'stage.finished', data: { ms: 1000 } })
  const best = rounds.at(-1)?.best ?? 0
  store.append({ run: name, type: 'run.finished', data: { reason: 'rounds', best, targets: [] } })
  store.close()
  return files
}

const makeRound = async (files: RunFiles, round: number, plan: RoundPlan): Promise<void> => {
  const place = files.round(round)
  const rows = rowsOf(plan)
  const rates = measure(rows, targets)
  const tags = ratesByTag(rows, dimensions, [{ name: 'full-call' }])
  const summary: RoundSummary = {
    round,
    ...(round > 0 && { author: plan.aims ? 'statistical' : 'uniform' }),
    parts: [],
    hypotheses: plan.aims ? [hypothesis] : [],
    predictions: [],
    rows: { made: 0, rejected: 0, duplicates: 0, leaked: 0, accepted: 20, replayed: 0, trained: round > 0 ? 20 : 0 },
    rates: { dev: rates, gate: rates },
    tags: { dev: tags, gate: tags },
    best: plan.best,
    unscored: { dev: 0, gate: 0 },
    seconds: { evaluate: 1 },
    at: '2026-11-22T21:01:00.000Z',
  }
  await mkdir(path.join(place.train, 'adapter'), { recursive: true })
  await writeFile(path.join(place.train, 'adapter', 'weights'), 'w'.repeat(5000))
  await writeFile(path.join(place.train, 'result.json'), '{}')
  await writeFile(place.model, 'm'.repeat(3000))
  for (const split of ['dev', 'gate'] as const) await writeJsonl(place.evaluation(split), rows)
  await writeJson(place.summary, summary)
}

const hypothesis: Hypothesis = {
  evidence: ['item-1'],
  part: { where: { kind: ['ask'] }, rows: 10 },
  stage: 'sft',
  predicts: { criterion: 'full-call', where: { kind: ['ask'] }, points: 0.2, probability: 0.7 },
  note: 'scripted',
}
