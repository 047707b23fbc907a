import { setMaxListeners } from 'node:events'

/** Who waits for work, by the signal that ends the wait: one listener a signal, however many pieces of work share it. */
export class Callers {
  readonly #waiting = new Map<AbortSignal, { count: number; readonly stop: () => void }>()

  constructor(private readonly onAbort: (signal: AbortSignal) => void) {}

  get none(): boolean {
    return this.#waiting.size === 0
  }

  enter(signal: AbortSignal): void {
    const known = this.#waiting.get(signal)
    if (known) {
      known.count += 1
      return
    }
    const stop = () => this.onAbort(signal)
    setMaxListeners(0, signal) // many parts of a run listen to its signal
    signal.addEventListener('abort', stop, { once: true })
    this.#waiting.set(signal, { count: 1, stop })
  }

  leave(signal: AbortSignal): void {
    const known = this.#waiting.get(signal)
    if (!known) return
    known.count -= 1
    if (known.count > 0) return
    signal.removeEventListener('abort', known.stop)
    this.#waiting.delete(signal)
  }
}
