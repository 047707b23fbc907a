import { existsSync } from 'node:fs'
import { gone, requirePast } from '../commands/changes.ts'
import type { RunEvent } from '../core/events.ts'
import { RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'

const pollMs = 40
const heartbeatMs = 15_000
/** So many events are read, and sent, at a time: a reader from the beginning of a long run fills no memory. */
const page = 500
/** Events that are kept as text: readers that are up to date share them. */
const recent = 2_000

/** The end of one run's log, for any number of readers: the database is polled once, not once a reader. */
class Tail {
  readonly #store: RunStore
  readonly #texts = new Map<number, string>()
  readonly #waiting = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #last: number
  over = false // deleted, or closed
  readers = 0

  constructor(private readonly files: RunFiles) {
    this.#store = RunStore.open(files.database, { readonly: true })
    this.#last = this.#store.lastSeq()
    this.#timer = setInterval(() => this.#poll(), pollMs)
  }

  get last(): number {
    return this.#last
  }

  /** The next events after a number, as SSE; undefined where there are none yet. */
  next(seq: number): { text: string; last: number } | undefined {
    if (seq >= this.#last || this.over) return undefined
    const texts: string[] = []
    let last = seq
    while (texts.length < page && this.#texts.has(last + 1)) {
      last += 1
      texts.push(this.#texts.get(last)!)
    }
    if (texts.length > 0) return { text: texts.join(''), last }
    const events = this.#store.events({ since: seq, limit: page })
    return { text: events.map(asSse).join(''), last: events.at(-1)?.seq ?? seq }
  }

  /** Resolves with the next event, or after a while without one. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, heartbeatMs)
      this.#waiting.add(wake)
    })
  }

  close(): void {
    clearInterval(this.#timer)
    this.over = true
    this.#wake()
    this.#store.close()
  }

  #poll(): void {
    try {
      // a deleted file stays readable for who has it open
      this.over = !existsSync(this.files.database)
      if (!this.over) this.#read()
    } catch {
      this.over = true // a log that cannot be read any more is told to its readers as gone
    }
    if (this.over) this.#wake()
  }

  #read(): void {
    const events = this.#store.events({ since: this.#last, limit: page })
    for (const event of events) {
      this.#texts.set(event.seq, asSse(event))
      this.#texts.delete(event.seq - recent)
    }
    if (events.length === 0) return
    this.#last = events.at(-1)!.seq
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

const asSse = (event: RunEvent): string => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`

/** The tails that have readers. */
export class Tails {
  readonly #tails = new Map<string, Tail>()

  /**
   * The events of a run after a number as SSE, each once and in order, for as long as somebody reads.
   * @throws {WhetError} run-gone · cursor-ahead
   */
  stream(files: RunFiles, since: number): ReadableStream<Uint8Array> {
    if (!existsSync(files.database)) throw gone(files.name)
    const tail = this.#take(files)
    try {
      requirePast(since, tail.last)
    } catch (error) {
      this.#release(tail, files)
      throw error
    }
    return streamOf(tail, since, () => this.#release(tail, files))
  }

  close(): void {
    for (const tail of this.#tails.values()) tail.close()
    this.#tails.clear()
  }

  #take(files: RunFiles): Tail {
    const known = this.#tails.get(files.dir)
    const tail = known && !known.over ? known : new Tail(files)
    this.#tails.set(files.dir, tail)
    tail.readers += 1
    return tail
  }

  #release(tail: Tail, { dir }: RunFiles): void {
    tail.readers -= 1
    if (tail.readers > 0) return
    if (this.#tails.get(dir) === tail) this.#tails.delete(dir)
    tail.close()
  }
}

const streamOf = (tail: Tail, since: number, onLeft: () => void): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder()
  let [cursor, left] = [since, false]
  const leave = () => {
    if (!left) onLeft()
    left = true
  }
  const send = (controller: ReadableStreamDefaultController<Uint8Array>): boolean => {
    const next = tail.next(cursor)
    if (!next) return false
    cursor = next.last
    controller.enqueue(encoder.encode(next.text))
    return true
  }
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(': whetstone\nretry: 1000\n\n')),
    // asked for more only when the reader has taken what it got: a slow one holds nothing up
    pull: async (controller) => {
      if (send(controller)) return
      await tail.changed()
      if (left || send(controller)) return
      if (!tail.over) return controller.enqueue(encoder.encode(': still here\n\n'))
      controller.enqueue(encoder.encode('event: gone\ndata: {}\n\n'))
      controller.close()
      leave()
    },
    cancel: leave,
  })
}
