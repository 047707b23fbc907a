import { hostname } from 'node:os'
import { messageOf } from '../core/errors.ts'
import type { NewEvent, RunEvent } from '../core/events.ts'
import { type Order, RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'
import type { ToldEvent } from './deps.ts'
import { type Budget, budgetAfter, type Door, type Guidance, guidanceIn, type Reaction, react } from './orders.ts'

/** Why a run stands still although nothing failed. */
export class Halt extends Error {
  constructor(
    readonly kind: 'paused' | 'stopped' | 'interrupted',
    readonly by: string,
  ) {
    super(`the run was ${kind} by ${by}`)
    this.name = 'Halt'
  }
}

export interface SessionOptions {
  readonly files: RunFiles
  readonly signal?: AbortSignal // now: Ctrl-C twice
  readonly drain?: AbortSignal // at the next safe point: Ctrl-C once
  readonly budget?: Budget // of the config; orders change it in place
  onEvent?(event: RunEvent): void
}

const heartbeatMs = 500
/** A person who gives an order waits for its answer; looking is a read, a sign of life a write. */
const lookMs = 100

/**
 * One process's hold on a run: the lease, the event log and the inbox. Orders are looked for ten times a second; `pause`,
 * `stop` and Ctrl-C abort `signal`, which every stage obeys where it can go on later.
 *
 * @throws {WhetError} run-owned when another live process has the run
 */
export class Session {
  readonly store: RunStore
  readonly #halt = new AbortController()
  readonly #lease
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #openedAt = Date.now()
  readonly #minutesBefore: number
  readonly #configured: Budget | undefined
  #waiting: { readonly door: Door; readonly since: number; readonly tell: (order: Order) => void } | undefined
  #waitedMs = 0
  #editing = false
  #closed = false

  constructor(private readonly options: SessionOptions) {
    this.store = RunStore.open(options.files.database)
    try {
      this.#lease = this.store.acquire({ pid: process.pid, host: hostname() })
    } catch (error) {
      this.store.close()
      throw error
    }
    const events = this.store.events()
    this.#minutesBefore = minutesWorked(events)
    this.#configured = options.budget && { ...options.budget }
    if (options.budget) Object.assign(options.budget, budgetAfter(options.budget, events))
    this.#timers = [
      setInterval(() => this.#orHalt(() => this.#lease.heartbeat()), heartbeatMs),
      setInterval(() => this.#look(), lookMs),
    ]
    const interrupt = () => this.halt(new Halt('interrupted', 'Ctrl-C'))
    for (const signal of [options.signal, options.drain]) {
      if (signal?.aborted) interrupt()
      signal?.addEventListener('abort', interrupt, { once: true })
    }
  }

  get signal(): AbortSignal {
    return this.#halt.signal
  }

  get halted(): Halt | undefined {
    return this.signal.reason instanceof Halt ? this.signal.reason : undefined
  }

  halt(why: unknown) {
    this.#halt.abort(why)
  }

  get run(): string {
    return this.options.files.name
  }

  /** Minutes of work in this run, this process and the earlier ones. Waiting for a person is no work. */
  minutes(): number {
    const waiting = this.#waiting ? Date.now() - this.#waiting.since : 0
    return this.#minutesBefore + (Date.now() - this.#openedAt - this.#waitedMs - waiting) / 60_000
  }

  /** Wall seconds of a round's finished stages, by stage. */
  stageSeconds(round: number): Record<string, number> {
    const seconds: Record<string, number> = {}
    for (const event of this.store.events({ types: ['stage.finished'] })) {
      if (event.type !== 'stage.finished' || event.round !== round || !event.stage) continue
      seconds[event.stage] = (seconds[event.stage] ?? 0) + event.data.ms / 1000
    }
    return seconds
  }

  emit(event: ToldEvent): void {
    const told = this.store.append({ ...event, run: this.options.files.name } as NewEvent)
    this.options.onEvent?.(told)
  }

  /** Resolves with the `approve` or `reject` that answers the last request for approval. */
  decision(door: Omit<Door, 'request'>): Promise<Order> {
    const request = this.store.events({ types: ['approval.requested'] }).at(-1)?.seq ?? 0
    return new Promise((resolve, reject) => {
      this.#waiting = { door: { request, ...door }, since: Date.now(), tell: resolve }
      this.signal.addEventListener('abort', () => reject(this.signal.reason), { once: true })
    })
  }

  /** What people told the analyst. */
  guidance(): Guidance[] {
    return guidanceIn(this.store.events({ types: ['guidance.given', 'guidance.withdrawn', 'spec.written'] }))
  }

  close() {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#lease.release()
    this.store.close()
  }

  #look() {
    this.#orHalt(() => {
      for (const order of this.store.pending()) {
        // what comes behind an edit is meant for the rows as they are then
        if (this.#editing && order.verb !== 'pause' && order.verb !== 'stop') continue
        this.#obey(order)
      }
    })
  }

  /** A lost lease halts: another process owns the run now, and this one must not write another line. */
  #orHalt(work: () => void) {
    try {
      work()
    } catch (error) {
      this.halt(error)
    }
  }

  #obey(order: Order) {
    const { door } = this.#waiting ?? {}
    if (order.verb === 'edit' && door?.edit) return this.#edit(order, door.edit)
    const events = this.store.events({ types: orderEvents })
    this.#answer(order, react(order, { door, events, budget: this.#configured }))
  }

  /** An edit is validated first, which takes a while; it is answered when that is done. */
  #edit(order: Order, edit: NonNullable<Door['edit']>) {
    this.#editing = true
    edit(order)
      .catch((error): Reaction => ({ answer: `not edited: ${messageOf(error)}` }))
      .then((reaction) => {
        if (!this.#closed) this.#answer(order, reaction)
      })
      .catch((error) => this.halt(error))
      .finally(() => {
        this.#editing = false
        if (!this.#closed) this.#look() // what came behind it has waited
      })
  }

  #answer(order: Order, reaction: Reaction) {
    const run = this.options.files.name
    const answer = {
      type: 'order.taken',
      run,
      data: { id: order.id, verb: order.verb, answer: reaction.answer },
    } as const
    const more = (reaction.events ?? []).map((event) => ({ ...event, run }) as NewEvent)
    const since = this.store.lastSeq()
    // taken and answered in one transaction: a crash between the two would leave an order without its answer
    if (!this.store.take(order.id, answer, ...more)) return
    for (const event of this.store.events({ since })) this.options.onEvent?.(event)
    if (this.#configured && this.options.budget)
      Object.assign(this.options.budget, budgetAfter(this.#configured, this.store.events({ types: orderEvents })))
    if (order.verb === 'pause') this.halt(new Halt('paused', order.by))
    if (order.verb === 'stop') this.halt(new Halt('stopped', order.by))
    if (reaction.opens) this.#open(order)
  }

  #open(order: Order) {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (!waiting) return
    this.#waitedMs += Date.now() - waiting.since
    waiting.tell(order)
  }
}

const orderEvents = ['order.taken', 'guidance.given', 'guidance.withdrawn', 'budget.changed'] as const

/** Sums the spans from each start or resume of a run to the last event before the next one, without the time that it waited for a person. */
export const minutesWorked = (events: readonly RunEvent[]): number => {
  let [total, start, last, asked] = [0, Number.NaN, Number.NaN, Number.NaN]
  for (const { type, at } of events) {
    const time = Date.parse(at)
    // the door is left with the next stage, or the next word of the run's process
    if (!Number.isNaN(asked) && (type === 'stage.started' || type.startsWith('run.'))) {
      total -= (type === 'run.resumed' ? last : time) - asked
      asked = Number.NaN
    }
    if (type === 'approval.requested') asked = time
    if (type === 'run.started' || type === 'run.resumed') {
      if (!Number.isNaN(start)) total += last - start
      start = time
    }
    last = time
  }
  const waiting = Number.isNaN(asked) ? 0 : last - asked
  return (total - waiting + (Number.isNaN(start) ? 0 : last - start)) / 60_000
}
