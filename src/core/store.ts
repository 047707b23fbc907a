/** A run's event log, inbox and lease: tables of run.sqlite beside LangGraph's checkpoints. */
import { randomBytes } from 'node:crypto'
import { exitCodes, WhetError } from './errors.ts'
import { type EventType, type NewEvent, NewEventSchema, OrderVerb, type RunEvent } from './events.ts'
import {
  beat,
  checkLease,
  defaultStaleMs,
  dropLease,
  type LeaseHolder,
  type Owner,
  readHolder,
  takeLease,
} from './lease.ts'
import { type Connection, openDatabase, storeError } from './store-database.ts'

export type { LeaseHolder, Owner } from './lease.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What a person, or an assistant, asks of a running run. */
export interface Order {
  readonly id: string
  readonly verb: OrderVerb
  readonly args: Json
  readonly by: string // the surface or person that gave it
  readonly at: string // ISO 8601, UTC
}

/** The right to write a run's log. Give a sign of life every few seconds. */
export interface Lease {
  readonly tookOver: LeaseHolder | undefined // the owner that was gone
  /** @throws WhetError 'lease-lost' where another process took the run over: stop at once */
  heartbeat(): void
  /** Gives the run back. Doing it twice, or after it was taken over, does nothing. */
  release(): void
}

/** Longest arguments of an order, as JSON, characters. */
const longestArgs = 16_384

interface EventRow {
  seq: number
  at: string
  run: string
  round: number | null
  stage: string | null
  type: EventType
  data: string
}

/**
 * All calls are synchronous, durable when they return, and safe between processes.
 * They throw WhetError 'store-busy', 'store-broken', 'store-readonly', 'store-io' or 'disk-full' beside what each one names.
 */
export class RunStore {
  #token: string | undefined // of the lease that this store holds
  private constructor(
    readonly file: string,
    private readonly connection: Connection,
  ) {}

  /**
   * @param options.readonly  reads a run that exists; neither events nor orders can be written
   * @throws WhetError 'unknown-run' (exit 2, readonly only), 'newer-workspace' (exit 4)
   */
  static open(file: string, options: { readonly?: boolean } = {}): RunStore {
    return new RunStore(file, openDatabase(file, options.readonly ?? false))
  }

  close(): void {
    this.connection.close()
  }

  /**
   * Appends one event. A store that holds the lease appends only while it still does.
   * @throws WhetError 'bad-event', 'lease-lost'
   */
  append<Type extends EventType>(event: NewEvent<Type>): RunEvent<Type> {
    const checked = checkEvent(event as NewEvent)
    return this.#write(() => this.#insert(checked)) as RunEvent<Type>
  }

