import { setMaxListeners } from 'node:events'
import { WhetError } from '../src/core/errors.ts'
import { studentOf } from '../src/core/fleet/student.ts'
import { mulberry32, seedFrom } from '../src/core/random.ts'
import { type Student, scriptedStudent } from '../src/core/student.ts'
import { type Behaviour, scriptedEndpoint } from '../tests/support/scripted-endpoint.ts'
import { VirtualTime } from '../tests/support/virtual-time.ts'
import type { Figure } from './index.ts'

const [rows, peerRows] = [1_000_000, 100_000]
/** Rows that wait in the queue at once: more only takes memory. */
const ahead = 2_000
const [slots, usualMs, slowMs, timeoutMs] = [8, 800, 4_000, 60_000]
const minute = 60_000

/** When the dying one is ill, in minutes: it hangs, refuses, hangs again, and then it is gone. */
const spells: readonly (readonly [from: number, to: number, Behaviour])[] = [
  [10, 20, 'silent'],
  [45, 75, 'failing'],
  [120, 125, 'silent'],
  [200, Number.POSITIVE_INFINITY, 'failing'],
]
const dyingAt = (now: number): Behaviour =>
  spells.find(([from, to]) => now >= from * minute && now < to * minute)?.[2] ?? 'well'

const scripts = [
  ...Array.from({ length: 6 }, (_, n) => ({ name: `e${n + 1}`, ms: usualMs })),
  { name: 'slow', ms: slowMs },
  { name: 'dying', ms: usualMs, at: dyingAt },
]

/**
 * One million scenarios over eight endpoints in virtual time: hours in a minute. The scheduler, its health checks and its
 * reading of errors are the product's; endpoints and time are simulated. Efficiency is work done over capacity available: rows, over
 * the rows that all endpoints could have answered in that time with every slot busy while they were well.
 */
export const fleet = async (): Promise<Figure[]> => {
  const ours = await simulated(rows, (time, endpoints) => {
    const student = studentOf(endpoints, { clock: time })
    return (signal, row) => student.fleet!.run(signal, (one, within) => ask(one, row, within))
  })
  const even = await simulated(peerRows, (_, endpoints) => {
    const turns = endpoints.map(() => ({ free: slots, queue: [] as (() => void)[] }))
    return async (signal, row) => {
      // an even split: each endpoint its eighth, again at the next one where it fails
      for (let at = row; ; at += 1) {
        const turn = turns[at % turns.length]!
        if (turn.free === 0) await new Promise<void>((resolve) => turn.queue.push(resolve))
        else turn.free -= 1
        try {
          return await ask(endpoints[at % endpoints.length]!.use, row, signal)
        } catch {
        } finally {
          const next = turn.queue.shift()
          if (next) next()
          else turn.free += 1
        }
      }
    }
  })
  return [
    {
      name: 'fleet of 8, one slow, one dying',
      value: ours.efficiency * 100,
      unit: '%',
      note: `efficiency: rows / rows that the endpoints could have answered; aim 90; ${ours.hours.toFixed(1)} simulated hours`,
    },
    {
      name: '  rows answered exactly once',
      value: ours.once,
      unit: 'rows',
      note: `of ${rows.toLocaleString('en')}; ${ours.twice} twice, ${rows - ours.once - ours.twice} never; by endpoint ${ours.shares}`,
    },
    {
      name: '  rows sent again',
      value: ours.again,
      unit: 'rows',
      note: 'failed, or under way where an endpoint was taken out',
    },
    {
      name: '  scheduler',
      value: rows / ours.cpuSeconds,
      unit: 'rows/s',
      note: 'a second of processor time, simulation included',
    },
    {
      name: '  peer: an even split',
      value: even.efficiency * 100,
      unit: '%',
      note: `round robin with the same slots, ${peerRows.toLocaleString('en')} rows; ${even.hours.toFixed(1)} hours`,
    },
  ]
}

type Endpoints = ReturnType<typeof endpointsIn>
type Asks = (signal: AbortSignal, row: number) => Promise<unknown>

const simulated = async (count: number, make: (time: VirtualTime, endpoints: Endpoints) => Asks) => {
  const time = new VirtualTime()
  const answers = new Uint8Array(count)
  const byEndpoint = new Map<string, number>()
  const endpoints = endpointsIn(time)
  const asks = make(time, endpoints)
  const { signal } = new AbortController()
  setMaxListeners(0, signal) // one listener a row under way
  let next = 0
  const feeder = async () => {
    while (next < count) {
      const row = next
      next += 1
      const name = String(await asks(signal, row))
      answers[row]! += 1
      byEndpoint.set(name, (byEndpoint.get(name) ?? 0) + 1)
    }
  }
  const began = process.cpuUsage()
  await time.until(Promise.all(Array.from({ length: ahead }, feeder)))
  const { user, system } = process.cpuUsage(began)
  const rowsWith = (holds: (n: number) => boolean) => answers.reduce((sum, n) => sum + Number(holds(n)), 0)
  const ms = time.now()
  const calls = endpoints.reduce((sum, { counts }) => sum + counts.calls, 0)
  return {
    efficiency: count / capacity(ms),
    once: rowsWith((n) => n === 1),
    twice: rowsWith((n) => n > 1),
    again: calls - count,
    hours: ms / 3_600_000,
    cpuSeconds: (user + system) / 1e6,
    shares: scripts.map(({ name }) => `${name} ${((byEndpoint.get(name) ?? 0) / 1000).toFixed(0)}k`).join(' '),
  }
}

/** Rows that the endpoints can answer in so many milliseconds, every slot busy while they are well. */
const capacity = (ms: number): number =>
  scripts.reduce((sum, { ms: each, ...script }) => {
    const ill =
      'at' in script ? spells.reduce((lost, [from, to]) => lost + overlap(from * minute, to * minute, ms), 0) : 0
    return sum + (slots * (ms - ill)) / each
  }, 0)

const overlap = (from: number, to: number, end: number) => Math.max(0, Math.min(to, end) - from)

/** Endpoints as students: half to one and a half times the usual time for a row, by its number; silence ends at the caller's time limit. */
const endpointsIn = (time: VirtualTime) =>
  scripts.map((script) => {
    const endpoint = scriptedEndpoint({ slots, silentMs: timeoutMs, ...script }, time, unreachable)
    const student: Student = scriptedStudent(async (messages, _, { signal }) => {
      const row = Number(messages[0]!.content)
      const ms = script.ms * (0.5 + mulberry32(seedFrom('row', row))())
      const content = await endpoint.use.answer(signal, ms)
      return { role: 'assistant', content }
    }, script.name)
    return { ...endpoint, use: student, counts: endpoint.use.counts }
  })

const ask = async (student: Student, row: number, signal: AbortSignal): Promise<string> => {
  const { turn } = await student.reply([{ role: 'user', content: String(row) }], [], {
    signal,
    maxTokens: 1,
    seed: row,
  })
  return turn.content
}

const unreachable = (name: string) =>
  new WhetError({ code: 'student-unreachable', message: `${name} cannot be reached`, fixedBy: 'service' })
