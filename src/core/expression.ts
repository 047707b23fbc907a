import { Worker } from 'node:worker_threads'
import jsonata from 'jsonata'

/** What is wrong with an expression, and at which character of it, counted from 0. */
export interface ExpressionFault {
  readonly message: string
  readonly at: number
}

/** Functions whose value is another one each time: a truth that changes is none. `$eval` would hide them. */
const unsteady = new Set(['now', 'millis', 'random', 'shuffle', 'eval'])

/** Reads an expression without evaluating it. @returns its names that stand for slots, or what is wrong with it */
export const parseExpression = (expression: string): { readonly fault?: ExpressionFault; readonly names: string[] } => {
  try {
    const names = new Set<string>()
    const fault = walk(jsonata(expression).ast(), names, true)
    return { ...(fault && { fault }), names: [...names] }
  } catch (error) {
    const { message, position } = error as { message?: string; position?: number }
    return { fault: { message: message ?? String(error), at: Math.max(0, (position ?? 1) - 1) }, names: [] }
  }
}

type Node = Readonly<Record<string, unknown>> & { readonly type?: string; readonly position?: number }

/** Finds unsteady functions, and the first name of each path that starts at the input. */
const walk = (node: unknown, names: Set<string>, atInput: boolean): ExpressionFault | undefined => {
  if (Array.isArray(node)) {
    for (const entry of node) {
      const fault = walk(entry, names, atInput)
      if (fault) return fault
    }
    return undefined
  }
  if (typeof node !== 'object' || node === null) return undefined
  const { type, value, position = 1, steps, ...rest } = node as Node
  if (type === 'variable' && typeof value === 'string' && unsteady.has(value))
    return { message: `$${value}() gives another value each time; a truth must stay the same`, at: position - 1 }
  if (type === 'name' && atInput && typeof value === 'string') names.add(value)
  if (Array.isArray(steps)) {
    const [first, ...others] = steps
    return walk(first, names, atInput) ?? walk(others, names, false)
  }
  for (const [key, child] of Object.entries(rest)) {
    // what stands in a predicate is read from the entry, not from the input
    const inner = atInput && !['predicate', 'stages', 'group'].includes(key)
    const fault = typeof child === 'object' ? walk(child, names, inner) : undefined
    if (fault) return fault
  }
  return undefined
}

/** An expression that could not be evaluated for one input: its item is bad data. */
export class ExpressionFailed extends Error {
  override readonly name = 'ExpressionFailed'
}

interface Waiting {
  readonly expression: string
  readonly input: unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** An expression that overran its time so often in a row is given up: a thousand items would wait for it one by one. */
const mostOverruns = 3

/**
 * Evaluates JSONata in a worker, one expression at a time, each within a time limit. A worker that overruns it is ended and
 * replaced, so that no expression can hang the process; memory is limited too.
 */
export class Expressions {
  readonly #queue: Waiting[] = []
  readonly #overruns = new Map<string, number>()
  #worker: Worker | undefined
  #ready = false
  #current: Waiting | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(readonly limitMs = 1000) {}

  /** @throws {ExpressionFailed} the expression's own fault, or its time is up */
  evaluate(expression: string, input: unknown): Promise<unknown> {
    if ((this.#overruns.get(expression) ?? 0) >= mostOverruns) return Promise.reject(this.#tooSlow())
    return new Promise((resolve, reject) => {
      this.#queue.push({ expression, input, resolve, reject })
      this.#next()
    })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#settle(() => this.#current?.reject(new ExpressionFailed('the expressions were closed')))
    this.#forget()
    await worker?.terminate()
  }

  #next(): void {
    if (this.#current || this.#queue.length === 0) return
    const worker = this.#worker ?? this.#start()
    if (!this.#ready) return
    const waiting = this.#queue.shift() as Waiting
    this.#current = waiting
    worker.ref()
    this.#timer = setTimeout(() => this.#overrun(), this.limitMs)
    worker.postMessage({ id: 0, expression: waiting.expression, input: waiting.input })
  }

  #start(): Worker {
    const worker = new Worker(new URL('./expression-worker.mjs', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 128 },
      execArgv: [],
    })
    this.#worker = worker
    worker.on('message', (message: { ready?: true; value?: unknown; error?: string }) => this.#hear(worker, message))
    worker.on('error', (error) => this.#lose(worker, error.message))
    return worker
  }

  #hear(worker: Worker, { ready, value, error }: { ready?: true; value?: unknown; error?: string }): void {
    if (worker !== this.#worker) return
    if (ready) {
      this.#ready = true
      worker.unref() // an idle worker holds no process
    } else {
      const { expression, resolve, reject } = this.#current as Waiting
      this.#overruns.delete(expression)
      this.#settle(() => (error === undefined ? resolve(value) : reject(new ExpressionFailed(error))))
      worker.unref()
    }
    this.#next()
  }

  #overrun(): void {
    void this.#worker?.terminate()
    this.#forget()
    const { expression, reject } = this.#current as Waiting
    this.#overruns.set(expression, (this.#overruns.get(expression) ?? 0) + 1)
    this.#settle(() => reject(this.#tooSlow()))
    this.#next()
  }

  #tooSlow = () => new ExpressionFailed(`took more than ${this.limitMs} ms and was stopped`)

  #lose(worker: Worker, why: string): void {
    if (worker !== this.#worker) return
    this.#forget()
    this.#settle(() => this.#current?.reject(new ExpressionFailed(`broke its worker: ${why}`)))
    this.#next()
  }

  #forget(): void {
    this.#worker = undefined
    this.#ready = false
  }

  #settle(tell: () => void): void {
    clearTimeout(this.#timer)
    tell()
    this.#current = undefined
  }
}
