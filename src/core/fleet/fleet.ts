/** Several endpoints that do the same work, as one: for replies of a student, and for calls of a role. */
import { messageOf } from '../errors.ts'
import { type Clock, wallClock } from '../llm/endpoint.ts'
import { longestPauseMs } from '../llm/retry.ts'
import { Callers } from './callers.ts'
import { type Fault, type FleetEndpoint, Standing } from './standing.ts'

export type { Fault, FleetEndpoint } from './standing.ts'

export interface FleetOptions<E> {
  readonly endpoints: readonly FleetEndpoint<E>[]
  /** What a failure says about its endpoint; undefined: it is the work's own, and its caller's to see. */
  faultOf(error: unknown): Fault | undefined
  /** The error of work for which no endpoint is left. @param last why the last one was taken out */
  noneLeft(last: unknown): unknown
  onChange?(change: FleetChange): void
  readonly clock?: Clock
}

export interface FleetChange {
  readonly name: string
  readonly state: 'out' | 'back'
  readonly why: string
  readonly restMs: number // before it is looked at again; 0 where it is back
}

/** Endpoints are looked at so often while there is work. */
const tickMs = 1_000
const checkMs = 5_000
/** With work under way and no answer for so long, an endpoint is asked whether it is well. */
const silenceMs = 10_000
/** So long is waited for one of them to come back before work is given up. */
const patienceMs = 60_000
/** Work that was put off so often by busy endpoints is given up. */
const mostPauses = 20

interface Work<E> {
  readonly signal: AbortSignal
  readonly tries: number
  do(use: E, signal: AbortSignal): Promise<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
  readonly failedAt: Member<E>[]
  failures: number
  pauses: number
}

/** Work under way at an endpoint. */
interface Trip<E> {
  readonly work: Work<E>
  readonly stop: AbortController
  recalled: boolean // its endpoint was taken out
}

interface Member<E> {
  readonly endpoint: FleetEndpoint<E>
  readonly standing: Standing
  readonly trips: Set<Trip<E>>
}

/**
 * Hands each piece of work to an endpoint that is well and has room, the one first that is likely to be done first. A slow one gets
 * less, and none of the last pieces where faster ones would be done earlier. One that fails three times in a row, refuses, or does
 * not answer a health check is taken out, what was under way there goes to others, and it is tried again later with one piece.
 *
 * A piece is under way at one endpoint at a time and ends once. One that fails at `tries` endpoints ends with its own error.
 */
export class Fleet<E> {
  readonly slots: number // of all endpoints together
  readonly #members: readonly Member<E>[]
  readonly #clock: Clock
  readonly #callers = new Callers((signal) => this.#letGo(signal))
  #waiting: Work<E>[] = []
  #next = 0 // of `waiting`: what comes before it is gone
  #again: Work<E>[] = [] // sent back by an endpoint
  #ticking: AbortController | undefined
  #downSince: number | undefined
  #last: unknown

