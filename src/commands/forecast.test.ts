import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { remoteWorld } from '../../tests/support/remote-world.ts'
import { readJson, writeJson } from '../core/jsonl.ts'
import type { RoundSummary } from '../core/round.ts'
import { RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'

const config = 'skill: essay-style\nevaluation: { dev: 40, gate: 60, sealed: 10 }\nloop: { rounds: 3, rows: 100 }\n'
const paidRole = 'roles: { analyst: { model: m, baseUrl: "http://127.0.0.1:1/v1" } }\n'

/** The run's last round trained 20 rows in 10 s and answered 100 items in 50 s. */
const measured = async (files: RunFiles, text = config) => {
  await writeFile(files.config, text)
  const last = (await readJson<RoundSummary>(files.round(3).summary))!
  await writeJson(files.round(3).summary, { ...last, seconds: { train: 10, evaluate: 50 } })
}

/** Events of the run, and then a request for approval. */
const waits = (files: RunFiles, round: number, stage: string, paid: readonly number[] = []) => {
  const store = RunStore.open(files.database)
  const lease = store.acquire({ pid: process.pid, host: hostname() })
  store.append({ run: files.name, type: 'run.resumed', data: {} })
  for (const [at, money] of paid.entries())
    store.append({
      ...{ run: files.name, round: at + 1, stage: 'analyze', type: 'llm.used' },
      data: { role: 'analyst', model: 'm', calls: 1, cached: 0, input: 1, output: 1, money, estimated: false },
    })
  const what = `${stage} of round ${round}`
  store.append({ run: files.name, round, stage, type: 'approval.requested', data: { what } })
  return () => {
    lease.release()
    store.close()
  }
}

test('another budget is asked with what it was', async () => {
  const { question, files } = await remoteWorld()
  const store = RunStore.open(files.database)
  const limits = { minutes: 60, tokens: 0, money: 2, diskGb: 10 }
  store.append({
    run: 'four',
    type: 'budget.spent',
    data: { ...{ minutes: 10, tokens: 0, money: 0, diskGb: 1 }, limits },
  })
  store.close()
  const { forecast } = await question('budget', { run: 'four', minutes: 120 })
  expect(forecast).toEqual({ run: 'four', budget: [{ limit: 'minutes', before: 60, after: 120 }] })
  const resumed = (await question('resume', { run: 'four' })).forecast as { minutesLeft: number }
  expect(resumed).toMatchObject({ run: 'four', status: 'finished', moneyLeft: 2 })
  expect(resumed.minutesLeft).toBeCloseTo(60, 0)
})

test('an approval says how long the round takes by what was measured here, and how its edited spec differs', async () => {
  const { question, files } = await remoteWorld()
  await measured(files)
  await writeJson(files.round(4).spec, {
    ...{ spec: { seed: 1, split: 'train', parts: [{ where: {}, rows: 100 }] }, author: 'uniform', hypotheses: [] },
  })
  await writeJson(files.frozen, { dimensions: { kind: ['ask', 'call'] } })
  const end = waits(files, 4, 'generate')
  const { forecast } = await question('approve', { run: 'four', part: ['kind=ask:60', 'all:40'] })
  end()
  expect(forecast).toMatchObject({
    rows: 100,
    money: 0,
    spec: [
      { change: 'removed', part: 'all:100' },
      { change: 'added', part: 'kind=ask:60' },
      { change: 'added', part: 'all:40' },
    ],
  })
  // 100 rows at 0.5 s and 100 replies at 0.5 s, and a third of a minute for the weights
  expect((forecast as { minutes: number }).minutes).toBeCloseTo(2, 1)
})

test('money is told by what the rounds of the run have paid; before that, as not known', async () => {
  const { question, files } = await remoteWorld()
  await measured(files, config + paidRole)
  const moneyOf = async (paid?: readonly number[]) => {
    const end = waits(files, 4, 'generate', paid)
    const { forecast } = await question('approve', { run: 'four' })
    end()
    return (forecast as { money: number | null }).money
  }
  expect(await moneyOf()).toBeNull()
  expect(await moneyOf([0.2, 0.4])).toBeCloseTo(0.3)
})

test('where a run waits before its baseline, only the untouched student has still to answer', async () => {
  const { question, files } = await remoteWorld()
  await measured(files)
  const end = waits(files, 0, 'evaluate')
  const { forecast } = await question('approve', { run: 'four' })
  end()
  // 1 s for 100 items, as the first round took
  expect((forecast as { minutes: number }).minutes).toBeCloseTo((1 + 20) / 60, 2)
})

test('a run with other settings is asked with each of them before and after, defaults filled in', async () => {
  const { question, dir } = await remoteWorld()
  await writeFile(path.join(dir, 'whetstone.yaml'), config)
  const { forecast } = await question('run', { set: ['loop.rows=200', 'approve=on-cost'] })
  expect(forecast).toMatchObject({
    rows: 200,
    settings: [
      { key: 'loop.rows', before: 100, after: 200 },
      { key: 'approve', before: 'never', after: 'on-cost' },
    ],
  })
})
