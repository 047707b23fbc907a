import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Behaviour, type EndpointScript, scriptedEndpoint } from '../../../tests/support/scripted-endpoint.ts'
import { VirtualTime } from '../../../tests/support/virtual-time.ts'
import { Fleet, type FleetChange } from './fleet.ts'
import type { Fault } from './standing.ts'

class Ill extends Error {}
class Wrong extends Error {}
class Full extends Error {
  constructor(readonly pauseMs?: number) {
    super('full')
  }
}
class Refused extends Error {}

const faultOf = (error: unknown): Fault | undefined => {
  if (error instanceof Full) return { kind: 'busy', pauseMs: error.pauseMs }
  if (error instanceof Refused) return { kind: 'refused' }
  return error instanceof Ill ? { kind: 'failed' } : undefined
}

const fleetOf = (...scripts: (Partial<EndpointScript> & { name: string })[]) => {
  const time = new VirtualTime()
  const endpoints = scripts.map((script) =>
    scriptedEndpoint({ slots: 2, ms: 100, ...script }, time, (name) => new Ill(`${name} is ill`)),
  )
  const changes: (FleetChange & { at: number })[] = []
  const fleet = new Fleet({
    endpoints,
    clock: time,
    faultOf,
    noneLeft: (last) => new Error(`none left: ${(last as Error).message}`),
    onChange: (change) => changes.push({ ...change, at: time.now() }),
  })
  const uses = endpoints.map(({ use }) => use)
  const { signal } = new AbortController()
  /** So many pieces of work at once; the names of the endpoints that answered. */
  const work = (count: number) =>
    time.until(Promise.all(Array.from({ length: count }, () => fleet.run(signal, (use, within) => use.answer(within)))))
  const countOf = (answers: readonly string[], name: string) => answers.filter((one) => one === name).length
  return { time, fleet, uses, changes, work, countOf, signal }
}

const during = (from: number, to: number, behaviour: Behaviour) => (now: number) =>
  now >= from && now < to ? behaviour : 'well'

test('a slow endpoint gets as much less as it is slower', async () => {
  const { work, countOf } = fleetOf({ name: 'fast', ms: 100 }, { name: 'slow', ms: 500 })
  const answers = await work(600)
  expect(countOf(answers, 'slow')).toBeGreaterThan(90)
  expect(countOf(answers, 'slow')).toBeLessThan(105)
})

test('the last pieces go to the fast one, where waiting for it takes less time than the slow one', async () => {
  const { work, time } = fleetOf({ name: 'fast', ms: 100 }, { name: 'slow', ms: 60_000 })
  await work(4)
  const before = time.now()
  const answers = await work(40)
  expect(answers).not.toContain('slow')
  expect(time.now() - before).toBe(2000)
})

test('never more at an endpoint than it has slots', async () => {
  const { work, uses } = fleetOf({ name: 'a', slots: 3 }, { name: 'b', slots: 1 })
  await work(50)
  expect(uses.map(({ counts }) => counts.mostAtWork)).toEqual([3, 1])
})

test('one that fails three times in a row is taken out, its work is done by others, and it comes back when it is well', async () => {
  const { work, countOf, changes, uses } = fleetOf(
    { name: 'good' },
    { name: 'dying', at: during(1_000, 60_000, 'failing') },
  )
  const answers = await work(4000)
  expect(answers).toHaveLength(4000)
  expect(changes.map(({ name, state }) => `${name} ${state}`)).toEqual(['dying out', 'dying back'])
  expect(changes[0]).toMatchObject({ why: 'dying is ill', restMs: 5000 })
  expect(changes[1]!.at).toBeGreaterThanOrEqual(60_000)
  // looked at after 5, 10, 20 and 40 seconds, and not tried with work while its checks fail
  expect(uses[1]!.counts.checks).toBeLessThan(10)
  expect(countOf(answers, 'dying')).toBeGreaterThan(300)
})

test('what is under way at an endpoint that has gone silent goes to others', async () => {
  const { work, countOf, changes, time } = fleetOf(
    { name: 'good' },
    { name: 'hanging', at: (now) => (now >= 1_000 ? 'silent' : 'well') },
  )
  const answers = await work(400)
  expect(answers).toHaveLength(400)
  expect(changes[0]).toMatchObject({ name: 'hanging', state: 'out', why: 'no answer to a health check within 5 s' })
  expect(countOf(answers, 'hanging')).toBeLessThan(25)
  expect(time.now()).toBeLessThan(25_000)
})

test('an endpoint that is not there at the start gets nothing and harms nobody', async () => {
  const { work, uses, changes } = fleetOf({ name: 'good' }, { name: 'absent', at: () => 'failing' })
  expect(await work(100)).toEqual(Array(100).fill('good'))
  expect(uses[1]!.counts.calls).toBe(0)
  expect(changes).toHaveLength(1)
})

test('after a rest it is tried with one piece of work, however many slots it has', async () => {
  let atOnce = 0
  const { work, uses } = fleetOf(
    { name: 'good', slots: 1 },
    {
      name: 'half-dead', // its checks are well and its answers are not
      slots: 4,
      at: (now) => {
        if (now > 5_000) atOnce = Math.max(atOnce, uses[1]!.counts.atWork)
        return now > 1_000 ? 'failing' : 'well'
      },
      checkAt: () => 'well',
    },
  )
  expect(await work(400)).toHaveLength(400)
  expect(atOnce).toBe(1)
  expect(uses[1]!.counts.mostAtWork).toBe(4)
})