  constructor(private readonly options: FleetOptions<E>) {
    this.#clock = options.clock ?? wallClock
    this.#members = options.endpoints.map((endpoint) => ({
      endpoint,
      standing: new Standing(endpoint.slots),
      trips: new Set(),
    }))
    this.slots = options.endpoints.reduce((sum, { slots }) => sum + slots, 0)
  }

  /**
   * @param options.tries endpoints at which the work may fail; 3 unless told
   * @throws what the work throws · what `noneLeft` makes · what `signal` was aborted with
   */
  run<T>(
    signal: AbortSignal,
    work: (use: E, signal: AbortSignal) => Promise<T>,
    { tries = 3 }: { readonly tries?: number } = {},
  ): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason)
    return new Promise<T>((resolve, reject) => {
      this.#callers.enter(signal)
      const entry = { signal, tries, do: work, resolve: resolve as (value: unknown) => void, reject }
      this.#waiting.push({ ...entry, failedAt: [], failures: 0, pauses: 0 })
      this.#begin()
      this.#pump()
    })
  }

  get #queued(): number {
    return this.#again.length + this.#waiting.length - this.#next
  }

  /** Keeps looking after the endpoints while there is work. */
  #begin(): void {
    if (this.#ticking) return
    this.#ticking = new AbortController()
    void this.#tick(this.#ticking.signal)
  }

  async #tick(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#look()
      this.#pump()
      await this.#clock.sleep(tickMs, stop).catch(() => {})
    }
  }

  #look(): void {
    const now = this.#clock.now()
    const isDown = this.#isDown()
    for (const member of this.#members) {
      const { standing, trips } = member
      const silent = standing.state !== 'out' && trips.size > 0 && now - standing.heardAt >= silenceMs
      if (!standing.checking && (standing.state === 'new' || standing.rested(now, isDown) || silent))
        void this.#check(member)
    }
    this.#giveUpWhereLost()
  }

  async #check(member: Member<E>): Promise<void> {
    const { endpoint, standing } = member
    standing.checking = true
    const stop = new AbortController()
    const late = this.#clock.sleep(checkMs, stop.signal).then(() => {
      throw new Error(`no answer to a health check within ${checkMs / 1000} s`)
    })
    late.catch(() => {}) // its end no longer matters once the check has ended
    try {
      await Promise.race([endpoint.check(stop.signal), late])
      standing.wellAgain(this.#clock.now())
    } catch (error) {
      this.#takeOut(member, error)
    }
    stop.abort()
    standing.checking = false
    this.#giveUpWhereLost()
    this.#pump()
  }

  #takeOut(member: Member<E>, why: unknown): void {
    const { endpoint, standing, trips } = member
    const known = standing.state === 'out' || (standing.state === 'trial' && trips.size === 0)
    const restMs = standing.takeOut(this.#clock.now())
    this.#last = why
    for (const trip of trips) {
      trip.recalled = true
      trip.stop.abort(why)
    }
    if (!known) this.options.onChange?.({ name: endpoint.name, state: 'out', why: messageOf(why), restMs })
    if (this.#isDown()) this.#downSince ??= this.#clock.now()
  }

  #isDown(): boolean {
    return this.#members.every(({ standing }) => standing.state === 'out')
  }

  /** Where all are out for long. Where none has ever answered, that is no passing trouble, and nobody waits. */
  #giveUpWhereLost(): void {
    if (!this.#isDown() || this.#members.some(({ standing }) => standing.checking)) return
    const isNew = this.#members.every(({ standing }) => !standing.proven)
    if (!isNew && this.#clock.now() - (this.#downSince ?? 0) < patienceMs) return
    const given = [...this.#again, ...this.#waiting.slice(this.#next)]
    this.#again = []
    this.#drop(this.#waiting.length)
    for (const work of given) this.#end(work, () => work.reject(this.options.noneLeft(this.#last)))
  }

  #letGo(signal: AbortSignal): void {
    for (const { trips } of this.#members)
      for (const { work, stop } of trips) if (work.signal === signal) stop.abort(signal.reason)
    const isGone = (work: Work<E>) => work.signal === signal
    const gone = [...this.#again, ...this.#waiting.slice(this.#next)].filter(isGone)
    this.#again = this.#again.filter((work) => !isGone(work))
    this.#waiting = this.#waiting.slice(this.#next).filter((work) => !isGone(work))
    this.#next = 0
    for (const work of gone) this.#end(work, () => work.reject(signal.reason))
  }

  #pump(): void {
    const now = this.#clock.now()
    for (const work of this.#again.splice(0)) {
      const member = this.#choose(work, now)
      if (member) void this.#send(work, member)
      else this.#again.push(work)
    }
    for (let work = this.#waiting[this.#next]; work; work = this.#waiting[this.#next]) {
      const member = this.#choose(work, now)
      if (!member) return
      this.#drop(this.#next + 1)
      void this.#send(work, member)
    }
  }

  /** Leaves the first `count` of the waiting behind; memory is given back now and then, so that a long queue costs no time. */
  #drop(count: number): void {
    this.#next = count
    if (this.#next * 2 <= this.#waiting.length) return
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }

  #choose(work: Work<E>, now: number): Member<E> | undefined {
    const working = this.#members.filter(({ standing }) => standing.takesWork(now))
    const untried = working.filter((member) => !work.failedAt.includes(member))
    const fit = untried.length > 0 ? untried : working // one that has not failed at it yet, if it takes some waiting
    return fit
      .filter(({ standing, trips }) => trips.size < standing.room(now))
      .sort((a, b) => expectedMs(a) - expectedMs(b))
      .find((member) => !this.#isHeld(member, fit, now))
  }

  /** Whether all that waits would be done earlier by the faster ones of `fit` than one piece of it here. */
  #isHeld({ standing: { meanMs } }: Member<E>, fit: readonly Member<E>[], now: number): boolean {
    let [slots, perMs] = [0, 0]
    for (const { standing } of fit) {
      if (meanMs === undefined || standing.meanMs === undefined || standing.meanMs >= meanMs) continue
      slots += standing.room(now)
      perMs += standing.room(now) / standing.meanMs
    }
    return perMs > 0 && (this.#queued + slots) / perMs < (meanMs ?? 0)
  }

  async #send(work: Work<E>, member: Member<E>): Promise<void> {
    const { endpoint, standing, trips } = member
    const trip: Trip<E> = { work, stop: new AbortController(), recalled: false }
    const began = this.#clock.now()
    if (trips.size === 0) standing.heardAt = began
    trips.add(trip)
    try {
      const value = await work.do(endpoint.use, trip.stop.signal)
      trips.delete(trip)
      this.#answered(member, began)
      this.#end(work, () => work.resolve(value))
    } catch (error) {
      trips.delete(trip)
      this.#stumbled(trip, member, error)
    }
    this.#pump()
  }

  #answered({ endpoint: { name }, standing }: Member<E>, began: number): void {
    const now = this.#clock.now()
    this.#downSince = undefined
    if (standing.answered(now - began, now))
      this.options.onChange?.({ name, state: 'back', why: 'it answers', restMs: 0 })
  }

  #stumbled({ work, recalled }: Trip<E>, member: Member<E>, error: unknown): void {
    if (work.signal.aborted) this.#end(work, () => work.reject(work.signal.reason))
    else if (recalled) this.#again.push(work)
    else this.#failed(work, member, error)
  }

  #failed(work: Work<E>, member: Member<E>, error: unknown): void {
    const { standing } = member
    const fault = usable(this.options.faultOf(error))
    if (fault?.kind === 'busy') standing.pause(this.#clock.now(), fault.pauseMs)
    else if (fault) work.failedAt.push(member)
    else standing.heard(this.#clock.now())
    if (fault?.kind === 'busy') work.pauses += 1
    if (fault?.kind === 'failed') work.failures += 1
    const isOver = !fault || work.failures >= work.tries || work.pauses > mostPauses
    if (isOver) this.#end(work, () => work.reject(error))
    else this.#again.push(work)
    if (fault && fault.kind !== 'busy' && standing.stumbled(fault)) this.#takeOut(member, error)
    this.#giveUpWhereLost()
  }

  #end(work: Work<E>, settle: () => void): void {
    this.#callers.leave(work.signal)
    settle()
    if (!this.#callers.none) return
    this.#ticking?.abort()
    this.#ticking = undefined
  }
}

/** Who asks for a longer pause than anybody would wait is out. */
const usable = (fault: Fault | undefined): Fault | undefined =>
  fault?.kind === 'busy' && (fault.pauseMs ?? 0) > longestPauseMs ? { kind: 'refused' } : fault

/** When an endpoint would be done with one more piece; one that nobody has tried yet is found out about first. */
const expectedMs = <E>({ endpoint, standing, trips }: Member<E>): number =>
  (standing.meanMs ?? 0) * (1 + trips.size / endpoint.slots)
