/** Transcripts and tools as OpenAI-compatible endpoints want them, and their answers as turns. */
import type { OpenAI } from 'openai'
import type { AssistantTurn, Message, ToolCall, ToolSchema, Transcript } from './contract.ts'

/** Longest content of a reply, and longest text of all its calls, bytes. */
export const contentCap = 1 << 16
const deepest = 64 // levels of nesting that arguments may have: what writes JSON later is recursive

type OpenAiMessage = OpenAI.ChatCompletionMessageParam

export const toOpenAiMessages = (messages: Transcript): OpenAiMessage[] => messages.map(toOpenAiMessage)

const toOpenAiMessage = (message: Message): OpenAiMessage => {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.toolCallId, content: message.content }
  if (message.role !== 'assistant' || !message.toolCalls?.length)
    return { role: message.role, content: message.content }
  // arguments that did not parse become a JSON text: chat templates parse the history
  const tool_calls = message.toolCalls.map(({ id, name, arguments: given }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: JSON.stringify(given ?? {}) },
  }))
  return { role: 'assistant', content: message.content, tool_calls }
}

export const toOpenAiTools = (tools: readonly ToolSchema[]): OpenAI.ChatCompletionTool[] =>
  tools.map(({ name, description, parameters }) => ({ type: 'function', function: { name, description, parameters } }))

/** The text, at most `contentCap` bytes of UTF-8, without lone surrogates. */
export const cutText = (text: string): string =>
  Buffer.from(text.slice(0, contentCap)).subarray(0, contentCap).toString()

/**
 * The turn and token counts in a chat completion's body.
 * @param cut the body was longer than what is read: its beginning becomes content
 * @param at  number of messages before the turn: makes ids, where the server gives none, unique in the transcript
 * @returns undefined where the body is not a chat completion
 */
export const turnOf = (body: string, cut: boolean, at: number) => {
  const tokens = { prompt: 0, completion: 0 }
  if (cut) return { turn: { role: 'assistant', content: cutText(beginningOf(body)) } as AssistantTurn, tokens }
  const completion = parsed(body) as Partial<OpenAI.ChatCompletion> | undefined
  const message = completion?.choices?.[0]?.message
  if (!message || typeof message !== 'object') return undefined
  if (isDeep(message)) return { turn: { role: 'assistant', content: cutText(body) } as AssistantTurn, tokens }
  tokens.prompt = countOf(completion?.usage?.prompt_tokens)
  tokens.completion = countOf(completion?.usage?.completion_tokens)
  return { turn: toTurn(message, at), tokens }
}

const toTurn = (message: OpenAI.ChatCompletionMessage, at: number): AssistantTurn => {
  const content = textOf(message.content)
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : []
  if (calls.length === 0) return fromText(content, at)
  const said = JSON.stringify(calls)
  // too much to keep whole: leaving some calls out could make a wrong turn right
  if (Buffer.byteLength(said) > contentCap) return { role: 'assistant', content: cutText(said) }
  return {
    role: 'assistant',
    content: cutText(content),
    toolCalls: calls.map((call, index) => toCall(call, at, index)),
  }
}

const toCall = (call: unknown, at: number, index: number): ToolCall => {
  const { id, function: made } = (call ?? {}) as { id?: unknown; function?: { name?: unknown; arguments?: unknown } }
  const given = typeof made?.arguments === 'string' ? (parsed(made.arguments) ?? made.arguments) : made?.arguments
  return {
    id: typeof id === 'string' && id !== '' ? id : idOf(at, index),
    name: typeof made?.name === 'string' ? made.name : '',
    arguments: isDeep(given) ? (made!.arguments as string) : (given ?? {}), // too deep an object never gets here, see `turnOf`
  }
}

/**
 * Reads `<tool_call>{"name", "arguments"}</tool_call>` out of a reply; what stands around the blocks stays as content.
 * One block that is not well formed leaves the whole reply as it is, so that a grader sees the fault.
 */
export const fromText = (text: string, at: number): AssistantTurn => {
  const asSaid: AssistantTurn = { role: 'assistant', content: cutText(text) }
  if (!text.includes('<tool_call>') || text.length > contentCap) return asSaid
  const toolCalls: ToolCall[] = []
  const around = text.replace(/<tool_call>([\s\S]*?)<\/tool_call>/g, (block, inside: string) => {
    const call = callIn(inside, idOf(at, toolCalls.length))
    if (call === undefined) return block
    toolCalls.push(call)
    return ''
  })
  if (/<\/?tool_call>/.test(around)) return asSaid
  return { role: 'assistant', content: cutText(around.trim()), toolCalls }
}

const callIn = (text: string, id: string): ToolCall | undefined => {
  const call = parsed(text) as { name?: unknown; arguments?: unknown } | undefined
  if (!call || typeof call.name !== 'string' || call.name === '') return undefined
  const given = call.arguments
  if (!given || typeof given !== 'object' || Array.isArray(given) || isDeep(given)) return undefined
  return { id, name: call.name, arguments: given }
}

const idOf = (at: number, index: number) => `call_${at}_${index}`

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isDeep = (value: unknown, level = 0): boolean =>
  level > deepest ||
  (typeof value === 'object' && value !== null && Object.values(value).some((inner) => isDeep(inner, level + 1)))

const countOf = (value: unknown): number => (Number.isSafeInteger(value) && (value as number) > 0 ? Number(value) : 0)

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: unknown }) => (typeof part?.text === 'string' ? part.text : '')).join('')
}

/** What a cut body had of its content; the body itself where none is found. */
const beginningOf = (body: string): string => {
  const inside = body.slice(0, 2 * contentCap).match(/"content"\s*:\s*"((?:[^"\\]|\\.)*)/)?.[1]
  if (!inside) return body
  return (parsed(`"${inside.replace(/\\(u[\da-fA-F]{0,3})?$/, '')}"`) as string | undefined) ?? inside
}
