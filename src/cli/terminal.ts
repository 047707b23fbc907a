import { createInterface, type Interface } from 'node:readline'
import pc from 'picocolors'
import type { Colors } from 'picocolors/types.js'
import type { WhetError } from '../core/errors.ts'
import type { RunEvent } from '../core/events.ts'
import type { Live } from './live.ts'

/** The parts of `process` that the command line talks to. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: NodeJS.WritableStream & {
    readonly isTTY?: boolean
    readonly columns?: number
    readonly rows?: number
  }
  readonly env: NodeJS.ProcessEnv
  cwd(): string
}

/** Answers on stdout, everything else on stderr. */
export class Terminal {
  readonly json: boolean
  readonly colors: Colors // of answers
  readonly cwd: string
  readonly #said: Colors // of what goes to stderr
  #live: Pick<Live, 'event' | 'progress' | 'line' | 'end'> | undefined
  #reader: { lines: Interface; next: AsyncIterator<string> } | undefined
  #writing: Promise<void> = Promise.resolve()
  #whole = false
  #failed: RunEvent | undefined

  constructor(
    private readonly io: Io,
    options: { json: boolean },
  ) {
    this.json = options.json
    this.cwd = io.cwd()
    this.colors = pc.createColors(!options.json && colorful(io.env, io.stdout.isTTY))
    this.#said = pc.createColors(colorful(io.env, io.stderr.isTTY))
    for (const stream of [io.stdout, io.stderr]) stream.on('error', ignoreGone)
  }

  get columns(): number {
    return this.io.stdout.columns ?? 100
  }

  /** A person sits at both ends: may be asked, and sees the question. */
  get interactive(): boolean {
    return !this.json && !!this.io.stdin.isTTY && !!this.io.stderr.isTTY && !this.io.env.CI
  }

  /** Loads what draws progress: help and version do without it. */
  async begin({ whole = false } = {}): Promise<void> {
    if (whole && this.interactive && this.io.env.TERM !== 'dumb') {
      const { FullScreen } = await import('./full-screen.ts')
      this.#live = new FullScreen(this.io.stderr, this.#said)
      this.#whole = true
      return
    }
    const { Live } = await import('./live.ts')
    this.#live = new Live(this.io.stderr, this.#said, !this.io.env.CI)
  }

  /** A run that failed is told by the error that ends the command; only where none comes, by its event. */
  event(event: RunEvent): void {
    if (event.type === 'run.failed' && !this.#whole) this.#failed = event
    else this.#live?.event(event)
  }

  progress(done: number, total: number, what: string): void {
    this.#live?.progress(done, total, what)
  }

  /** Writes an answer and waits until it is out. */
  async answer(text: string): Promise<void> {
    if (text) this.emit(text)
    await this.#writing
  }

  /** A document or line of the answer, in order. */
  emit(text: string): void {
    this.#live?.end()
    const written = () => new Promise<void>((resolve) => this.io.stdout.write(`${text}\n`, () => resolve()))
    this.#writing = this.#writing.then(written)
  }

  note(line: string): void {
    if (this.#live) this.#live.line(line)
    else this.io.stderr.write(`${line}\n`)
  }

  error(error: WhetError): void {
    if (this.#failed?.type === 'run.failed' && this.#failed.data.code === error.code) this.#failed = undefined
    this.#tellFailed()
    this.#live?.end()
    this.note(`${this.#said.red('error')} ${this.#said.dim(`[${error.code}]`)} ${error.message}`)
  }

  /** The next line that the person, or a pipe, gives; undefined at its end and when `signal` aborts. */
  async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    this.#live?.end()
    if (signal.aborted) return undefined
    if (this.interactive) this.io.stderr.write(question)
    this.#reader ??= readerOf(createInterface({ input: this.io.stdin, terminal: false }))
    const line = await Promise.race([this.#reader.next.next(), aborted(signal)])
    return line === undefined || line.done ? undefined : line.value
  }

  endProgress(): void {
    this.#live?.end()
  }

  #tellFailed(): void {
    if (this.#failed) this.#live?.event(this.#failed)
    this.#failed = undefined
  }

  async close(): Promise<void> {
    this.#tellFailed()
    this.#live?.end()
    this.#reader?.lines.close()
    await this.#writing
  }
}

const readerOf = (lines: Interface) => ({ lines, next: lines[Symbol.asyncIterator]() })

const aborted = (signal: AbortSignal) =>
  new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))

/** https://no-color.org: any value but the empty one; FORCE_COLOR asks for colours in a pipe. */
const colorful = (env: NodeJS.ProcessEnv, isTTY: boolean | undefined): boolean =>
  !env.NO_COLOR && env.TERM !== 'dumb' && (!!isTTY || !!env.FORCE_COLOR)

/** A reader that went away (`whet runs | head`, a closed terminal) is no failure of the command. */
const ignoreGone = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
}
