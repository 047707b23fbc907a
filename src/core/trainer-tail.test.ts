import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Smaller, TrainEvent } from './trainer.ts'
import { TrainTail } from './trainer-tail.ts'

let folder: string
let file: string
let events: TrainEvent[]
let tail: TrainTail
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whet-tail-'))
  file = join(folder, 'events.jsonl')
  events = []
  tail = new TrainTail(file, (event) => events.push(event))
})
afterEach(() => rmSync(folder, { recursive: true }))

const line = (step: number) =>
  `${JSON.stringify({ step, of: 9, loss: 0.5, tokens: 1, tokensPerSecond: 2, etaSeconds: 3, gradNorm: 4 })}\n`
const steps = () => events.map(({ step }) => step)

test('a file that is not there yet tells nothing', async () => {
  expect(await tail.read()).toBe(false)
})

test('a line is told when its end is there, and only its known numbers', async () => {
  writeFileSync(file, line(1).slice(0, 20))
  expect(await tail.read()).toBe(false)
  appendFileSync(file, line(1).slice(20))
  expect(await tail.read()).toBe(true)
  expect(events).toEqual([{ step: 1, of: 9, loss: 0.5, tokens: 1, tokensPerSecond: 2, etaSeconds: 3 }])
})

test('steps that a resumed trainer tells again are told once', async () => {
  writeFileSync(file, [1, 2, 3].map(line).join(''))
  await tail.read()
  tail.rewind()
  appendFileSync(file, [2, 3, 4].map(line).join(''))
  await tail.read()
  expect(steps()).toEqual([1, 2, 3, 4])
})

test('a line torn by a kill costs neither itself nor the next one', async () => {
  writeFileSync(file, `${line(1)}${line(2).slice(0, 15)}${line(2)}${line(3)}`)
  await tail.read()
  expect(steps()).toEqual([1, 2, 3])
})

test('a file that was cut and written anew is read from its beginning', async () => {
  writeFileSync(file, [1, 2, 3, 4].map(line).join(''))
  await tail.read()
  writeFileSync(file, line(5))
  await tail.read()
  expect(steps()).toEqual([1, 2, 3, 4, 5])
})

test('lines without a step are passed over, and a loss that is no number is null', async () => {
  writeFileSync(file, '{"type": "preflight", "rows": 3}\ngarbage\n{"step": 1, "of": 2, "loss": null}\n')
  await tail.read()
  expect(events).toEqual([{ step: 1, of: 2, loss: null, tokens: 0, tokensPerSecond: 0, etaSeconds: 0 }])
})

test('smaller pieces after a lack of memory are told once, however often the file is read', async () => {
  const changes: Smaller[] = []
  const telling = new TrainTail(
    file,
    () => {},
    (change) => changes.push(change),
  )
  const change = { before: { batch: 4 }, after: { batch: 2 } }
  writeFileSync(file, `${JSON.stringify({ type: 'memory', ...change, why: 'CUDA out of memory' })}\n${line(1)}`)
  await telling.read()
  telling.rewind()
  await telling.read()
  expect(changes).toEqual([change])
})
