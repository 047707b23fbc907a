/** What a chat completion's body says: whole, or as server-sent events. */

export interface Said {
  readonly text: string
  readonly call?: string // arguments of the first tool call, as JSON text
  readonly finish: string // stop, length, tool_calls, content_filter ...
  readonly refusal?: string
}
export interface Usage {
  readonly input: number
  readonly output: number
}

interface Body {
  choices?: {
    finish_reason?: unknown
    message?: { content?: unknown; refusal?: unknown; tool_calls?: { function?: { arguments?: unknown } }[] }
  }[]
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null
}

const parsed = (text: string): Body | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Body) : undefined
  } catch {
    return undefined
  }
}

/** @returns undefined where the body is no chat completion */
export const saidIn = (body: string): Said | undefined => {
  const choice = parsed(body)?.choices?.[0]
  const message = choice?.message
  if (typeof message !== 'object' || message === null) return undefined
  const call = message.tool_calls?.[0]?.function?.arguments
  return {
    text: textOf(message.content),
    ...(typeof call === 'string' && { call }),
    finish: typeof choice?.finish_reason === 'string' ? choice.finish_reason : 'stop',
    ...(typeof message.refusal === 'string' && message.refusal !== '' && { refusal: message.refusal }),
  }
}

/** Counted tokens of a body, or of the last event that has them. Undefined where the server does not tell. */
export const usageIn = (body: string): Usage | undefined => {
  const whole = body.trimStart().startsWith('{') ? usageOf(parsed(body)) : undefined
  if (whole) return whole
  for (const line of body.split('\n').reverse()) {
    const usage = line.startsWith('data: {') ? usageOf(parsed(line.slice(6))) : undefined
    if (usage) return usage
  }
  return undefined
}

const usageOf = (body: Body | undefined): Usage | undefined => {
  const { prompt_tokens: input, completion_tokens: output } = body?.usage ?? {}
  return isCount(input) && isCount(output) ? { input, output } : undefined
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: unknown }) => (typeof part?.text === 'string' ? part.text : '')).join('')
}
