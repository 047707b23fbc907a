import { createHash } from 'node:crypto'
import { canonical } from '../canonical.ts'
import type { RoleName, RoleSettings } from '../config-roles.ts'
import { isWhetError } from '../errors.ts'
import type { Answer, Books } from './answers.ts'
import { attempt, ending, type Received } from './attempt.ts'
import { type Budget, costOf, estimateTokens } from './budget.ts'
import type { Cassette } from './cassette.ts'
import { usageIn } from './completion.ts'
import type { Clock } from './endpoint.ts'
import { cassetteMiss } from './errors.ts'
import type { AtPlace } from './places.ts'
import type { Target } from './targets.ts'

/** What one call used. Told after each; a cached one used nothing. */
export interface Used {
  readonly role: RoleName
  readonly model: string
  readonly cached: boolean
  readonly input: number // tokens
  readonly output: number
  readonly money: number
  readonly estimated: boolean // the server does not count: the numbers are ours, on the high side
}

/** Whose call it is: goes into the books. */
export interface Scope {
  readonly signal: AbortSignal
  readonly stage?: string
  readonly round?: number
  onUsed?(used: Used): void
  /** Told once a fallback answers in the place of the role's own model. */
  onFallback?(from: string, to: string, why: string): void
}

export interface TransportOptions {
  readonly settings: RoleSettings
  readonly targets: readonly [Target, ...Target[]]
  readonly atPlace: AtPlace
  readonly answers: Books
  readonly cassette: Cassette | undefined
  readonly budget: Budget
  readonly account: string
  readonly clock: Clock
}

type Body = Readonly<Record<string, unknown>>

/** Failures that another model may not have. */
const passing = [
  'llm-unreachable',
  'llm-rate-limited',
  'llm-quota',
  'llm-not-chat',
  'llm-unknown-model',
  'llm-key-refused',
]

/** Answers that are being waited for, by key: the same call twice at once is one call. */
type InFlight = Map<string, Promise<Answer>>

/**
 * Every call of a role goes through here, `complete` and LangChain's models alike: cassette, kept answers, budget, queue,
 * retries, fallbacks, books. Errors are never kept. Streams are counted and recorded, and never answered from the store.
 */
export class Transport {
  readonly #inFlight: InFlight = new Map()
  constructor(readonly options: TransportOptions) {}

  get target(): Target {
    return this.options.targets[0]
  }

  /** @throws WhetError as `attempt`, and llm-budget · cassette-miss */
  async ask(body: Body, scope: Scope, { fresh = false } = {}): Promise<Answer> {
    const key = keyOf(this.target, body)
    const known = fresh ? undefined : await this.#known(key, scope)
    if (known) return known
    const waiting = fresh ? undefined : this.#inFlight.get(key)
    if (waiting) return waiting.then((answer) => this.#free(answer, scope))
    const asked = this.#askAny(key, body, scope)
    this.#inFlight.set(key, asked)
    try {
      return await asked
    } finally {
      this.#inFlight.delete(key)
    }
  }

  /** A `fetch` for LangChain's and OpenAI's clients: only their body counts, address and key are ours. */
  fetchFor(scope: Scope): typeof fetch {
    return async (_input, init) => {
      const { model: _, ...body } = JSON.parse(String(init?.body ?? '{}')) as Record<string, unknown>
      const signal = init?.signal ? AbortSignal.any([scope.signal, init.signal]) : scope.signal
      const within = { ...scope, signal }
      if (body.stream) return this.#stream(body, within)
      const answer = await this.ask(body, within)
      return new Response(answer.body, { headers: { 'content-type': answer.type } })
    }
  }

  async #known(key: string, scope: Scope): Promise<Answer | undefined> {
    const { cassette, answers } = this.options
    const recorded = cassette?.find(key)
    if (!recorded && cassette?.mode === 'replay') throw cassetteMiss(this.target, cassette.file)
    const answer = recorded ?? answers.find(key)
    if (!answer) return undefined
    await cassette?.record(key, answer)
    return this.#free(answer, scope)
  }