  /**
   * Events in order.
   * @param options.since  only those with a greater `seq`
   * @param options.limit  at most so many, the earliest first
   */
  events(options: { since?: number; types?: readonly EventType[]; limit?: number } = {}): RunEvent[] {
    const { since = 0, types, limit = -1 } = options
    const only = types ? 'AND type IN (SELECT value FROM json_each(?))' : ''
    const values = types ? [since, JSON.stringify(types), limit] : [since, limit]
    return this.#read(() => {
      const rows = this.connection
        .prepare(`SELECT * FROM whet_events WHERE seq > ? ${only} ORDER BY seq LIMIT ?`)
        .all(...values)
      return (rows as EventRow[]).map(asEvent)
    })
  }

  /** Number of the newest event; 0 before the first. */
  lastSeq(): number {
    return this.#read(
      () =>
        (this.connection.prepare('SELECT coalesce(max(seq), 0) AS seq FROM whet_events').get() as { seq: number }).seq,
    )
  }

  /** Puts an order into the inbox; any process may. @throws WhetError 'bad-order' (exit 2) */
  order(verb: OrderVerb, args: Json, by: string): Order {
    const text = JSON.stringify(args)
    if (!OrderVerb.safeParse(verb).success)
      throw badOrder(`there is no order "${verb}"; there are ${OrderVerb.options.join(', ')}`)
    if (text === undefined || text.length > longestArgs)
      throw badOrder(`its arguments must be JSON of at most ${longestArgs} characters`)
    const id = `order-${randomBytes(6).toString('hex')}`
    const at = new Date().toISOString()
    this.#read(() =>
      this.connection
        .prepare('INSERT INTO whet_orders (id, verb, args, "by", at) VALUES (?, ?, ?, ?, ?)')
        .run(id, verb, text, by, at),
    )
    return { id, verb, args: JSON.parse(text) as Json, by, at }
  }

  /** Orders that nobody has taken yet, the oldest first. */
  pending(): Order[] {
    return this.#read(() => {
      const rows = this.connection
        .prepare('SELECT id, verb, args, "by", at FROM whet_orders WHERE taken_at IS NULL ORDER BY number')
        .all()
      return (rows as (Omit<Order, 'args'> & { args: string })[]).map((row) => ({
        ...row,
        args: JSON.parse(row.args) as Json,
      }))
    })
  }

  /**
   * Marks an order taken.
   * @param answers  the event that answers it and those that it leads to, appended in the same transaction: no crash leaves an order taken and unanswered
   * @returns true for exactly one caller
   * @throws WhetError 'bad-event', 'lease-lost'
   */
  take(id: string, ...answers: readonly NewEvent[]): boolean {
    const checked = answers.map(checkEvent)
    return this.#write(() => {
      const { changes } = this.connection
        .prepare('UPDATE whet_orders SET taken_at = ? WHERE id = ? AND taken_at IS NULL')
        .run(new Date().toISOString(), id)
      if (changes === 0) return false
      for (const event of checked) this.#insert(event)
      return true
    })
  }

  /**
   * Makes this store the run's owner. An owner whose process has ended (on this host), or that has given no sign of life, is replaced.
   * @param options.staleMs  how long without a sign of life makes an owner gone, milliseconds
   * @throws WhetError 'run-owned' (exit 4)
   */
  acquire(owner: Owner, options: { staleMs?: number } = {}): Lease {
    const { token, tookOver } = this.#transaction(() =>
      takeLease(this.connection, owner, options.staleMs ?? defaultStaleMs),
    )
    this.#token = token
    return {
      tookOver,
      heartbeat: () => this.#transaction(() => beat(this.connection, token)),
      release: () => {
        if (this.#token === token) this.#token = undefined
        if (this.connection.open) this.#transaction(() => dropLease(this.connection, token))
      },
    }
  }

  /** Who owns the run; undefined where nobody does. */
  leaseHolder(options: { staleMs?: number } = {}): LeaseHolder | undefined {
    return this.#read(() => readHolder(this.connection, options.staleMs ?? defaultStaleMs))
  }

  /** Only within a transaction that holds the write lock: the next number is read and used before anyone else can. */
  #insert(event: NewEvent): RunEvent {
    const { next } = this.connection.prepare('SELECT coalesce(max(seq), 0) + 1 AS next FROM whet_events').get() as {
      next: number
    }
    const at = new Date().toISOString()
    this.connection
      .prepare('INSERT INTO whet_events (seq, at, run, round, stage, type, data) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(next, at, event.run, event.round ?? null, event.stage ?? null, event.type, JSON.stringify(event.data))
    return { seq: next, at, ...event } as RunEvent
  }

  /** A write of the owner's, where this store is one: refused once another process has taken the run over. */
  #write<T>(work: () => T): T {
    return this.#transaction(() => {
      if (this.#token !== undefined) checkLease(this.connection, this.#token)
      return work()
    })
  }

  #transaction<T>(work: () => T): T {
    return this.#read(() => this.connection.transaction(work).immediate())
  }

  #read<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw storeError(error, this.file)
    }
  }
}

const asEvent = ({ round, stage, data, ...row }: EventRow): RunEvent =>
  ({ ...row, ...(round !== null && { round }), ...(stage !== null && { stage }), data: JSON.parse(data) }) as RunEvent

const checkEvent = (event: NewEvent): NewEvent => {
  const checked = NewEventSchema.safeParse(event)
  if (checked.success) return checked.data
  const issues = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new WhetError({
    code: 'bad-event',
    message: `The event "${String(event?.type)}" does not fit the log (${issues.join('; ')}). This is a fault of Whetstone or of the skill: please report it.`,
    fixedBy: 'plugin',
    data: { issues },
  })
}

const badOrder = (why: string) =>
  new WhetError({
    code: 'bad-order',
    message: `This order cannot be given: ${why}.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
