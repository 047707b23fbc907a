import { hostname } from 'node:os'
import type { NewEvent, RunEvent } from '../core/events.ts'
import { type Order, RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'
import type { ToldEvent } from './deps.ts'

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
  onEvent?(event: RunEvent): void
}

const heartbeatMs = 500

/**
 * One process's hold on a run: the lease, the event log and the inbox. Orders are looked for twice a second; `pause`,
 * `stop` and Ctrl-C abort `signal`, which every stage obeys where it can go on later.
 *
 * @throws {WhetError} run-owned when another live process has the run
 */
export class Session {
  readonly store: RunStore
  readonly #halt = new AbortController()
  readonly #lease
  readonly #timer
  readonly #openedAt = Date.now()
  readonly #minutesBefore: number
  readonly #waiting: ((order: Order) => void)[] = []

  constructor(private readonly options: SessionOptions) {
    this.store = RunStore.open(options.files.database)
    try {
      this.#lease = this.store.acquire({ pid: process.pid, host: hostname() })
    } catch (error) {
      this.store.close()
      throw error
    }
    this.#minutesBefore = minutesWorked(this.store.events())
    this.#timer = setInterval(() => this.#beat(), heartbeatMs)
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

  /** Minutes of work in this run, this process and the earlier ones. */
  minutes(): number {
    return this.#minutesBefore + (Date.now() - this.#openedAt) / 60_000
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

  /** Resolves with the next `approve` or `reject` of this run. */
  decision(): Promise<Order> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      this.signal.addEventListener('abort', () => reject(this.signal.reason), { once: true })
    })
  }

  close() {
    clearInterval(this.#timer)
    this.#lease.release()
    this.store.close()
  }

  #beat() {
    try {
      this.#lease.heartbeat()
      for (const order of this.store.pending()) this.#obey(order)
    } catch (error) {
      // a lost lease: another process owns the run now, and this one must not write another line
      this.halt(error)
    }
  }

  #obey(order: Order) {
    const data = { id: order.id, verb: order.verb, answer: this.#answer(order) }
    // taken and answered in one transaction: a crash between the two would leave an order without its answer
    if (!this.store.take(order.id, { type: 'order.taken', run: this.options.files.name, data })) return
    const told = this.store.events({ types: ['order.taken'] }).at(-1)
    if (told) this.options.onEvent?.(told)
    if (order.verb === 'pause') this.halt(new Halt('paused', order.by))
    if (order.verb === 'stop') this.halt(new Halt('stopped', order.by))
    if (order.verb === 'approve' || order.verb === 'reject') for (const tell of this.#waiting.splice(0)) tell(order)
  }

  #answer({ verb }: Order): string {
    switch (verb) {
      case 'pause':
      case 'stop':
        return `${verb}: the stage at work is left where it can go on`
      case 'resume':
        return 'the run is at work already'
      case 'approve':
      case 'reject':
        return this.#waiting.length > 0 ? verb : 'nothing waits for an approval'
      default:
        return `${verb} is not understood by this version`
    }
  }
}

/** Sums the spans from each start or resume of a run to the last event before the next one. */
export const minutesWorked = (events: readonly RunEvent[]): number => {
  let [total, start, last] = [0, Number.NaN, Number.NaN]
  for (const { type, at } of events) {
    const time = Date.parse(at)
    if (type === 'run.started' || type === 'run.resumed') {
      if (!Number.isNaN(start)) total += last - start
      start = time
    }
    last = time
  }
  return (total + (Number.isNaN(start) ? 0 : last - start)) / 60_000
}
