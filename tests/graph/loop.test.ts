import { mkdtempSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SpecFile } from '../../src/core/analyst.ts'
import { loadConfig } from '../../src/core/config.ts'
import { readJson, readJsonl } from '../../src/core/jsonl.ts'
import type { RoundSummary } from '../../src/core/round.ts'
import { RunStore } from '../../src/core/store.ts'
import type { Trainer, TrainJob } from '../../src/core/trainer.ts'
import { Workspace } from '../../src/core/workspace.ts'
import { type EngineOptions, resumeRun, startRun } from '../../src/graph/engine.ts'
import { runStatus } from '../../src/graph/status.ts'
import { toySkill, toyStudents, toyTrainer } from '../support/toy.ts'

const config = (text = '') => `skill: toy
evaluation: { dev: 60, gate: 120, sealed: 20 }
loop: { rounds: 4, rows: 40 }
student: { slots: 8 }
${text}`

const world = async (knowledge: string[][], text = '') => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-loop-'))
  const file = path.join(dir, 'whetstone.yaml')
  writeFileSync(file, config(text))
  const options: EngineOptions = {
    workspace: Workspace.at(dir),
    plugin: toySkill(),
    machines: { trainer: toyTrainer(), students: toyStudents(knowledge) },
  }
  return { ...options, loaded: await loadConfig(file) }
}

