import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'

/** Time as the gateway sees it: tests bring a clock of their own. */
export interface Clock {
  now(): number // milliseconds
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const wallClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, { signal })
    } catch {
      signal.throwIfAborted()
    }
  },
}

/**
 * One endpoint, whatever roles ask it: so many calls at once, so many a minute, and a pause for all of them when it asks
 * for one. Node's p-limit queues; a call that waits longer than others blocks none of them.
 */
export class Endpoint {
  readonly #limit
  readonly #intervalMs: number
  readonly #burst: number
  #due = 0 // when the bucket is full again (generic cell rate algorithm)
  #pausedUntil = 0

  constructor(
    { concurrency, requestsPerMinute }: { concurrency: number; requestsPerMinute?: number | undefined },
    private readonly clock: Clock,
  ) {
    this.#limit = pLimit(concurrency)
    this.#intervalMs = requestsPerMinute ? 60_000 / requestsPerMinute : 0
    this.#burst = Math.min(concurrency, requestsPerMinute ?? concurrency)
  }

  /** Runs `work` when there is room. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#limit(async () => {
      signal.throwIfAborted()
      return work()
    })
  }

  /** Waits for the pause and for the bucket; called before each try. */
  async turn(signal: AbortSignal): Promise<void> {
    for (let wait = this.#wait(); wait > 0; wait = this.#wait()) await this.clock.sleep(wait, signal)
    const now = this.clock.now()
    this.#due = Math.max(now, this.#due) + this.#intervalMs
    const early = this.#due - this.#burst * this.#intervalMs - now
    if (early > 0) await this.clock.sleep(early, signal)
  }

  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.clock.now() + ms)
  }

  #wait(): number {
    return this.#pausedUntil - this.clock.now()
  }
}
