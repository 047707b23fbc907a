import { Worker } from 'node:worker_threads'

/** The longest name of a call that is kept, in bytes. */
const longestLabel = 200

/**
 * Watches that this process stays answerable while code of others runs in it. A loop without end stops every timer and every
 * handler, so a worker listens for a heart-beat; when it has been away for `limitMs`, it names the call and ends the process.
 */
export class Watchdog {
  readonly #beats = new Int32Array(new SharedArrayBuffer(4))
  readonly #label = new Uint8Array(new SharedArrayBuffer(longestLabel + 1))
  readonly #worker: Worker
  readonly #timer: NodeJS.Timeout

  constructor(limitMs: number) {
    const everyMs = Math.min(1000, Math.max(50, limitMs / 4))
    this.#worker = new Worker(new URL('./watchdog-worker.mjs', import.meta.url), {
      workerData: { beats: this.#beats, label: this.#label, limitMs, everyMs, pid: process.pid },
      execArgv: [],
    })
    this.#worker.unref()
    this.#timer = setInterval(() => Atomics.add(this.#beats, 0, 1), everyMs / 2).unref()
  }

  /** Says whose code runs now. */
  enter(what: string): void {
    const bytes = new TextEncoder().encode(what).slice(0, longestLabel)
    this.#label[0] = bytes.length
    this.#label.set(bytes, 1)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#worker.terminate()
  }
}
