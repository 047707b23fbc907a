import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { overridden } from '../../src/commands/project.ts'
import { sweepOf } from '../../src/commands/sweep.ts'
import { parseConfig } from '../../src/core/config.ts'
import { WhetError } from '../../src/core/errors.ts'
import { rayExecutor } from '../../src/core/executors/ray.ts'
import { readJsonl } from '../../src/core/jsonl.ts'
import { trainerScript } from '../../src/core/python-run.ts'
import { trainerOn } from '../../src/core/trainer.ts'
import { Workspace } from '../../src/core/workspace.ts'
import type { Machines } from '../../src/graph/engine.ts'
import { type ExperimentPlan, runExperiment } from '../../src/graph/experiment.ts'
import { scriptedRay } from '../support/scripted-ray.ts'
import { scriptedTrainer } from '../support/scripted-trainer.ts'
import { simulatedMachines, simulatedSkill } from '../support/simulated.ts'

const dirOf = () => mkdtempSync(path.join(tmpdir(), 'whet-sweep-'))
const text = `skill: simulated
evaluation: { dev: 120, gate: 80, sealed: 10 }
loop: { rows: 240, replay: 0, uniform: 1, maxShare: 1 }
student: { slots: 8 }
`

interface More {
  readonly machines?: Machines
  readonly signal?: AbortSignal
  onStep?(done: number, total: number, what: string): void
}

/** In this world a student learns as much of a row as its learning rate says. */
const sweep = (dir: string, rates: string, plan: Partial<ExperimentPlan> = {}, more: More = {}) => {
  const file = path.join(dir, 'whetstone.yaml')
  writeFileSync(file, text)
  const configWith = (overrides: readonly string[]) => parseConfig(overridden(text, overrides), file)
  const arms = sweepOf([`train.sft.learningRate=${rates}`], configWith)
  return runExperiment({
    workspace: Workspace.at(dir),
    plugin: simulatedSkill(),
    machines: more.machines ?? simulatedMachines(),
    plan: {
      name: 'rates',
      arms: arms.map(({ arm }) => arm),
      sweep: arms,
      seeds: 2,
      rounds: 1,
      minutes: 60,
      parallel: 3,
      everySeed: false,
      config: 'x',
      ...plan,
    },
    configWith,
    ...(more.signal && { signal: more.signal }),
    ...(more.onStep && { onStep: more.onStep }),
  })
}

const key = (rate: string) => `train.sft.learningRate=${rate}`

test('hopeless arms end after the seed that shows it, the others run every seed and are held against the first', async () => {
  const report = await sweep(dirOf(), '0.9,1,0.001')
  expect(report.ended).toEqual([
    { arm: key('0.001'), seed: 1, why: expect.stringMatching(/points behind .* on dev .*, over one seed$/) },
  ])
  expect(report).toMatchObject({ done: 7, total: 7 }) // two baselines, three arms, then two
  expect(report.arms.map(({ arm, seeds }) => [arm, seeds])).toEqual([
    [key('0.9'), 2],
    [key('1'), 2],
    [key('0.001'), 1],
  ])
  expect(report.contrasts.map(({ arm, against }) => [arm, against])).toEqual([
    [key('1'), key('0.9')],
    [key('0.001'), key('0.9')],
  ])
  expect(report.arms[0]!.gain!.difference).toBeGreaterThan(0.1)
}, 60_000)

test('with everySeed they go on', async () => {
  const report = await sweep(dirOf(), '1,0.001', { everySeed: true })
  expect(report).toMatchObject({ done: 6, total: 6, ended: [] })
}, 60_000)

test('all arms of a seed share the untouched student, its items and its replies', async () => {
  const dir = dirOf()
  await sweep(dir, '1,0.5', { seeds: 1 })
  const workspace = Workspace.at(dir)
  const runs = ['rates-s1-v1-learningRate-1', 'rates-s1-v2-learningRate-0.5'].map((name) => workspace.run(name))
  const start = workspace.run('rates-s1-start')
  expect(await workspace.runs()).toHaveLength(3)
  for (const run of runs) {
    expect((await readJsonl(run.split('gate'))).rows).toEqual((await readJsonl(start.split('gate'))).rows)
    const replies = await readJsonl(run.round(0).evaluation('gate'))
    expect(replies.rows).toEqual((await readJsonl(start.round(0).evaluation('gate'))).rows)
  }
}, 60_000)

