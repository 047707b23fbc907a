import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { RunEvent } from '../core/events.ts'
import type { Usage } from '../core/usage.ts'
import type { ToldEvent } from './deps.ts'
import { type TallyOptions, tallyOf } from './tally.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

const memory = (bytes: number): Usage => ({ processes: [{ what: 'trainer', bytes }], gpus: [] })

/** A stage that is looked at once a tick. */
const world = ({ usage = async () => memory(1), ...more }: Partial<TallyOptions> = {}) => {
  const told: ToldEvent[] = []
  const options = {
    config: { budget: { minutes: 60, tokens: 0, money: 0, diskGb: 10 } },
    files: { dir: `${tmpdir()}/no-such-run` },
    minutes: () => 1,
    gateway: undefined,
    everyMs: 1000,
    before: [],
    usage,
    ...more,
  } as unknown as TallyOptions
  const tallying = tallyOf(options).begin((event) => told.push(event))
  return { told, tallying, options, tick: () => vi.advanceTimersByTimeAsync(1000) }
}

test('memory is told when it has moved by a twentieth, and not before', async () => {
  const bytes = [1000, 1020, 1060, 1060]
  const { told, tick } = world({ usage: async () => memory(bytes.shift()!) })
  for (let n = 0; n < 4; n += 1) await tick()
  expect(told).toEqual([1000, 1060].map((bytes) => ({ type: 'machine.sampled', data: memory(bytes) })))
})

test('a process that comes or goes is told, and a machine that tells nothing is not', async () => {
  const [none, server]: Usage[] = [
    { processes: [], gpus: [] },
    { processes: [{ what: 'server', bytes: 5 }], gpus: [] },
  ]
  const seen = [none, server, none]
  const { told, tick } = world({ usage: async () => seen.shift()! })
  for (let n = 0; n < 3; n += 1) await tick()
  expect(told.map(({ data }) => data)).toEqual([server, none])
})

test('a look that is still going on when the stage ends tells nothing any more', async () => {
  let answer = (_: Usage) => {}
  const { told, tallying, tick } = world({ usage: () => new Promise((resolve) => (answer = resolve)) })
  await tick()
  tallying.stop()
  answer(memory(1))
  await tick()
  expect(told).toEqual([])
})

test('a look that fails ends nothing', async () => {
  const { told, tick } = world({
    usage: vi.fn().mockRejectedValueOnce(new Error('unreadable')).mockResolvedValue(memory(1)),
  })
  await tick()
  await tick()
  expect(told).toHaveLength(1)
})

test('four fifths of a limit ring once; another limit rings anew, also in the next process', async () => {
  let [minutes, money] = [40, 0]
  const gateway = { spent: () => ({ tokens: 0, money }) } as unknown as NonNullable<TallyOptions['gateway']>
  const { told, tick, options } = world({ minutes: () => minutes, gateway })
  const rung = () => told.flatMap((event) => (event.type === 'budget.near' ? [event.data] : []))
  await tick()
  expect(rung()).toEqual([])
  minutes = 48
  await tick()
  await tick()
  expect(rung()).toEqual([{ which: 'minutes', limit: 60, spent: 48 }])
  Object.assign(options.config.budget, { minutes: 50, money: 1 })
  money = 0.9
  await tick()
  expect(rung().slice(1)).toEqual([
    { which: 'minutes', limit: 50, spent: 48 },
    { which: 'money', limit: 1, spent: 0.9 },
  ])
  const later = world({ ...options, before: told as unknown as RunEvent[] })
  await later.tick()
  expect(later.told.map(({ type }) => type)).toEqual(['machine.sampled'])
})

test('the budget is told with its limits as they stand', async () => {
  const { told, tallying } = world()
  await tallying.tell()
  expect(told).toEqual([
    {
      type: 'budget.spent',
      data: {
        ...{ minutes: 1, tokens: 0, money: 0, diskGb: 0 },
        limits: { minutes: 60, tokens: 0, money: 0, diskGb: 10 },
      },
    },
  ])
})
