/** An endpoint as a fleet is told of it. */
export interface FleetEndpoint<E> {
  readonly name: string // host: what people are told
  readonly use: E // what the work is given
  readonly slots: number // pieces of work at once
  /** Resolves where somebody answers there. Asked before the first work, after a rest, and while work gets no answer. */
  check(signal: AbortSignal): Promise<unknown>
}

/** What a failure says about the endpoint where it happened. */
export type Fault =
  | { readonly kind: 'failed' } // it may be ill: so many in a row take it out
  | { readonly kind: 'refused' } // it does not take such work at all: out at once
  | { readonly kind: 'busy'; readonly pauseMs?: number | undefined } // well, and asks for a pause

/** Failures in a row that take an endpoint out. */
const patience = 3
const [firstRestMs, longestRestMs] = [5_000, 300_000]
const [firstPauseMs, longestPauseMs] = [1_000, 60_000]
/** Weight of the last answer in the mean time of one. */
const lastWeight = 0.1

/**
 * How one endpoint of a fleet stands. `in` it gets work in all its slots; after a rest it is on `trial` with one piece, until it
 * has answered; `out` it gets none.
 */
export class Standing {
  state: 'new' | 'in' | 'trial' | 'out' = 'new'
  checking = false
  proven = false // has answered a piece of work
  meanMs: number | undefined // of one piece of work
  heardAt = 0
  #failures = 0
  #outs = 0
  #pauses = 0
  #outAt = 0
  #until = 0 // out, or asked to be left alone, until then

  constructor(private readonly slots: number) {}

  takesWork(now: number): boolean {
    return (this.state === 'in' || this.state === 'trial') && now >= this.#until
  }

  /** Pieces of work that it may have at once. */
  room(now: number): number {
    if (!this.takesWork(now)) return 0
    return this.state === 'trial' ? 1 : this.slots
  }

  /** @returns whether it is back with this answer */
  answered(ms: number, now: number): boolean {
    const back = this.state === 'trial'
    this.meanMs = this.meanMs === undefined ? ms : this.meanMs + lastWeight * (ms - this.meanMs)
    this.proven = true
    this.heard(now)
    if (back) [this.state, this.#outs] = ['in', 0]
    return back
  }

  /** It spoke, if only to say that the work itself is wrong. */
  heard(now: number): void {
    this.heardAt = now
    this.#failures = 0
    this.#pauses = 0
  }

  /** Somebody answered its check. */
  wellAgain(now: number): void {
    this.heardAt = now
    if (this.state === 'new') this.state = 'in'
    else if (this.state === 'out') this.state = 'trial'
  }

  /** @returns whether it is to be taken out */
  stumbled({ kind }: Exclude<Fault, { kind: 'busy' }>): boolean {
    this.#failures += 1
    return kind === 'refused' || this.state === 'trial' || this.#failures >= patience
  }

  /** @returns the pause, milliseconds */
  pause(now: number, askedMs: number | undefined): number {
    const ms = askedMs ?? Math.min(longestPauseMs, firstPauseMs * 2 ** this.#pauses)
    this.#pauses += 1
    this.heardAt = now
    this.#until = Math.max(this.#until, now + ms)
    return ms
  }

  /** @returns the rest before it is looked at again, milliseconds; twice as long each time */
  takeOut(now: number): number {
    const ms = Math.min(longestRestMs, firstRestMs * 2 ** this.#outs)
    this.state = 'out'
    this.#outs += 1
    this.#failures = 0
    this.meanMs = undefined // it may come back as another machine
    this.#outAt = now
    this.#until = now + ms
    return ms
  }

  /** @param urgent nobody else is left: it is looked at again after the shortest rest */
  rested(now: number, urgent: boolean): boolean {
    return this.state === 'out' && now >= (urgent ? Math.min(this.#until, this.#outAt + firstRestMs) : this.#until)
  }
}