test("the work's own failure is its caller's, and says nothing against the endpoint", async () => {
  const { fleet, signal, time, changes, work } = fleetOf({ name: 'a' })
  const wrong = () =>
    fleet.run(signal, async () => {
      throw new Wrong('too long')
    })
  for (let n = 0; n < 5; n += 1) await expect(time.until(wrong())).rejects.toThrow('too long')
  expect(changes).toEqual([])
  expect(await work(1)).toEqual(['a'])
})

test('a piece of work at which everybody fails ends with its own error, and the endpoints stay', async () => {
  const { fleet, signal, time, changes, work } = fleetOf({ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' })
  await work(8)
  const at: string[] = []
  const poisoned = fleet.run(signal, async ({ name }) => {
    at.push(name)
    throw new Ill('it chokes on this')
  })
  await expect(time.until(poisoned)).rejects.toThrow('it chokes on this')
  expect(new Set(at).size).toBe(3)
  expect(changes).toEqual([])
  expect(await work(8)).toHaveLength(8)
})

test('one that refuses is out at once, and its work is done elsewhere', async () => {
  const { fleet, signal, time, changes } = fleetOf({ name: 'wrong-model' }, { name: 'good' })
  const asked = Array.from({ length: 20 }, () =>
    fleet.run(signal, async (use, within) => {
      if (use.name === 'wrong-model') throw new Refused('no such model')
      return use.answer(within)
    }),
  )
  expect(new Set(await time.until(Promise.all(asked)))).toEqual(new Set(['good']))
  expect(changes).toEqual([expect.objectContaining({ name: 'wrong-model', state: 'out', why: 'no such model' })])
})

test('one that asks for a pause gets it, and stays in', async () => {
  const { fleet, signal, time, changes } = fleetOf({ name: 'limited', slots: 1 })
  const at: number[] = []
  const asked = Array.from({ length: 3 }, () =>
    fleet.run(signal, async (use, within) => {
      at.push(time.now())
      if (at.length === 1) throw new Full(7000)
      return use.answer(within)
    }),
  )
  expect(await time.until(Promise.all(asked))).toEqual(['limited', 'limited', 'limited'])
  expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(7000)
  expect(changes).toEqual([])
})

test('where nobody ever answered, work is given up at once', async () => {
  const { work, time } = fleetOf({ name: 'a', at: () => 'failing' }, { name: 'b', at: () => 'failing' })
  await expect(work(3)).rejects.toThrow('none left: b is ill')
  expect(time.now()).toBeLessThan(1000)
})

test('where all have gone, work waits a minute for one of them to come back', async () => {
  const back = fleetOf({ name: 'a', at: during(1_000, 40_000, 'failing') })
  expect(await back.work(100)).toHaveLength(100)
  const gone = fleetOf({ name: 'a', at: (now) => (now > 1_000 ? 'failing' : 'well') })
  await expect(gone.work(100)).rejects.toThrow('none left')
  expect(gone.time.now()).toBeGreaterThan(60_000)
  expect(gone.time.now()).toBeLessThan(75_000)
})

test('an abort lets go of what waits and of what is under way', async () => {
  const { fleet, work, uses } = fleetOf({ name: 'a' })
  await work(1)
  const stop = new AbortController()
  const asked = Array.from({ length: 5 }, () => fleet.run(stop.signal, (use, within) => use.answer(within)))
  expect(uses[0]!.counts.atWork).toBe(2)
  stop.abort(new Error('enough'))
  for (const end of await Promise.allSettled(asked))
    expect(end).toMatchObject({ status: 'rejected', reason: { message: 'enough' } })
  expect(uses[0]!.counts.atWork).toBe(0)
})

test('whatever the endpoints do, each piece of work ends once and is never at two of them at a time', async () => {
  const script = fc.record({
    slots: fc.integer({ min: 1, max: 4 }),
    ms: fc.integer({ min: 1, max: 5_000 }),
    spells: fc.array(
      fc.record({
        from: fc.integer({ min: 0, max: 200_000 }),
        lasts: fc.integer({ min: 1, max: 100_000 }),
        behaviour: fc.constantFrom<Behaviour>('failing', 'silent'),
      }),
      { maxLength: 3 },
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 4 }), async (scripts) => {
      const at = (spells: (typeof scripts)[number]['spells']) => (now: number) =>
        spells.find(({ from, lasts }) => now >= from && now < from + lasts)?.behaviour ?? 'well'
      const well = { name: 'well', slots: 1, ms: 50 }
      const { fleet, time, signal, uses } = fleetOf(
        well,
        ...scripts.map(({ spells, ...of }, n) => ({ name: `e${n}`, ...of, at: at(spells) })),
      )
      const underWay = Array<number>(60).fill(0)
      const ends = Array<number>(60).fill(0)
      const asked = underWay.map((_, n) =>
        fleet.run(
          signal,
          async (use, within) => {
            underWay[n]! += 1
            expect(underWay[n]).toBe(1)
            try {
              await use.answer(within)
              ends[n]! += 1
            } finally {
              underWay[n]! -= 1
            }
          },
          { tries: 1000 },
        ),
      )
      await time.until(Promise.all(asked))
      expect(ends).toEqual(Array(60).fill(1))
      const most = [1, ...scripts.map(({ slots }) => slots)]
      for (const [n, { counts }] of uses.entries()) expect(counts.mostAtWork).toBeLessThanOrEqual(most[n]!)
    }),
    { numRuns: 60, seed: 7 },
  )
})
