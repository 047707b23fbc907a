/** The student: whatever answers a transcript. One is served and asked over HTTP, one is a script. */
import type { ClientOptions, OpenAI } from 'openai'
import type { AssistantTurn, ToolSchema, Transcript } from './contract.ts'
import { deadlineOf, raced } from './deadline.ts'
import { exitCodes, isWhetError, WhetError } from './errors.ts'
import { retryAfterMs } from './llm/retry.ts'
import { cappedFetch, isCut, parseFailure } from './openai-fetch.ts'
import { contentCap, cutText, toOpenAiMessages, toOpenAiTools, turnOf } from './openai-form.ts'

export interface Reply {
  readonly turn: AssistantTurn
  readonly tokens: { readonly prompt: number; readonly completion: number } // 0 where the server does not tell
  readonly ms: number
}

export interface Student {
  readonly name: string
  /** Present where several endpoints serve it: an episode that stays at one of them from its first turn to its last. */
  readonly fleet?: StudentFleet
  /**
   * Answers one transcript, at temperature 0 unless told. Garbage is an answer and never an error.
   * @param options.maxTokens longest reply, tokens of the student
   * @throws WhetError what hinders the asking, not the student's words; see `openAiStudent`. What `signal` was aborted with
   */
  reply(
    messages: Transcript,
    tools: readonly ToolSchema[],
    options: {
      readonly signal: AbortSignal
      readonly maxTokens: number
      readonly seed: number
      readonly temperature?: number
      readonly slot?: number // of the server: an episode that stays in one finds its earlier turns in the prompt cache
    },
  ): Promise<Reply>
}

export interface StudentFleet {
  readonly slots: number // of all endpoints together
  /** Lends an endpoint for the time of `work`, and another one where it fails: `work` begins anew there. */
  run<T>(signal: AbortSignal, work: (student: Student, signal: AbortSignal) => Promise<T>): Promise<T>
}

export interface OpenAiStudentOptions {
  readonly baseUrl: string // with or without /v1
  readonly model?: string // left out: the first that the server lists
  readonly apiKeyEnv?: string // NAME of the environment variable with the key; read at each call, kept nowhere
  readonly timeoutMs: number // for one reply, its retries included
  readonly retries?: number // further tries after 429, 5xx and lost connections; 2 unless told
  /**
   * Who reads tool calls out of the student's words. `server`: the endpoint does. `own`: the words come back as they are
   * and `<tool_call>` blocks are read here. llama.cpp's own reading forces a call into the tools' schema while the student
   * writes it, which hides malformed calls, and allows one call a turn; `own` measures what the student itself says.
   */
  readonly calls?: 'server' | 'own'
}

type Options = Parameters<Student['reply']>[2]
const usualRetries = 2

/**
 * A student behind an OpenAI-compatible endpoint. 429, 5xx and lost connections are tried again.
 * A body over 1 MB is cut off and becomes content; content and calls over 64 kB are cut too.
 * @throws WhetError student-unreachable, student-timeout (service: the row was not measured), student-context (the
 *   prompt does not fit), student-refused, student-key-missing (config)
 */
export const openAiStudent = (options: OpenAiStudentOptions): Student => {
  const where = new URL(options.baseUrl).host // never the whole address: it may carry a password
  let model = options.model
  return {
    name: options.model ?? where,
    async reply(messages, tools, { signal, maxTokens, seed, slot, temperature = 0 }) {
      signal.throwIfAborted()
      const started = performance.now()
      const { signal: deadline, release } = deadlineOf(signal, options.timeoutMs)
      try {
        const client = await openClient(options)
        model ??= await raced(firstModel(client, deadline), deadline)
        const asked = { model, messages, tools, maxTokens, seed, temperature, slot, calls: options.calls ?? 'server' }
        const { turn, tokens } = await raced(ask(client, asked, deadline), deadline)
        return { turn, tokens, ms: performance.now() - started }
      } catch (error) {
        signal.throwIfAborted()
        throw isWhetError(error) ? error : explain(error, { where, timedOut: deadline.aborted, ...options })
      } finally {
        release()
      }
    },
  }
}

/** A student that answers by script, for tests and for the oracle, random and do-nothing students. */
export const scriptedStudent = (
  answer: (
    messages: Transcript,
    tools: readonly ToolSchema[],
    options: Options,
  ) => AssistantTurn | Promise<AssistantTurn>,
  name = 'scripted',
): Student => ({
  name,
  async reply(messages, tools, options) {
    options.signal.throwIfAborted()
    const started = performance.now()
    const turn = await answer(messages, tools, options)
    return { turn, tokens: { prompt: 0, completion: 0 }, ms: performance.now() - started }
  },
})

interface Asked {
  model: string
  messages: Transcript
  tools: readonly ToolSchema[]
  maxTokens: number
  seed: number
  temperature: number
  slot?: number | undefined
  calls: 'server' | 'own'
}

