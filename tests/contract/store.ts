/** What every store of a run must keep: numbers without holes, orders taken once, one owner. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { NewEvent } from '../../src/core/events.ts'
import type { RunStore } from '../../src/core/store.ts'

const me = { pid: process.pid, host: hostname() }
/** Hosts whose processes cannot be seen from here: only their signs of life count. */
const elsewhere = (name: string) => ({ pid: 1, host: `${name}-${randomUUID()}` })
const warning = (message: string): NewEvent => ({ run: 'r', type: 'warning', data: { code: 'w', message } })

/** @param open  opens the store of a file, making it where it is missing */
export const storeContract = (name: string, open: (file: string) => RunStore) => {
  const opened: RunStore[] = []
  const freshFile = () => join(mkdtempSync(join(tmpdir(), 'whet-store-')), 'run.sqlite')
  const fresh = (file = freshFile()) => {
    const store = open(file)
    opened.push(store)
    return store
  }
  afterEach(() => {
    for (const store of opened.splice(0)) store.close()
  })

  describe(`${name} keeps the store contract: events`, () => {
    test('numbers events from one, without holes', () => {
      const store = fresh()
      const numbers = ['a', 'b', 'c'].map((message) => store.append(warning(message)).seq)
      expect(numbers).toEqual([1, 2, 3])
    })

    test('gives back what was appended, with a number and a time', () => {
      const store = fresh()
      const event: NewEvent = {
        run: 'r',
        round: 2,
        stage: 'evaluate',
        type: 'eval.progress',
        data: { split: 'dev', done: 1, total: 60 },
      }
      const appended = store.append(event)
      expect(store.events()).toEqual([appended])
      expect(appended).toEqual({ ...event, seq: 1, at: expect.stringMatching(/^\d{4}-.*Z$/) })
    })

    test('a refused event leaves no hole', () => {
      const store = fresh()
      store.append(warning('first'))
      expect(() => store.append({ run: 'r', type: 'no.such', data: {} } as unknown as NewEvent)).toThrow(
        expect.objectContaining({ code: 'bad-event' }),
      )
      expect(store.append(warning('second')).seq).toBe(2)
    })

    test('reads on from a number, by type, and no more than asked for', () => {
      const store = fresh()
      store.append({ run: 'r', type: 'run.resumed', data: {} })
      for (const message of ['a', 'b', 'c']) store.append(warning(message))
      expect(store.events({ since: 2 }).map(({ seq }) => seq)).toEqual([3, 4])
      expect(store.events({ types: ['warning'], limit: 2 }).map(({ seq }) => seq)).toEqual([2, 3])
      expect(store.events({ types: [] })).toEqual([])
    })

    test('another connection sees an event at once, and a reopened file still has it', () => {
      const file = freshFile()
      const [writer, reader] = [fresh(file), fresh(file)]
      writer.append(warning('a'))
      expect(reader.events()).toHaveLength(1)
      expect(fresh(file).append(warning('b')).seq).toBe(2)
    })
  })

  describe(`${name} keeps the store contract: inbox`, () => {
    test('orders wait in the sequence in which they were given', () => {
      const store = fresh()
      const given = [store.order('pause', null, 'cli'), store.order('budget', { minutes: 90 }, 'chat')]
      expect(store.pending()).toEqual(given)
    })

    test('an order is taken once', () => {
      const file = freshFile()
      const [one, other] = [fresh(file), fresh(file)]
      const { id } = one.order('stop', null, 'cli')
      expect([one.take(id), other.take(id), one.take('no-such-order')]).toEqual([true, false, false])
      expect(other.pending()).toEqual([])
    })

    test('taking an order appends its answer, once', () => {
      const store = fresh()
      const { id } = store.order('pause', null, 'cli')
      const answer: NewEvent = {
        run: 'r',
        type: 'order.taken',
        data: { id, verb: 'pause', answer: 'paused after this stage' },
      }
      store.take(id, answer)
      store.take(id, answer)
      expect(store.events()).toMatchObject([answer])
    })

    test('a wrong answer leaves the order in the inbox', () => {
      const store = fresh()
      const { id } = store.order('pause', null, 'cli')
      const wrong = { run: 'r', type: 'order.taken', data: { id } } as unknown as NewEvent
      expect(() => store.take(id, wrong)).toThrow(expect.objectContaining({ code: 'bad-event' }))
      expect(store.pending()).toMatchObject([{ id }])
    })

    test.each([
      ['an unknown verb', 'explode', null],
      ['arguments that JSON does not have', 'guide', undefined],
      ['arguments without measure', 'guide', 'x'.repeat(20_000)],
    ])('refuses an order with %s', (_, verb, args) => {
      const store = fresh()
      expect(() => store.order(verb as 'guide', args as string, 'chat')).toThrow(
        expect.objectContaining({ code: 'bad-order', exit: 2 }),
      )
      expect(store.pending()).toEqual([])
    })
  })

  describe(`${name} keeps the store contract: lease`, () => {
    test('a run that nobody owns has no holder', () => {
      expect(fresh().leaseHolder()).toBeUndefined()
    })

    test('the owner is seen by others', () => {
      const file = freshFile()
      fresh(file).acquire(me)
      expect(fresh(file).leaseHolder()).toMatchObject({ ...me, alive: true })
    })

    test('a live owner keeps the run', () => {
      const file = freshFile()
      fresh(file).acquire(elsewhere('a'))
      expect(() => fresh(file).acquire(me)).toThrow(expect.objectContaining({ code: 'run-owned', exit: 4 }))
    })

    test('a released run is free, and releasing twice harms nobody', () => {
      const file = freshFile()
      const [one, other] = [fresh(file), fresh(file)]
      const lease = one.acquire(me)
      lease.release()
      const next = other.acquire(me)
      lease.release()
      expect(() => next.heartbeat()).not.toThrow()
    })

    test('an owner on another host that gives no sign of life is replaced', () => {
      const file = freshFile()
      const gone = elsewhere('gone')
      fresh(file).acquire(gone)
      const lease = fresh(file).acquire(me, { staleMs: 0 })
      expect(lease.tookOver).toMatchObject({ ...gone, alive: false })
    })

    test('an owner that was replaced learns it and can write no more', () => {
      const file = freshFile()
      const [old, other] = [fresh(file), fresh(file)]
      const lease = old.acquire(me)
      const { id } = other.order('stop', null, 'cli')
      other.acquire(elsewhere('new'), { staleMs: 0 })
      const lost = expect.objectContaining({ code: 'lease-lost', exit: 4 })
      expect(() => lease.heartbeat()).toThrow(lost)
      expect(() => old.append(warning('late'))).toThrow(lost)
      expect(() => old.take(id)).toThrow(lost)
      expect(other.events()).toEqual([])
    })

    test('a store that owns nothing may still give orders', () => {
      const file = freshFile()
      fresh(file).acquire(me)
      expect(fresh(file).order('pause', null, 'web')).toMatchObject({ verb: 'pause' })
    })
  })
}
