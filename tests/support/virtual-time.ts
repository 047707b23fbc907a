/** Time that passes when nothing else can happen: hours of waiting in a second, in the same order each time. */
import type { Clock } from '../../src/core/llm/endpoint.ts'

interface Sleeper {
  readonly at: number
  wake(): void
}

export class VirtualTime implements Clock {
  #now = 0
  #sleepers = new Set<Sleeper>()

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const stop = () => {
        this.#sleepers.delete(sleeper)
        reject(signal.reason)
      }
      const wake = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const sleeper = { at: this.#now + ms, wake }
      signal.addEventListener('abort', stop, { once: true })
      this.#sleepers.add(sleeper)
    })
  }

  /** Lets time pass until `work` has ended. @throws Error where everything waits for something that never comes */
  async until<T>(work: Promise<T>): Promise<T> {
    let ended = false
    const end = () => {
      ended = true
    }
    work.then(end, end)
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve)) // all that can happen now has happened
      if (ended) return work
      if (this.#sleepers.size === 0) throw new Error('nothing is left to wait for')
      let first = Number.POSITIVE_INFINITY
      for (const { at } of this.#sleepers) first = Math.min(first, at)
      this.#now = first
      for (const sleeper of this.#sleepers)
        if (sleeper.at <= this.#now) {
          this.#sleepers.delete(sleeper)
          sleeper.wake()
        }
    }
  }
}