const ask = async (client: OpenAI, asked: Asked, signal: AbortSignal): Promise<Pick<Reply, 'turn' | 'tokens'>> => {
  const body = {
    model: asked.model,
    messages: toOpenAiMessages(asked.messages),
    temperature: asked.temperature,
    max_tokens: asked.maxTokens,
    seed: asked.seed & 0x7fffffff, // llama.cpp takes -1 for `any`
    ...(asked.calls === 'own' && asked.slot !== undefined && { id_slot: asked.slot }), // llama.cpp's own field
    ...(asked.tools.length > 0 && {
      tools: toOpenAiTools(asked.tools),
      ...(asked.calls === 'own' ? { tool_choice: 'none' as const } : { parallel_tool_calls: true }),
    }),
  }
  const response = await client.chat.completions
    .create(body, { signal })
    .asResponse()
    .catch((error: { status?: number; message?: string }) => {
      const unparsed = error.status === 500 && parseFailure(error.message ?? '')
      if (unparsed === false) throw error
      return unparsed // llama.cpp could not read the student's own words: an answer, and a wrong one
    })
  const nothing = { prompt: 0, completion: 0 }
  if (typeof response === 'string') return { turn: { role: 'assistant', content: cutText(response) }, tokens: nothing }
  const text = await response.text()
  return turnOf(text, isCut(response), asked.messages.length) ?? unreadable()
}

const unreadable = (): never => {
  throw new WhetError({
    code: 'student-unreachable',
    message: `What answers is not an OpenAI-compatible chat endpoint (its answer has no choices, within ${contentCap} bytes). Check the student's url.`,
    fixedBy: 'service',
  })
}

const firstModel = async (client: OpenAI, signal: AbortSignal): Promise<string> => {
  const listed = (await client.models.list({ signal }).asResponse()).json() as Promise<{ data?: { id?: unknown }[] }>
  const id = (await listed.catch(() => undefined))?.data?.[0]?.id
  return typeof id === 'string' ? id : 'student'
}

const openClient = async (options: OpenAiStudentOptions): Promise<OpenAI> => {
  const { OpenAI } = await import('openai') // only when a student is asked: it takes long to load
  const address = new URL(options.baseUrl)
  if (address.pathname === '/') address.pathname = '/v1'
  const key = options.apiKeyEnv === undefined ? 'none' : process.env[options.apiKeyEnv]
  if (!key) throw keyMissing(options.apiKeyEnv!)
  const settings: ClientOptions = {
    baseURL: address.href.replace(/\/$/, ''),
    apiKey: key,
    adminAPIKey: null, // this and the next two would come from the environment
    organization: null,
    project: null,
    maxRetries: options.retries ?? usualRetries,
    timeout: options.timeoutMs * 2, // never first: our own deadline covers the retries too
    logLevel: 'off', // its debug log shows headers and prompts
    fetch: cappedFetch,
  }
  return new OpenAI(settings)
}

const keyMissing = (name: string) =>
  new WhetError({
    code: 'student-key-missing',
    message: `The environment variable ${name} is not set, and student.apiKeyEnv names it. Set it, or remove apiKeyEnv.`,
    fixedBy: 'config',
    exit: exitCodes.missing,
    data: { name },
  })

const triesText = (retries: number) => (retries === 0 ? 'one try' : `${retries + 1} tries`)

/** The server's own words stay out of the message: they may name files or echo a key. */
const explain = (error: unknown, at: OpenAiStudentOptions & { where: string; timedOut: boolean }) => {
  const { status, code, type, headers, message } = (error ?? {}) as {
    status?: number
    code?: unknown
    type?: unknown
    headers?: Headers
    message?: string
  }
  const pauseMs = retryAfterMs(headers?.get('retry-after') ?? null, Date.now())
  const data = { where: at.where, ...(status && { status }), ...(pauseMs !== undefined && { retryAfterMs: pauseMs }) }
  const make = (name: string, message: string, fixedBy: 'config' | 'service') =>
    new WhetError({ code: name, message, fixedBy, data })
  if (at.timedOut)
    return make(
      'student-timeout',
      `The student at ${at.where} did not answer within ${at.timeoutMs / 1000} s. See its server, or raise student.timeoutSeconds.`,
      'service',
    )
  const tooLong = status === 400 && /maximum context length|longer than the maximum model length/i.test(message ?? '') // vLLM
  if (tooLong || type === 'exceed_context_size_error' || code === 'context_length_exceeded')
    return make(
      'student-context',
      'The prompt is longer than the context of the student. Show fewer tools or shorter results, or serve it with more context.',
      'config',
    )
  if (status === undefined || status === 408 || status === 409 || status === 429 || status >= 500)
    return make(
      'student-unreachable',
      `The student at ${at.where} ${status ? `answers with HTTP ${status}` : 'cannot be reached'}, after ${triesText(at.retries ?? usualRetries)}. Check that its server runs and has room.`,
      'service',
    )
  const key = at.apiKeyEnv ? `the key in ${at.apiKeyEnv}` : 'student.apiKeyEnv (no key was sent)'
  return make(
    'student-refused',
    status === 401 || status === 403
      ? `The student at ${at.where} refuses the key (HTTP ${status}). Check ${key}.`
      : `The student at ${at.where} refuses the request (HTTP ${status}). Check student.url and student.model.`,
    'config',
  )
}