  #free(answer: Answer, { onUsed }: Scope): Answer {
    onUsed?.({ ...nothing(this.target), model: answer.model, cached: true })
    return answer
  }

  /** The role's own model first, then its fallbacks. */
  async #askAny(key: string, body: Body, scope: Scope): Promise<Answer> {
    const { targets } = this.options
    for (const [at, target] of targets.entries()) {
      try {
        if (at > 0) scope.onFallback?.(this.target.model, target.model, 'the model before it did not answer')
        return await this.#askOne(key, target, body, scope)
      } catch (error) {
        if (at === targets.length - 1 || !isWhetError(error) || !passing.includes(error.code)) throw error
      }
    }
    throw new Error('unreachable: the last target returns or throws')
  }

  /** The answer is durable before its place in the queue is free: a kill loses no more than what was in flight. */
  #askOne(key: string, target: Target, body: Body, scope: Scope): Promise<Answer> {
    const { answers, cassette, settings, atPlace, clock } = this.options
    return atPlace(target, scope.signal, async (place, signal) => {
      const { most, pay } = await this.#hold(target, body)
      let used = nothing(target)
      try {
        const timeoutMs = settings.timeoutSeconds * 1000
        const received = await attempt({ ...place, body, signal, timeoutMs, clock })
        const answer = await answerOf(received, target)
        used = { ...used, ...usedBy(answer.body, most, target) }
        await answers.keep(key, answer, this.#spending(target, used, scope))
        await cassette?.record(key, answer)
        scope.onUsed?.(used)
        return answer
      } finally {
        pay({ tokens: used.input + used.output, money: used.money })
      }
    })
  }

  /** Holds the most that the call could cost while it is made. @throws WhetError 'llm-budget' */
  async #hold(target: Target, body: Body) {
    const most = { input: estimateTokens(body), output: outputCap(body, this.options.settings) }
    const pay = await this.options.budget.hold({ tokens: most.input + most.output, money: costOf(most, target.price) })
    return { most, pay }
  }

  /** The stream as it comes; its cost is booked when it ends. */
  async #stream(body: Body, scope: Scope): Promise<Response> {
    const { settings, atPlace, clock, cassette, answers } = this.options
    const key = keyOf(this.target, body)
    const recorded = cassette?.find(key)
    if (recorded) return new Response(recorded.body, { headers: { 'content-type': recorded.type } })
    if (cassette?.mode === 'replay') throw cassetteMiss(this.target, cassette.file)
    const { target } = this
    const { most, pay } = await this.#hold(target, body)
    try {
      const asking = { body, timeoutMs: settings.timeoutSeconds * 1000, clock }
      const received = await atPlace(target, scope.signal, (place, signal) =>
        // the stream outlives the place's own signal
        attempt({
          ...asking,
          ...place,
          signal: signal === scope.signal ? signal : AbortSignal.any([scope.signal, signal]),
        }),
      )
      return copied(received, async (text, type) => {
        const used = { ...nothing(target), ...usedBy(text, most, target) }
        pay({ tokens: used.input + used.output, money: used.money })
        const answer = { body: text, type, model: target.model }
        await answers.keep(undefined, answer, this.#spending(target, used, scope))
        await cassette?.record(key, answer)
        scope.onUsed?.(used)
      })
    } catch (error) {
      pay({ tokens: 0, money: 0 })
      throw error
    }
  }

  #spending(target: Target, { input, output, money }: Used, { stage, round }: Scope) {
    return { account: this.options.account, role: target.role, stage, round, model: target.model, input, output, money }
  }
}

/**
 * What a call is known by: the address, the model and every field that changes the answer. No key is part of it, and
 * neither is how the answer travels.
 */
const keyOf = ({ baseUrl, model }: Target, { stream: _, stream_options: __, user: ___, ...body }: Body): string =>
  createHash('sha256')
    .update(canonical({ baseUrl: baseUrl.replace(/\/\/[^/@]*@/, '//'), model, ...body }))
    .digest('hex')

const nothing = ({ role, model }: Target): Used => ({
  role,
  model,
  cached: false,
  input: 0,
  output: 0,
  money: 0,
  estimated: false,
})

const answerOf = async ({ body, response }: Received, { model }: Target): Promise<Answer> => ({
  body: body ?? (await response.text()),
  type: response.headers.get('content-type') ?? 'application/json',
  model,
})

const outputCap = (body: Body, settings: RoleSettings): number =>
  Number(body.max_completion_tokens ?? body.max_tokens ?? settings.maxTokens)

const usedBy = (text: string, most: { input: number; output: number }, target: Target) => {
  const counted = usageIn(text)
  const used = counted ?? { input: most.input, output: Math.min(most.output, Math.ceil(text.length / 2)) }
  return { ...used, money: costOf(used, target.price), estimated: counted === undefined }
}

/** The response as it comes, its text handed over when it has ended or was left. */
const copied = ({ response, body }: Received, ended: (text: string, type: string) => Promise<void>): Response => {
  const type = response.headers.get('content-type') ?? 'text/event-stream'
  const chunks: Uint8Array[] = []
  const source = response.body && body === undefined ? response.body : new Blob([body ?? '']).stream()
  async function* kept() {
    for await (const chunk of source as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      yield chunk
    }
  }
  const stream = ReadableStream.from(kept()) as ReadableStream<Uint8Array>
  return new Response(ReadableStream.from(ending(stream, () => ended(Buffer.concat(chunks).toString(), type))), {
    headers: { 'content-type': type },
  })
}
