import pc from 'picocolors'
import { expect, test } from 'vitest'
import { advanceRun, noRun } from '../commands/live-run.ts'
import type { RunEvent } from '../core/events.ts'
import { FullScreen, screenOf } from './full-screen.ts'

const colors = pc.createColors(false)
const at = '2026-11-23T08:00:00.000Z'
let seq = 0
const event = (type: string, data: object, more: object = {}) => {
  seq += 1
  return { seq, at, run: 'a-run', type, data, ...more } as unknown as RunEvent
}
const round1 = { round: 1, stage: 'train' }
const training = [
  event('run.started', { skill: 'toy', config: 'x' }),
  event('stage.started', {}, { round: 0, stage: 'evaluate' }),
  event(
    'eval.finished',
    { split: 'gate', rows: 20, rates: { right: { passes: 5, n: 20 } } },
    { round: 0, stage: 'evaluate' },
  ),
  event('stage.finished', { ms: 4200 }, { round: 0, stage: 'evaluate' }),
  event('stage.started', {}, round1),
  ...[2, 1, 0.5].map((loss, step) =>
    event('train.step', { step: step + 1, of: 8, loss, tokens: 10, tokensPerSecond: 120, etaSeconds: 30 }, round1),
  ),
]

test('shows rounds, stages, the work at hand, rates and loss', () => {
  const lines = screenOf(
    advanceRun(noRun, training),
    ['a line of the log'],
    { columns: 100, rows: 30 },
    Date.parse(at) + 5000,
    colors,
  )
  const text = lines.join('\n')
  expect(text).toMatch(/a-run · running/)
  expect(text).toMatch(/base +✓ 4\.2 s/)
  expect(text).toMatch(/round 1 · train .* 3\/8 steps · 120 tokens\/s · 30 s left/)
  expect(text).toMatch(/right .* 25\.0 % {2}5\/20/)
  expect(text).toContain('loss █▃▁ 0.500')
  expect(text).toContain('a line of the log')
})

test.each([
  [40, 10],
  [80, 24],
  [300, 80],
])('fits %i columns and %i rows', (columns, rows) => {
  const log = Array.from({ length: 200 }, (_, n) => `${n} ${'x'.repeat(400)}`)
  const lines = screenOf(advanceRun(noRun, training), log, { columns, rows }, Date.parse(at), colors)
  expect(lines.length).toBeLessThanOrEqual(rows)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns)
})

test('shows what the stage takes of the machine, and what was paid, as long as the run works', () => {
  const gpus = [{ name: 'H100', usedBytes: 2e9, totalBytes: 80e9, busy: 0.5 }]
  const used = { role: 'analyst', model: 'm', calls: 1, cached: 0, input: 10, output: 5, money: 0.25, estimated: false }
  const run = advanceRun(noRun, [
    ...training,
    event('machine.sampled', { processes: [{ what: 'trainer', bytes: 1.5e9 }], gpus }, round1),
    event('llm.used', used, round1),
    event('llm.used', used, round1),
  ])
  const shown = (of: typeof run) => screenOf(of, [], { columns: 120, rows: 30 }, Date.parse(at), colors).join('\n')
  expect(shown(run)).toContain('trainer 1.5 GB · GPU 0 2 GB of 80 GB, busy 50.0 % · money 0.50')
  expect(shown(advanceRun(run, [event('run.paused', { by: 'test' })]))).not.toContain('trainer 1.5 GB')
})

test('an event that comes twice counts once', () => {
  const run = advanceRun(advanceRun(noRun, training), training)
  expect([run.losses.length, run.stages.length]).toEqual([3, 2])
})

test('the terminal is given back as it was', () => {
  const written: string[] = []
  const view = new FullScreen({ isTTY: true, columns: 80, rows: 24, write: (text) => written.push(text) }, colors)
  view.event(training[0]!)
  view.end()
  view.end()
  expect(written).toEqual(['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l'])
})
