import pc from 'picocolors'
import { expect, test } from 'vitest'
import type { NewEvent, RunEvent } from '../core/events.ts'
import { advance, liveLine, noProgress, type Progress } from './progress.ts'

const colors = pc.createColors(false)
const start = Date.parse('2026-11-22T21:00:00Z')

type Told = NewEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'run'> & { second?: number }
    : never
  : never

/** The lines that stay, and what is known at the end. */
const tell = (told: readonly Told[], live = false) => {
  let progress: Progress = noProgress
  const lines: string[] = []
  for (const [index, { second = index, ...event }] of told.entries()) {
    const at = new Date(start + second * 1000).toISOString()
    const step = advance(progress, { ...event, run: 'a-run', seq: index + 1, at } as RunEvent, { colors, live })
    progress = step.progress
    lines.push(...step.lines)
  }
  return { progress, lines }
}

const trainStep = (step: number, second: number): Told => ({
  type: 'train.step',
  round: 1,
  stage: 'train',
  second,
  data: { step, of: 100, loss: 0.81234, tokens: step * 100, tokensPerSecond: 1240.4, etaSeconds: 100 - step },
})

test('a round is told stage by stage, with counts and training in numbers', () => {
  const { lines } = tell([
    { type: 'run.started', data: { skill: 'tool-calling', config: 'hash' } },
    { type: 'stage.started', round: 1, stage: 'generate', data: {} },
    {
      type: 'item.counts',
      round: 1,
      stage: 'generate',
      data: { made: 1212, accepted: 1200, rejected: 3, duplicates: 9, leaked: 0 },
    },
    { type: 'stage.started', round: 1, stage: 'train', data: {} },
    trainStep(1, 4),
    {
      type: 'train.finished',
      round: 1,
      stage: 'train',
      data: { adapter: 'a', steps: 100, tokens: 10_000, seconds: 95, finalLoss: 0.4 },
    },
  ])
  expect(lines).toEqual([
    'a-run · tool-calling',
    'round 1 · generate',
    '  1,212 made · 1,200 accepted · 3 rejected · 9 near-duplicates · 0 too near to an evaluation item',
    'round 1 · train',
    '  step 1/100 · loss 0.812 · 1,240 tokens/s · 1 min 39 s left',
    '  100 steps · 10,000 tokens · 1 min 35 s · loss 0.400',
  ])
})

test('training steps are throttled to a line in 15 seconds, and the last one is always told', () => {
  const steps = Array.from({ length: 100 }, (_, index) => trainStep(index + 1, index + 1))
  const { lines } = tell(steps)
  expect(lines.map((line) => /step (\d+)/.exec(line)?.[1])).toEqual(['1', '16', '31', '46', '61', '76', '91', '100'])
})

test('a live view keeps progress out of the lines and shows it in the line that is redrawn', () => {
  const { lines, progress } = tell(
    [{ type: 'stage.started', round: 2, stage: 'train', second: 0, data: {} }, trainStep(50, 60)],
    true,
  )
  expect(lines).toEqual(['round 2 · train'])
  expect(liveLine({ ...progress, round: 2 }, start + 60_000, colors)).toBe(
    'round 2 · train  ━━━━━━━━━━━━──────────── step 50/100 · loss 0.812 · 1,240 tokens/s · 50 s left · 1 min',
  )
})

test('the live line reckons the time left from the pace of an evaluation', () => {
  const { progress } = tell([
    { type: 'stage.started', round: 0, stage: 'evaluate', second: 0, data: {} },
    { type: 'eval.progress', round: 0, stage: 'evaluate', second: 30, data: { split: 'gate', done: 30, total: 120 } },
  ])
  expect(liveLine(progress, start + 30_000, colors)).toContain('gate items 30/120 · about 1 min 30 s left · 30 s')
})

test('rates come as an aligned table, from round 1 on with the way from the untouched student', () => {
  const finished = (round: number, passes: number): Told => ({
    type: 'eval.finished',
    round,
    stage: 'evaluate',
    data: { split: 'dev', rows: 60, rates: { 'full-call': { passes, n: 60 }, asks: { passes: 0, n: 0 } } },
  })
  const { lines } = tell([finished(0, 3), finished(1, 42)])
  expect(lines.join('\n').split('\n')).toEqual([
    '  dev, 60 items                 rate  passed',
    '  full-call      ━───────────  5.0 %    3/60',
    '  asks           ────────────      –     0/0',
    '  dev, 60 items                  rate  passed  since base',
    '  full-call      ━━━━━━━━────  70.0 %   42/60       +65.0',
    '  asks           ────────────       –     0/0',
  ])
})

test('a verdict comes with its reason and the protected tags that it breaks', () => {
  const { lines } = tell([
    {
      type: 'gate.verdict',
      round: 2,
      data: {
        verdict: 'reject',
        reason: 'asking back fell by 12 points',
        primary: {
          of: 'full-call',
          difference: 0.1,
          low: 0.02,
          high: 0.18,
          p: 0.01,
          incumbentRate: 0.5,
          candidateRate: 0.6,
        },
        tags: [
          { of: 'asks', where: { kind: ['ask'] }, status: 'breach', difference: -0.12, low: -0.2, high: -0.04 },
          { of: 'declines', status: 'ok', difference: 0, low: -0.1, high: 0.1 },
        ],
        alpha: 0.0083,
      },
    },
  ])
  expect(lines).toEqual(['  reject: asking back fell by 12 points', '  protected: asks · kind=ask -12.0 points'])
})

test('what the analyst aims at comes with what it expects', () => {
  const part = { where: { tool: ['move_file'] }, rows: 60 }
  const predicts = { criterion: 'full-call', where: part.where, points: 0.15, probability: 0.7 }
  const { lines } = tell([
    {
      type: 'spec.written',
      round: 2,
      data: {
        author: 'statistical',
        parts: [part, { where: {}, rows: 140 }],
        hypotheses: [{ evidence: [], part, stage: 'sft', predicts, note: '' }],
      },
    },
  ])
  expect(lines).toEqual([
    '  next rows: 200, aimed by the failure report',
    '    tool=move_file: 60 rows · expects full-call +15.0 points, probability 0.70',
  ])
})

test('what a tool or a student wrote cannot steer the terminal', () => {
  const { lines } = tell([{ type: 'warning', data: { code: 'odd', message: 'a\u001b[2Jb\u0007\nc' } }])
  expect(lines).toEqual(['  warning: ab c [odd]'])
})

test('a stage that failed is named with its code; why it failed is for the run to say, once', () => {
  const failed = { code: 'too-few-pairs', message: 'there are too few pairs' }
  const { lines } = tell([
    { type: 'stage.started', round: 2, stage: 'practice', data: {} },
    { type: 'stage.failed', round: 2, stage: 'practice', data: failed },
    { type: 'run.failed', data: failed },
  ] as Told[])
  expect(lines.filter((line) => line.includes('too few pairs'))).toHaveLength(1)
  expect(lines.filter((line) => line.includes('too-few-pairs'))).toHaveLength(2)
})