test('arms train side by side, and their students are served one at a time', async () => {
  const inner = simulatedMachines()
  const at = { training: 0, serving: 0, mostServing: 0 }
  let together = () => {}
  const twoAtOnce = new Promise<void>((resolve) => {
    together = resolve
  })
  const machines: Machines = {
    trainer: {
      run: async (job, options) => {
        at.training += 1
        if (at.training === 2) together()
        await twoAtOnce // one alone waits for ever
        return inner.trainer.run(job, options)
      },
    },
    students: {
      ...inner.students,
      open: async (of, signal) => {
        at.serving += 1
        at.mostServing = Math.max(at.mostServing, at.serving)
        const { student, close } = await inner.students.open(of, signal)
        return {
          student,
          close: async () => {
            await close()
            at.serving -= 1
          },
        }
      },
    },
  }
  await sweep(dirOf(), '1,0.8,0.6', { seeds: 1 }, { machines })
  expect(at.training).toBe(3)
  expect(at.mostServing).toBe(1)
}, 60_000)

test('with a cluster as executor the trainings of a seed are jobs of it side by side', async () => {
  const dir = dirOf()
  const scripts = path.join(dir, 'scripts')
  mkdirSync(scripts)
  for (const name of ['ray_job.py', 'ray_group.py', 'ray_node.py'])
    copyFileSync(trainerScript(name), path.join(scripts, name))
  copyFileSync(scriptedTrainer.at(-1)!, path.join(scripts, 'sft.py'))
  const base = path.join(dir, 'base')
  mkdirSync(base)
  writeFileSync(path.join(base, 'prepared.json'), JSON.stringify({ base: 'toy', sha256: 'f'.repeat(64), bytes: 10 }))
  const ray = await scriptedRay()
  const options = { address: ray.address, python: 'python3', cpus: 1, gpus: 0, retries: 0, scripts }
  const cluster = trainerOn(rayExecutor(options), { pollMs: 50 })
  const inner = simulatedMachines()
  let begun = 0
  let together = () => {}
  const twoAtOnce = new Promise<void>((resolve) => {
    together = resolve
  })
  const machines: Machines = {
    students: { ...inner.students, base: async () => ({ dir: base, sha256: 'f'.repeat(64) }) },
    trainer: {
      run: async (job, run) => {
        begun += 1
        if (begun === 2) together()
        await twoAtOnce // both jobs go to the cluster before either can end
        const result = await cluster.run(job, run)
        await inner.trainer.run(job, { signal: run.signal, onEvent: () => {} }) // what this world learns from the rows
        return result
      },
    },
  }
  const report = await sweep(dir, '1,0.8', { seeds: 1 }, { machines })
  await ray.close()
  expect(report).toMatchObject({ done: 3, total: 3, ended: [] })
  expect(ray.requests.filter((request) => request === 'POST /api/jobs/')).toHaveLength(2)
  expect(report.arms.map(({ cost }) => cost.tokens)).toEqual([500, 500])
}, 60_000)

test('an arm whose training diverges ends, the others go on, and it is not tried again', async () => {
  const dir = dirOf()
  const inner = simulatedMachines()
  let diverged = 0
  const machines: Machines = {
    ...inner,
    trainer: {
      run: async (job, options) => {
        if (job.params.learningRate !== 0.5) return inner.trainer.run(job, options)
        diverged += 1
        throw new WhetError({
          code: 'trainer-diverged',
          message: 'The loss stopped being a number.',
          fixedBy: 'config',
        })
      },
    },
  }
  const report = await sweep(dir, '1,0.5', {}, { machines })
  expect(report).toMatchObject({ done: 4, total: 4, ended: [{ arm: key('0.5'), seed: 1 }] })
  expect(report.ended[0]!.why).toMatch(/training failed: The loss stopped/)
  await sweep(dir, '1,0.5', { seeds: 3 }, { machines })
  expect(diverged).toBe(1)
}, 60_000)

test('another failure lets the runs beside it stand still, and the same command goes on', async () => {
  const dir = dirOf()
  const inner = simulatedMachines()
  let broken = true
  const machines: Machines = {
    ...inner,
    trainer: {
      run: async (job, options) => {
        if (broken && job.params.learningRate === 0.8)
          throw new WhetError({ code: 'disk-full', message: 'The disk is full.', fixedBy: 'machine' })
        return inner.trainer.run(job, options)
      },
    },
  }
  await expect(sweep(dir, '1,0.8', { seeds: 1 }, { machines })).rejects.toMatchObject({ code: 'disk-full' })
  broken = false
  expect(await sweep(dir, '1,0.8', { seeds: 1 }, { machines })).toMatchObject({ done: 3, total: 3, ended: [] })
}, 60_000)

test('stands still when told to, and the same command ends with what an unbroken one finds', async () => {
  const dir = dirOf()
  const stop = new AbortController()
  const half = await sweep(
    dir,
    '1,0.9',
    {},
    { signal: stop.signal, onStep: (done) => void (done === 3 && stop.abort()) },
  )
  expect(half.done).toBeLessThan(6)
  expect(half.notes.join()).toMatch(/the same command goes on/)
  const whole = await sweep(dir, '1,0.9')
  expect(whole).toMatchObject({ done: 6, total: 6 })
  expect(whole.contrasts).toEqual((await sweep(dirOf(), '1,0.9')).contrasts)
}, 60_000)
