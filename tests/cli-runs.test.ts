import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ComparedRuns } from '../src/commands/compare.ts'
import { RunStore } from '../src/core/store.ts'
import { folder, makeRun, whet } from './cli-fixture.ts'

const base = { call: 2, ask: 1, best: 0 }
const uniform = { call: 8, ask: 5, best: 1 }
const errorOf = (stdout: string) => (JSON.parse(stdout) as { error: { code: string } }).error

/** Two arms from one state behind round 1; the aimed one gained on what it aimed at. */
const twoArms = async () => {
  const dir = await folder()
  await makeRun(dir, 'aimed', [base, uniform, { call: 9, ask: 14, best: 2, aims: true }])
  await makeRun(dir, 'even', [base, uniform, { call: 10, ask: 8, best: 2 }])
  return dir
}

describe('status and runs', () => {
  test('show base and best of every target, and what to type next', async () => {
    const { code, stdout } = await whet(await twoArms(), ['status', 'aimed'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/full-call\s+7\.5 %\s+57\.5 %/)
    expect(stdout).toMatch(/asks · kind=ask\s+5\.0 %\s+70\.0 %.*pass/)
    expect(stdout).toContain('whet report aimed')
  })

  test('list every run', async () => {
    const { stdout } = await whet(await twoArms(), ['runs', '--json'])
    const { runs } = JSON.parse(stdout) as { runs: { run: string; best: number }[] }
    expect(runs.map(({ run, best }) => [run, best]).sort()).toEqual([
      ['aimed', 2],
      ['even', 2],
    ])
  })

  test('listed again, each run is as it is now: at work, waiting for a person, ended', async () => {
    const dir = await twoArms()
    const listed = async () => {
      const { runs } = JSON.parse((await whet(dir, ['runs', '--json'])).stdout) as {
        runs: { run: string; status: string; waiting?: string }[]
      }
      const { status, waiting } = runs.find(({ run }) => run === 'even')!
      return [status, waiting]
    }
    expect(await listed()).toEqual(['finished', undefined])
    const store = RunStore.open(path.join(dir, '.whetstone', 'runs', 'even', 'run.sqlite'))
    const lease = store.acquire({ pid: process.pid, host: hostname() })
    store.append({ run: 'even', type: 'run.resumed', data: {} })
    expect(await listed()).toEqual(['running', undefined])
    store.append({ run: 'even', round: 3, type: 'approval.requested', data: { what: 'generate of round 3' } })
    expect(await listed()).toEqual(['running', 'generate of round 3'])
    store.append({ run: 'even', type: 'run.stopped', data: { reason: 'person', detail: 'test' } })
    lease.release()
    expect(await listed()).toEqual(['stopped', undefined])
    expect(await listed()).toEqual(['stopped', undefined])
    store.close()
  })

  test('an unknown run names the nearest one', async () => {
    const said = await whet(await twoArms(), ['status', 'aimd'])
    expect(said.code).toBe(2)
    expect(said.stderr).toContain('Did you mean "aimed"?')
  })

  test('no path leaves the workspace by a run name', async () => {
    const said = await whet(await twoArms(), ['status', '../../etc', '--json'])
    expect([said.code, errorOf(said.stdout).code]).toEqual([2, 'bad-run-name'])
  })
})

describe('compare', () => {
  const compared = async (words: string[]) =>
    JSON.parse((await whet(await twoArms(), ['compare', ...words, '--json'])).stdout) as ComparedRuns

  test('gives first minus second on common items, by criterion and tag, with intervals', async () => {
    const { items, criteria, tags } = await compared(['aimed', 'even'])
    expect(items).toBe(40)
    expect(criteria.find(({ criterion }) => criterion === 'full-call')!.difference).toBeCloseTo(5 / 40)
    const ask = tags.find(({ where }) => where.kind?.[0] === 'ask')!
    expect(ask.difference).toBeCloseTo(6 / 20)
    expect(ask.low!).toBeLessThan(ask.difference!)
    expect(ask.high!).toBeGreaterThan(ask.difference!)
  })

  test('sets the tags that the analyst named against the others, since the state that both began from', async () => {
    const { aimed } = await compared(['aimed', 'even'])
    expect(aimed).toMatchObject({ by: 'aimed', shared: true, start: 1, tags: [{ kind: ['ask'] }] })
    expect(aimed!.named.firstRise.difference).toBeCloseTo(9 / 20)
    expect(aimed!.named.secondRise.difference).toBeCloseTo(3 / 20)
    expect(aimed!.named.between.difference).toBeCloseTo(6 / 20)
    expect(aimed!.unnamed.between.difference).toBeCloseTo(-1 / 20)
    expect(aimed!.contrast.difference).toBeCloseTo(7 / 20)
    expect(aimed!.contrast.low!).toBeLessThan(aimed!.contrast.difference!)
  })

  test('takes RUN:ROUND', async () => {
    const { first, criteria } = await compared(['aimed:1', 'even:1'])
    expect(first.round).toBe(1)
    expect(criteria[0]!.difference).toBe(0)
  })

  test('a round without replies is told', async () => {
    const said = await whet(await twoArms(), ['compare', 'aimed:7', 'even', '--json'])
    expect([said.code, errorOf(said.stdout).code]).toEqual([2, 'not-evaluated'])
  })

  test('shows no gate item, only rates', async () => {
    const dir = await twoArms()
    for (const words of [
      ['compare', 'aimed', 'even'],
      ['compare', 'aimed', 'even', '--json'],
      ['status', '--json'],
    ])
      expect((await whet(dir, words)).stdout).not.toMatch(/secret of the gate|item-\d/)
  })
})

describe('clean', () => {
  test('--dry tells what it would free and deletes nothing', async () => {
    const dir = await folder()
    const files = await makeRun(dir, 'four', [base, uniform, { ...uniform, best: 1 }, { ...uniform, best: 1 }])
    const { stdout } = await whet(dir, ['clean', '--dry', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ dry: true, bytes: 16_000, kept: [{ run: 'four', rounds: [1, 3] }] })
    expect(existsSync(files.round(2).model)).toBe(true)
  })

  test('keeps the best, the last, and every row, reply and log', async () => {
    const dir = await folder()
    const files = await makeRun(dir, 'four', [base, uniform, { ...uniform, best: 1 }, { ...uniform, best: 1 }])
    expect((await whet(dir, ['clean'])).stdout).toContain('Freed 16 kB')
    expect([0, 1, 2, 3].map((n) => existsSync(files.round(n).model))).toEqual([false, true, false, true])
    expect([1, 2, 3].map((n) => existsSync(files.round(n).adapter))).toEqual([true, false, true])
    expect(existsSync(files.round(2).evaluation('gate'))).toBe(true)
    expect(existsSync(path.join(files.round(2).train, 'result.json'))).toBe(true)
  })

  test('leaves a run alone that a process works on', async () => {
    const dir = await folder()
    const files = await makeRun(dir, 'owned', [base, uniform, uniform])
    const store = RunStore.open(files.database)
    const lease = store.acquire({ pid: process.pid, host: hostname() })
    expect(JSON.parse((await whet(dir, ['clean', '--json'])).stdout)).toMatchObject({ bytes: 0, skipped: ['owned'] })
    expect((await whet(dir, ['clean', 'owned'])).code).toBe(4)
    lease.release()
    store.close()
  })
})

describe('orders', () => {
  test('go into the inbox of a run that a process works on', async () => {
    const dir = await folder()
    const files = await makeRun(dir, 'owned', [base])
    const store = RunStore.open(files.database)
    const lease = store.acquire({ pid: process.pid, host: hostname() })
    const answering = setInterval(() => {
      for (const { id, verb } of store.pending())
        if (store.take(id)) store.append({ run: 'owned', type: 'order.taken', data: { id, verb, answer: 'pausing' } })
    }, 20)
    const { code, stdout } = await whet(dir, ['pause', '--json'])
    clearInterval(answering)
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { run: 'owned', verb: 'pause', answer: 'pausing' }])
    lease.release()
    store.close()
  })

  test.each(['pause', 'stop', 'approve'])('%s is refused where nobody works on the run', async (verb) => {
    const dir = await folder()
    await makeRun(dir, 'idle', [base])
    const said = await whet(dir, [verb, '--json'])
    expect([said.code, errorOf(said.stdout).code]).toEqual([4, 'run-not-running'])
  })
})
