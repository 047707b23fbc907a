import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { executorContract } from '../../tests/contract/executor.ts'
import { trainerOf } from '../../tests/support/executors.ts'
import type { TrainEvent, TrainJob } from './trainer.ts'

const scripted = fileURLToPath(new URL('../../tests/support/scripted-trainer.py', import.meta.url))
const command = () => ['python3', scripted]
const job = (out: string, script: object): TrainJob => ({
  kind: 'sft',
  base: join(out, '../base'),
  rows: join(out, '../sft.jsonl'),
  out,
  seed: 1,
  params: { scripted: script },
  device: 'cpu',
})

executorContract('the local executor', {
  executor: () => ({ local: { argv: command() } }),
  job: (out, variant) =>
    job(
      out,
      { brief: { steps: 4 }, long: { steps: 12, stepMs: 60, checkpointEvery: 2 }, wrong: { steps: 0 } }[variant],
    ),
})

let folder: string
let out: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whet-train-'))
  out = join(folder, 'train')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (
  script: object,
  options: { argv?: string[]; signal?: AbortSignal; events?: TrainEvent[]; adopted?: boolean[] } = {},
) =>
  trainerOf({ local: { argv: options.argv ?? command() } }).run(job(out, script), {
    signal: options.signal ?? new AbortController().signal,
    onEvent: (event) => options.events?.push(event),
    onStart: (start) => options.adopted?.push(start.adopted),
  })
const starts = () =>
  readFileSync(join(out, 'starts.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).from as number)

test('a finished job is not trained again, and tells its steps again', async () => {
  const events: TrainEvent[] = []
  const first = await run({ steps: 3 })
  expect(await run({ steps: 3 }, { events })).toEqual(first)
  expect(events.map(({ step }) => step)).toEqual([1, 2, 3])
  expect(starts()).toEqual([0])
})

test('two that run the same job share one trainer and one result', async () => {
  const adopted: boolean[] = []
  const both = await Promise.all([1, 2].map(() => run({ steps: 30, stepMs: 30 }, { adopted })))
  expect(both[0]).toEqual(both[1])
  expect(adopted.sort()).toEqual([false, true])
  expect(starts()).toEqual([0])
})

test('a trainer that dies goes on from its checkpoint, at most twice', async () => {
  const ends = [
    { at: 6, kill: true },
    { at: 8, exit: 1 },
  ]
  const events: TrainEvent[] = []
  const result = await run({ steps: 10, checkpointEvery: 2, ends }, { events })
  expect(result.steps).toBe(10)
  expect(starts()).toEqual([0, 4, 6])
  expect(events.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('the third end without a result is told with the last words', async () => {
  const ends = Array(4).fill({ at: 2, exit: 1 })
  const error = await run({ ends }).catch((error) => error)
  expect(error).toMatchObject({ code: 'trainer-failed' })
  expect(error.data.stderrTail).toContain('The script ends attempt 3')
  expect(starts()).toHaveLength(3)
})

test.each([
  [2, 'trainer-job-wrong'],
  [3, 'trainer-out-of-memory'],
  [4, 'trainer-diverged'],
  [5, 'disk-full'],
])('exit code %i ends at once as %s', async (exit, code) => {
  await expect(run({ ends: [{ at: 2, exit }] })).rejects.toMatchObject({ code })
  expect(starts()).toHaveLength(1)
})

test('a trainer that says it is done and has no result has failed', async () => {
  await expect(run({ noResult: true })).rejects.toMatchObject({ code: 'trainer-failed' })
})

test('a trainer that is not there cannot be started', async () => {
  await expect(run({}, { argv: [join(folder, 'nowhere/python')] })).rejects.toMatchObject({
    code: 'trainer-not-started',
    exit: 3,
  })
})

test('the folder of one job is not used for another', async () => {
  await run({ steps: 2 })
  await expect(run({ steps: 3 })).rejects.toMatchObject({ code: 'train-job-differs' })
})

test('a workspace that was moved keeps its finished jobs', async () => {
  await run({ steps: 2 })
  const moved = `${folder}-moved`
  renameSync(folder, moved)
  folder = moved
  out = join(moved, 'train')
  expect((await run({ steps: 2 })).adapter).toBe(join(moved, 'train/adapter'))
})

test('an abort before it is known who trains stops the trainer that is at work', async () => {
  const script = { steps: 500, stepMs: 20 }
  mkdirSync(out)
  writeFileSync(join(out, 'job.json'), JSON.stringify(job(out, script)))
  const [python, ...before] = command()
  const byHand = execa(python!, [...before, join(out, 'job.json')], { reject: false })
  await vi.waitFor(() => expect(starts()).toEqual([0]), 20_000)
  const abort = new AbortController()
  const stopped = run(script, { signal: abort.signal })
  setTimeout(() => abort.abort(new Error('stop')), 1)
  await expect(stopped).rejects.toThrow('stop')
  expect((await byHand).exitCode).toBe(143)
  expect(starts()).toHaveLength(1)
})
