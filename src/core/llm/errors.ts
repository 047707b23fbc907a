/** What can go wrong with a call to a model, each as an error that a person can act on. */
import { exitCodes, isWhetError, messageOf, WhetError } from '../errors.ts'
import { excerpt } from '../excerpt.ts'
import { redact } from '../secrets.ts'

const longestWords = 200

/** The endpoint's own words, fit for a message: short, without the key that it may echo. */
export const wordsOf = (body: string, key: string | undefined): string => {
  const said = messageIn(body) ?? body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
  return excerpt(redact(key ? said.replaceAll(key, '…') : said), longestWords)
}

const messageIn = (body: string): string | undefined => {
  try {
    const { error, message } = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown }
    const said = typeof error === 'string' ? error : (error?.message ?? message)
    return typeof said === 'string' ? said : undefined
  } catch {
    return undefined
  }
}

/** The WhetError behind an error that an SDK or LangChain has wrapped; the error itself where there is none. */
export const unwrapped = (error: unknown): unknown => {
  for (let at = error, depth = 0; at instanceof Error && depth < 6; at = at.cause, depth += 1)
    if (isWhetError(at)) return at
  return error
}

interface At {
  readonly setting: string // where it stands in the config
  readonly model: string
  readonly where: string // host of the endpoint
}

const make = (
  { setting, model, where }: At,
  code: string,
  message: string,
  fixedBy: 'config' | 'service',
  data: Readonly<Record<string, unknown>> = {},
) =>
  new WhetError({
    code,
    message: `${setting} (${model} at ${where}): ${message}`,
    fixedBy,
    data: { setting, model, where, ...data },
  })

export const unreachable = (at: At, tries: number, why: string) =>
  make(
    at,
    'llm-unreachable',
    `no answer after ${tries} ${tries === 1 ? 'try' : 'tries'} (${why}). Check that the endpoint runs, or name a fallback; \`whet resume\` goes on.`,
    'service',
  )

export const rateLimited = (at: At, seconds: number | undefined) =>
  make(
    at,
    'llm-rate-limited',
    `the endpoint refuses more calls${seconds === undefined ? '' : ` for ${Math.ceil(seconds)} seconds`}. Lower concurrency or requestsPerMinute, or wait; \`whet resume\` goes on.`,
    'service',
    seconds === undefined ? {} : { seconds },
  )

export const fleetDown = (at: At, endpoints: number, last: unknown) =>
  make(
    at,
    'llm-unreachable',
    `none of its ${endpoints} endpoints answers (last: ${messageOf(last).replace(/\.$/, '')}). Check that they run, or name a fallback; \`whet resume\` goes on.`,
    'service',
  )

export const quotaSpent = (at: At, words: string) =>
  make(at, 'llm-quota', `the account has no credit left: ${words}`, 'service')

export const keyRefused = (at: At, status: number, keyEnv: string | undefined) =>
  make(
    at,
    'llm-key-refused',
    keyEnv
      ? `the key in ${keyEnv} is refused (HTTP ${status}). Check it.`
      : `the endpoint wants a key (HTTP ${status}). Name its environment variable in apiKeyEnv.`,
    'config',
  )

export const unknownModel = (at: At, words: string) =>
  make(at, 'llm-unknown-model', `the endpoint does not know this model or address (HTTP 404): ${words}`, 'config')

export const requestRefused = (at: At, status: number, words: string) =>
  make(at, 'llm-request-refused', `the request is refused (HTTP ${status}): ${words}`, 'config', { status })

export const notChat = (at: At, words: string) =>
  make(
    at,
    'llm-not-chat',
    `what answers is not an OpenAI-compatible chat endpoint; it says ${JSON.stringify(words)}. Check baseUrl.`,
    'config',
  )

export const notEmbeddings = (at: At, words: string) =>
  make(
    at,
    'llm-not-embeddings',
    `what answers is not an OpenAI-compatible embeddings endpoint; it says ${JSON.stringify(words)}. Check baseUrl, and that the model is one for embeddings.`,
    'config',
  )

export const badAnswer = (at: At, tries: number, findings: readonly string[]) =>
  make(
    at,
    'llm-bad-answer',
    `${tries} answers in a row do not fit what was asked for (${findings.slice(0, 3).join('; ')}).`,
    'service',
    { findings },
  )

export const declined = (at: At) => make(at, 'llm-declined', 'the model declines to answer this prompt.', 'service')

export const cassetteMiss = (at: At, file: string) =>
  make(
    at,
    'cassette-miss',
    `${file} holds no answer to this call. Record it anew with roles.cassette.mode: record.`,
    'config',
    { file },
  )

export const keyMissing = (setting: string, name: string) =>
  new WhetError({
    code: 'llm-key-missing',
    message: `The environment variable ${name} is not set, and ${setting}.apiKeyEnv names it. Set it, or take apiKeyEnv out.`,
    fixedBy: 'config',
    exit: exitCodes.missing,
    data: { setting, name },
  })

export const priceMissing = (role: string, model: string) =>
  new WhetError({
    code: 'llm-price-missing',
    message: `budget.money is set, and the price of ${model} (roles.${role}) is not known: write price: { input, output } per million tokens beside it, or limit budget.tokens.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { role, model },
  })

export const budgetSpent = (which: 'tokens' | 'money', limit: number, spent: number, wanted: number) =>
  new WhetError({
    code: 'llm-budget',
    message: `The next call could pass budget.${which}: ${round(spent)} of ${limit} are spent and it may take up to ${round(wanted)}. Raise the budget and resume.`,
    fixedBy: 'config',
    data: { which, limit, spent, wanted },
  })

const round = (value: number) => Math.round(value * 10_000) / 10_000
