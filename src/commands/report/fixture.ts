/** A small run made by hand: base and one promoted round, its numbers easy to check by eye. For tests only. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Grade, Transcript } from '../../core/contract.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { writeJson, writeJsonl } from '../../core/jsonl.ts'
import type { MeasuredRate, TagRate } from '../../core/rates.ts'
import type { RoundSummary } from '../../core/round.ts'
import { type RunFiles, Workspace } from '../../core/workspace.ts'

export const run = 'tool-calling-20261122-2101-ab12'

const rate = (of: string, passes: number, n: number, low: number, high: number, pass: number): MeasuredRate => ({
  of,
  measure: 'pass-rate',
  passes,
  n,
  rate: passes / n,
  interval: { low, high },
  status: passes / n >= pass ? 'pass' : passes / n >= pass - 0.1 ? 'warn' : 'fail',
  target: { pass, warn: pass - 0.1 },
  unscored: 0,
})
const unmeasured = (of: string): MeasuredRate => ({
  ...{ of, measure: 'pass-rate', passes: 0, n: 0, status: 'no-data', target: { pass: 0.9, warn: 0.8 }, unscored: 0 },
})
const tag = (dimension: string, value: string, passes: number, n: number): TagRate => ({
  criterion: 'full-call',
  where: { [dimension]: [value] },
  passes,
  n,
  rate: passes / n,
})

export const grade = (passed: boolean, reason = 'ok'): Grade => ({
  score: passed ? 1 : 0,
  criteria: { 'full-call': { status: passed ? 'pass' : 'fail', score: passed ? 1 : 0, reason } },
  failures: passed ? [] : ['wrong-argument'],
})
export const row = (id: string, kind: string, reply: string, graded: Grade): EvaluationRow => ({
  item: { id, family: `family-${id}`, tags: { kind: [kind] } },
  transcript: [
    { role: 'system', content: 'the tools' },
    { role: 'user', content: `please serve ${id}` },
    { role: 'assistant', content: reply },
  ] satisfies Transcript,
  grade: graded,
  ms: 1,
  tokens: { prompt: 1, completion: 1 },
})

const noRows = { made: 0, rejected: 0, duplicates: 0, leaked: 0, accepted: 0, replayed: 0, trained: 0 }
export const base: RoundSummary = {
  round: 0,
  parts: [],
  hypotheses: [],
  predictions: [],
  rows: noRows,
  rates: {
    dev: [rate('full-call', 0, 4, 0, 0.5, 0.65)],
    gate: [
      rate('full-call', 6, 120, 0.023, 0.105, 0.65),
      rate('tool', 12, 120, 0.058, 0.167, 0.8),
      unmeasured('asks-back'),
    ],
  },
  tags: {
    dev: [],
    gate: [
      tag('kind', 'call', 2, 40),
      tag('kind', 'ask', 4, 40),
      tag('kind', 'decline', 0, 40),
      tag('tool', 'rare', 0, 4),
    ],
  },
  best: 0,
  unscored: { dev: 0, gate: 0 },
  seconds: { define: 14, evaluate: 101 },
  at: '2026-11-22T21:04:00.000Z',
}
const predicts = { criterion: 'full-call', where: { kind: ['call'] }, points: 0.2, probability: 0.7 }
export const first: RoundSummary = {
  ...base,
  round: 1,
  author: 'statistical',
  parts: [{ where: { kind: ['call'] }, rows: 80 }],
  hypotheses: [
    {
      evidence: ['dev-a', 'dev-b'],
      part: { where: { kind: ['call'] }, rows: 80 },
      stage: 'sft',
      predicts,
      note: 'calls fail',
    },
  ],
  predictions: [
    {
      ...predicts,
      predicted: 0.2,
      before: { passes: 0, n: 2 },
      after: { passes: 1, n: 2 },
      moved: 0.5,
      hit: true,
      brier: 0.09,
    },
  ],
  rows: { made: 231, rejected: 3, duplicates: 22, leaked: 5, accepted: 201, replayed: 60, trained: 261 },
  train: {
    ...{ kind: 'sft', adapter: 'train/adapter', steps: 120, tokens: 60_000, seconds: 300, finalLoss: 0.21 },
    versions: { torch: '2.9.1' },
  },
  rates: {
    dev: [rate('full-call', 2, 4, 0.15, 0.85, 0.65)],
    gate: [
      rate('full-call', 84, 120, 0.613, 0.775, 0.65),
      rate('tool', 90, 120, 0.665, 0.819, 0.8),
      unmeasured('asks-back'),
    ],
  },
  tags: {
    dev: [],
    gate: [
      tag('kind', 'call', 32, 40),
      tag('kind', 'ask', 16, 40),
      tag('kind', 'decline', 8, 40),
      tag('tool', 'rare', 4, 4),
    ],
  },
  verdict: {
    ...{
      verdict: 'promote',
      reason: 'full-call rose by 65.0 points',
      alpha: 0.025,
      k: 1,
      formatHolds: false,
      notApplicable: 0,
    },
    unscored: { candidate: 0, incumbent: 0, both: 0 },
    errors: { candidate: 0, incumbent: 0 },
    primary: {
      ...{
        of: 'full-call',
        difference: 0.65,
        low: 0.55,
        high: 0.75,
        p: 0.00001,
        families: 40,
        rows: 120,
        losses: 2,
        gains: 80,
      },
      ...{ mcnemar: 0.00001, smallestDetectable: 0.2114, candidateRate: 0.7, incumbentRate: 0.05 },
    },
    protected: [
      {
        ...{ of: 'tool', rule: 'margin', status: 'ok', margin: 0.08, floor: 0.2, n: 120, families: 40 },
        ...{ difference: 0.65, low: 0.5, high: 0.8, candidateRate: 0.75, incumbentRate: 0.1 },
      },
    ],
  },
  best: 1,
  seconds: { generate: 1, validate: 3, train: 300, evaluate: 96 },
}

export const writeRound = async (files: RunFiles, summary: RoundSummary, dev: readonly EvaluationRow[]) => {
  const round = files.round(summary.round)
  await writeJson(round.summary, summary)
  await writeJsonl(round.evaluation('dev'), dev)
  await writeJsonl(round.evaluation('gate'), [
    row('gate-SECRET', 'call', 'gate-SECRET reply', grade(false, 'gate-SECRET reason')),
  ])
}
export const baseRows = ['dev-a', 'dev-b', 'dev-c'].map((id) =>
  row(id, 'call', `base prose for ${id}`, grade(false, 'no call')),
)
export const firstRows = [
  row('dev-a', 'call', 'read_file {"path":"a"}', grade(true)),
  row('dev-b', 'call', 'read_file {"path":"x"}', grade(false, 'path is "x"')),
  row('dev-c', 'call', 'read_file {"path":"c"}', grade(true)),
]

/** Writes the run into a new workspace. Whatever must never be shown holds the word SECRET. */
export const makeRun = async (): Promise<{ workspace: Workspace; files: RunFiles }> => {
  const workspace = new Workspace(path.join(await mkdtemp(path.join(tmpdir(), 'whet-report-')), '.whetstone'))
  const files = workspace.run(run)
  await writeJson(files.frozen, {
    ...{ skill: 'tool-calling', definition: { secret: 'large' }, definitionSha256: 'd'.repeat(64), seed: 7 },
    base: { dir: '/models/base', sha256: 'b'.repeat(64) },
    items: { dev: 4, gate: 120, sealed: 120 },
    families: { dev: 4, gate: 40, sealed: 41 },
    at: '2026-11-22T21:01:00.000Z',
  })
  await writeFile(files.config, 'skill: tool-calling\n')
  for (const split of ['gate', 'sealed'] as const)
    await writeJsonl(files.split(split), [{ id: `${split}-SECRET`, family: 'f', tags: {} }])
  await writeRound(files, base, baseRows)
  await writeRound(files, first, firstRows)
  await writeJsonl(files.round(1).rejected, [
    { reasons: ['path "a" is wrong'] },
    { reasons: ['path "b" is wrong'] },
    { reasons: ['no tool'] },
  ])
  return { workspace, files }
}
