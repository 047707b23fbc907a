import { deadlineOf } from '../deadline.ts'
import { messageOf } from '../errors.ts'
import { bodyCap, readCapped } from '../openai-fetch.ts'
import { saidIn } from './completion.ts'
import type { Clock, Endpoint } from './endpoint.ts'
import {
  keyRefused,
  notChat,
  quotaSpent,
  rateLimited,
  requestRefused,
  unknownModel,
  unreachable,
  wordsOf,
} from './errors.ts'
import { backoffMs, isPassing, isQuota, longestPauseMs, retryAfterMs } from './retry.ts'
import { type Address, keyOf } from './targets.ts'

export interface Asking {
  readonly target: Address
  readonly endpoint: Endpoint
  readonly body: Readonly<Record<string, unknown>> // without its model
  readonly signal: AbortSignal
  readonly timeoutMs: number // for one try
  readonly retries: number
  readonly clock: Clock
  readonly service?: Service // chat completions unless told
}

/** What is asked for at an endpoint. */
export interface Service {
  readonly path: string // below the base URL
  readonly longest: number // bytes of an answer that are read
  isAnswer(body: string): boolean
  unfit(address: Address, words: string): Error
}

const chat: Service = {
  path: '/chat/completions',
  longest: bodyCap,
  isAnswer: (body) => saidIn(body) !== undefined,
  unfit: notChat,
}

/** A completed answer, or the open stream of one. */
export interface Received {
  readonly response: Response
  readonly body?: string // absent for a stream
}

/**
 * Asks one model, again where it may help. A Retry-After pauses the whole endpoint. The answer is read whole, so that a
 * connection lost in its middle is tried again too; a stream is handed on as it comes.
 * @throws WhetError llm-unreachable · llm-rate-limited · llm-quota · llm-key-refused · llm-unknown-model ·
 *   llm-request-refused · what the service calls unfit · llm-key-missing
 */
export const attempt = async (asking: Asking): Promise<Received> => {
  const { target, endpoint, signal, retries, clock, service = chat } = asking
  for (let tries = 1; ; tries += 1) {
    await endpoint.turn(signal)
    const got = await once(asking)
    if ('response' in got && got.response.ok) return checked(got, target, service)
    signal.throwIfAborted()
    const failure = 'response' in got ? await refusal(got, target) : got
    if (failure.final) throw failure.final
    if (failure.pauseMs !== undefined && failure.pauseMs > longestPauseMs)
      throw rateLimited(target, failure.pauseMs / 1000)
    if (tries > retries)
      throw failure.status === 429 ? rateLimited(target, secondsOf(failure)) : unreachable(target, tries, failure.why)
    if (failure.pauseMs === undefined) await clock.sleep(backoffMs(tries), signal)
    else endpoint.pause(failure.pauseMs)
  }
}

const secondsOf = ({ pauseMs }: Failure) => (pauseMs === undefined ? undefined : pauseMs / 1000)

interface Failure {
  readonly why: string
  readonly status?: number
  readonly pauseMs?: number | undefined
  readonly final?: Error
}

const once = async ({ target, body, signal, timeoutMs, service = chat }: Asking): Promise<Received | Failure> => {
  const key = keyOf(target)
  const deadline = deadlineOf(signal, timeoutMs)
  let streaming = false
  try {
    const response = await fetch(`${target.baseUrl}${service.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ ...body, model: target.model }),
      signal: deadline.signal,
    })
    streaming = response.ok && (response.headers.get('content-type') ?? '').includes('event-stream')
    if (streaming) return { response: watched(response, deadline.release) }
    const { text, cut } = await readCapped(response, service.longest)
    return cut
      ? {
          why: `the answer is longer than ${service.longest} bytes`,
          final: service.unfit(target, text.slice(0, 80)),
        }
      : { response, body: text }
  } catch (error) {
    signal.throwIfAborted()
    return { why: deadline.signal.aborted ? `none within ${timeoutMs / 1000} s` : causeOf(error) }
  } finally {
    if (!streaming) deadline.release()
  }
}

/** A stream keeps its deadline until its last byte: a stall in the middle ends it. */
const watched = (response: Response, release: () => void): Response => {
  const { body, status, headers } = response
  return new Response(body && ReadableStream.from(ending(body, release)), { status, headers })
}

/** The chunks of a stream; `end` is called once, however it ends. */
export async function* ending(body: ReadableStream<Uint8Array>, end: () => unknown): AsyncGenerator<Uint8Array> {
  try {
    yield* body as unknown as AsyncIterable<Uint8Array>
  } finally {
    await end()
  }
}

const checked = (got: Received, target: Address, { isAnswer, unfit }: Service): Received => {
  if (got.body !== undefined && !isAnswer(got.body)) throw unfit(target, wordsOf(got.body, keyOf(target)))
  return got
}

const refusal = async ({ response, body = '' }: Received, target: Address): Promise<Failure> => {
  const { status, headers } = response
  const words = wordsOf(body, keyOf(target))
  const why = `HTTP ${status}`
  if (status === 429 && isQuota(body)) return { why, final: quotaSpent(target, words) }
  if (isPassing(status)) return { why, status, pauseMs: retryAfterMs(headers.get('retry-after'), Date.now()) }
  if (status === 401 || status === 403) return { why, final: keyRefused(target, status, target.keyEnv) }
  if (status === 404) return { why, final: unknownModel(target, words) }
  return { why, final: requestRefused(target, status, words) }
}

const causeOf = (error: unknown): string => {
  const { code, message } = ((error as { cause?: unknown })?.cause ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code === 'string') return code
  return typeof message === 'string' && message !== '' ? message : messageOf(error)
}
