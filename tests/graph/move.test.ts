/** A run that moves from this machine to a cluster: the training that has begun stays, the next one goes. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Config, parseConfig } from '../../src/core/config.ts'
import { RunStore } from '../../src/core/store.ts'
import type { TrainJob } from '../../src/core/trainer.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { resumeRun, startRun } from '../../src/graph/engine.ts'
import { loadRunConfig } from '../../src/graph/run-config.ts'
import { trainerWhere } from '../../src/graph/train-where.ts'
import { type ScriptedRay, scriptedRay } from '../support/scripted-ray.ts'
import { toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

let dir = ''
let python = ''
let ray: ScriptedRay
beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-move-'))
  python = path.join(dir, 'python') // runs the scripted trainer, whichever one it is asked for
  const scripted = fileURLToPath(new URL('../support/scripted-trainer.py', import.meta.url))
  writeFileSync(python, `#!/bin/sh\nexec python3 '${scripted}' "$2"\n`)
  chmodSync(python, 0o755)
  mkdirSync(path.join(dir, 'base'))
  writeFileSync(
    path.join(dir, 'base', 'prepared.json'),
    JSON.stringify({ base: 'toy', sha256: 'f'.repeat(64), bytes: 10 }),
  )
  writeFileSync(path.join(dir, 'rows.jsonl'), '{"id":"a"}\n')
  ray = await scriptedRay()
})
afterAll(async () => {
  await ray.close()
  rmSync(dir, { recursive: true, force: true })
})

const onCluster = () =>
  Config.parse({ skill: 'toy', executor: { ray: { address: ray.address, python: 'python3', trainerPython: python } } })
    .executor

const job = (round: string): TrainJob => ({
  kind: 'sft',
  base: path.join(dir, 'base'),
  rows: path.join(dir, 'rows.jsonl'),
  out: path.join(dir, round, 'train'),
  seed: 1,
  params: { scripted: { steps: 20, stepMs: 30, checkpointEvery: 2 } },
  device: 'cpu',
})
const means = { python: async () => python, onProgress: () => {} }
const submissions = () => ray.requests.filter((request) => request === 'POST /api/jobs/').length

test('a training that has begun here ends here, and the next one is the cluster’s', async () => {
  const abort = new AbortController()
  const begun = trainerWhere('local', means).run(job('round-01'), {
    signal: abort.signal,
    onEvent: ({ step }) => {
      if (step === 3) abort.abort(new Error('pause'))
    },
  })
  await expect(begun).rejects.toThrow('pause')

  const moved = trainerWhere(onCluster(), means)
  const options = { signal: new AbortController().signal, onEvent: () => {} }
  expect((await moved.run(job('round-01'), options)).steps).toBe(20)
  expect(submissions()).toBe(0)
  const starts = readFileSync(path.join(job('round-01').out, 'starts.log'), 'utf8')
    .trim()
    .split('\n')
  expect(starts).toHaveLength(2)

  expect((await moved.run(job('round-02'), options)).steps).toBe(20)
  expect(submissions()).toBe(1)
  expect(existsSync(path.join(job('round-02').out, 'ray.json'))).toBe(true)
})

test('a run that is resumed with another executor keeps the rest of its config, says so, and keeps it from then on', async () => {
  const workspace = Workspace.at(dir)
  const text = 'skill: toy\nevaluation: { dev: 20, gate: 40, sealed: 5 }\nloop: { rounds: 1, rows: 20 }\n'
  const loaded = parseConfig(text, path.join(dir, 'whetstone.yaml'))
  const machines = { trainer: toyTrainer(), students: toyStudents([[], ['plain']]) }
  const options = { workspace, plugin: toySkill(), machines }
  const { run } = await startRun({ ...options, loaded, name: 'toy-run' })
  await resumeRun({ ...options, run, executor: onCluster() })
  const files = workspace.run(run)
  expect((await loadRunConfig(files)).config).toEqual({ ...loaded.config, executor: onCluster() })
  const store = RunStore.open(files.database, { readonly: true })
  const told = store.events({ types: ['run.resumed'] }).map(({ data }) => data)
  store.close()
  expect(told).toEqual([{ trainsOn: ray.address }])
})

test.each([
  ['grpo: { enabled: true }, sft: { processes: 2, accumulate: 2 }', 'not-supported'],
  ['sft: { processes: 3, accumulate: 3 }', 'processes-not-shared'],
  ['sft: { processes: 2 }', 'processes-not-shared'],
])('what cannot be trained there is refused before anything is moved: %s', async (train, code) => {
  const workspace = Workspace.at(dir)
  const executor = { ray: { ...(onCluster() as { ray: object }).ray, nodes: 2 } } as ReturnType<typeof onCluster>
  const loaded = parseConfig(`skill: toy\ntrain: { ${train} }\n`, path.join(dir, 'whetstone.yaml'))
  const files = workspace.run(`refused-${code}-${train.length}`)
  mkdirSync(files.dir, { recursive: true })
  writeFileSync(files.config, loaded.text)
  await expect(resumeRun({ workspace, run: files.name, plugin: toySkill(), executor })).rejects.toMatchObject({ code })
  expect((await loadRunConfig(files)).config.executor).toBe('local')
})