const grows = [[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']]

describe('the loop', () => {
  test('learns round by round and stops when every target is met', async () => {
    const options = await world(grows)
    const outcome = await startRun(options)
    expect(outcome).toMatchObject({ status: 'finished', best: 3, targetsMet: true })
    const status = await runStatus(options.workspace, outcome.run)
    expect(status.rounds.map(({ verdict }) => verdict?.verdict)).toEqual([undefined, 'promote', 'promote', 'promote'])
  })

  test('keeps the best student when a later one is worse, and stops on the plateau', async () => {
    const options = await world([[], ['plain', 'loud'], ['plain'], ['plain']])
    const outcome = await startRun(options)
    expect(outcome).toMatchObject({ status: 'finished', best: 1, targetsMet: false })
    expect(outcome.reason).toMatch(/2 rounds in a row without a promotion; tried: half as many rows again \(round 3\)/)
  })

  test('changes something after each round without a gain, and says what: more rows, then half the learning rate', async () => {
    const options = await world([[], ['plain', 'loud'], ['plain']], 'budget: { minutes: 600 }')
    const { loop } = options.loaded.config
    const loaded = { ...options.loaded, config: { ...options.loaded.config, loop: { ...loop, rounds: 5, plateau: 3 } } }
    const jobs: TrainJob[] = []
    const trainer: Trainer = {
      run: (job, how) => {
        jobs.push(job)
        return toyTrainer().run(job, how)
      },
    }
    const machines = { ...options.machines!, trainer }
    const { run, reason } = await startRun({ ...options, machines, loaded })
    const specOf = async (n: number) => (await readJson<SpecFile>(options.workspace.run(run).round(n).spec))!
    const rows = ({ spec }: SpecFile) => spec.parts.reduce((sum, part) => sum + part.rows, 0)
    const [second, third, fourth] = [await specOf(2), await specOf(3), await specOf(4)]
    expect([second.lever, third.lever, fourth.lever]).toEqual([undefined, 'rows', 'gentler'])
    expect(rows(third) / rows(second)).toBeCloseTo(1.5, 1)
    expect(third.hypotheses.length).toBeGreaterThan(0)
    for (const { part } of third.hypotheses) expect(third.spec.parts).toContainEqual(part)
    expect(third.lesson?.why).toMatch(/gained nothing, so it has half as many rows again/)
    expect(jobs.map(({ params }) => params.rateFactor)).toEqual([undefined, undefined, undefined, 0.5])
    expect(reason).toMatch(/half as many rows again \(round 3\), half the learning rate \(round 4\)/)
  })

  test('stops after the last round of the config', async () => {
    const outcome = await startRun(
      await world(grows, 'gate: { alpha: 0.05 }').then((o) => ({
        ...o,
        loaded: { ...o.loaded, config: { ...o.loaded.config, loop: { ...o.loaded.config.loop, rounds: 1 } } },
      })),
    )
    expect(outcome).toMatchObject({ status: 'finished', best: 1, reason: 'all 1 rounds are done' })
  })

  test('first round is uniform, later rounds aim at the tags that fail on dev', async () => {
    const options = await world(grows)
    const { run } = await startRun(options)
    const files = options.workspace.run(run)
    const specs = await Promise.all(
      [1, 2].map((n) => readJson<{ author: string; spec: { parts: { where: object }[] } }>(files.round(n).spec)),
    )
    expect(specs[0]).toMatchObject({ author: 'uniform', spec: { parts: [{ where: {} }] } })
    expect(specs[1]?.author).toBe('statistical')
    const aimed = specs[1]!.spec.parts.map(({ where }) => JSON.stringify(where))
    expect(aimed.some((where) => where.includes('loud') || where.includes('twice'))).toBe(true)
    expect(aimed.some((where) => where.includes('plain'))).toBe(false)
  })

  test('rows of training never share a family with an evaluation split', async () => {
    const options = await world(grows)
    const { run } = await startRun(options)
    const files = options.workspace.run(run)
    const families = async (file: string) =>
      new Set((await readJsonl<{ family: string }>(file)).rows.map(({ family }) => family))
    const trained = await families(files.round(1).items)
    for (const split of ['dev', 'gate', 'sealed'] as const)
      for (const family of await families(files.split(split))) expect(trained.has(family)).toBe(false)
  })

  test('the evaluation splits hold as many items as the config asks for', async () => {
    const options = await world([[], ['plain', 'loud', 'twice']])
    const { run } = await startRun(options)
    const files = options.workspace.run(run)
    const counts = await Promise.all(
      (['dev', 'gate', 'sealed'] as const).map(async (split) => (await readJsonl(files.split(split))).rows.length),
    )
    expect(counts).toEqual([60, 120, 20])
  })

  test('a later round replays accepted rows of earlier ones', async () => {
    const options = await world(grows)
    const { run } = await startRun(options)
    const summary = await readJson<RoundSummary>(options.workspace.run(run).round(2).summary)
    expect(summary?.rows.replayed).toBe(12)
    expect(summary?.rows.trained).toBe(summary!.rows.accepted + 12)
  })

  test('a student that goes on is trained with the rows in mind that it grew from, and not those of a round that was lost', async () => {
    const options = await world([[], ['plain'], [], ['plain', 'loud']])
    const jobs: TrainJob[] = []
    const trainer: Trainer = {
      run: (job, how) => {
        jobs.push(job)
        return options.machines!.trainer.run(job, how)
      },
    }
    const { run } = await startRun({ ...options, machines: { ...options.machines!, trainer } })
    const first = await readJson<RoundSummary>(options.workspace.run(run).round(1).summary)
    expect(jobs.slice(0, 3).map(({ params }) => params.learnedRows)).toEqual([
      undefined,
      first!.rows.trained,
      first!.rows.trained,
    ])
  })

  test('the summaries show rates of gate and none of its items', async () => {
    const options = await world(grows)
    const { run } = await startRun(options)
    const files = options.workspace.run(run)
    const gateItems = (await readJsonl<{ id: string }>(files.split('gate'))).rows
    const shown = await readFile(files.round(1).summary, 'utf8')
    expect(gateItems.filter(({ id }) => shown.includes(id))).toEqual([])
  })

  test('pauses by an order from another process and goes on after resume without asking a reply twice', async () => {
    const asked: string[] = []
    const options = await world(grows)
    const machines = {
      trainer: toyTrainer(),
      students: toyStudents(grows, async (request) => {
        asked.push(request)
        if (asked.length === 100) {
          const [run] = await options.workspace.runs()
          const store = RunStore.open(options.workspace.run(run!).database)
          store.order('pause', null, 'test')
          store.close()
        }
        if (asked.length > 100 && asked.length < 200) await new Promise((resolve) => setTimeout(resolve, 30))
      }),
    }
    const paused = await startRun({ ...options, machines })
    expect(paused.status).toBe('paused')
    expect((await runStatus(options.workspace, paused.run)).status).toBe('paused')
    const outcome = await resumeRun({ ...options, machines, run: paused.run })
    expect(outcome).toMatchObject({ status: 'finished', best: 3 })
    // four students answered 180 items each; replies in flight at the pause may be asked again
    expect(asked.length).toBeLessThanOrEqual(4 * 180 + 8)
    const { rows } = await readJsonl<{ item: { id: string } }>(
      options.workspace.run(paused.run).round(0).evaluation('gate'),
    )
    expect(new Set(rows.map(({ item }) => item.id)).size).toBe(rows.length)
  })

  test('a second process is refused while the first one has the run', async () => {
    const options = await world(grows)
    let refused: unknown
    const machines = {
      trainer: toyTrainer(),
      students: toyStudents(grows, async () => {
        const [run] = await options.workspace.runs()
        refused ??= await resumeRun({ ...options, run: run! }).catch((error) => error)
      }),
    }
    await startRun({ ...options, machines })
    expect(refused).toMatchObject({ code: 'run-owned', exit: 4 })
  })

  test('a run forked from another one goes on behind its round', async () => {
    const options = await world([[], ['plain'], ['plain']], '')
    const first = await startRun(options)
    const forked = await startRun({
      ...options,
      machines: { trainer: toyTrainer(), students: toyStudents(grows) },
      from: { run: first.run, round: 1 },
    })
    const status = await runStatus(options.workspace, forked.run)
    expect(forked).toMatchObject({ status: 'finished', best: 3 })
    expect(status.rounds[1]).toEqual(expect.objectContaining({ round: 1, best: 1 }))
  })

  test('waits for approval before training where the config asks for it', async () => {
    const options = await world(grows, 'approve: before-train')
    const trained: string[] = []
    const machines = { trainer: toyTrainer((out) => trained.push(out)), students: toyStudents(grows) }
    const events: string[] = []
    const approve = (run: string) => {
      const store = RunStore.open(options.workspace.run(run).database)
      store.order(trained.length === 0 ? 'approve' : 'reject', null, 'test')
      store.close()
    }
    const outcome = await startRun({
      ...options,
      machines,
      onEvent: (event) => {
        events.push(event.type)
        if (event.type === 'approval.requested') setTimeout(() => approve(event.run), 10)
      },
    })
    expect(outcome.status).toBe('stopped')
    expect(trained).toHaveLength(1)
  })

  test('stops before a stage when the budget of minutes is spent', async () => {
    const outcome = await startRun(await world(grows, 'budget: { minutes: 0.00001 }'))
    expect(outcome).toMatchObject({ status: 'finished', best: 0 })
    expect(outcome.reason).toMatch(/budget/)
  })
})

test('a config that asks for what this version lacks is refused by key, before anything is written', async () => {
  const options = await world(grows, 'trackers: [mlflow]')
  await expect(startRun(options)).rejects.toMatchObject({
    code: 'not-supported',
    data: { keys: ['trackers'] },
  })
  expect(await options.workspace.runs()).toEqual([])
})
