/** Messages as people store them: OpenAI's, Hugging Face's and ShareGPT's, and the product's own. */

import { canonical } from '../canonical.ts'
import type { Message, ToolCall } from '../contract.ts'
import { messageRoles } from './roles.ts'

export const dataFormats = ['openai', 'sharegpt', 'hf', 'kto'] as const
export type DataFormat = (typeof dataFormats)[number]

/** What is wrong with one message, for the person who has the file. */
export class BadMessage extends Error {
  constructor(
    readonly kind: string,
    message: string,
  ) {
    super(message)
  }
}

type Entry = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * One stored message in the product's form.
 * @param at  its place in the conversation: calls without an id are named after it
 * @throws {BadMessage}
 */
export const readMessage = (entry: unknown, at: number): Message => {
  if (!isObject(entry)) throw new BadMessage('bad-turn', 'a turn is an object with a role and a content')
  const name = entry.role ?? entry.from
  const role = typeof name === 'string' && Object.hasOwn(messageRoles, name) ? messageRoles[name] : undefined
  if (!role)
    throw new BadMessage(
      'unknown-role',
      `the role ${JSON.stringify(name)?.slice(0, 60)} is none of system, user, assistant, tool`,
    )
  const content = textOf(entry.content ?? entry.value)
  if (role === 'tool') {
    const id = entry.tool_call_id
    return { role, toolCallId: typeof id === 'string' ? id : '', content, isError: entry.is_error === true }
  }
  if (role !== 'assistant') return { role, content }
  const calls =
    name === 'function_call' || name === 'tool_call' ? writtenCalls(content, at) : callsOf(entry.tool_calls ?? [], at)
  if (name === 'function_call' || name === 'tool_call') return { role, content: '', toolCalls: calls }
  return calls.length > 0 ? { role, content, toolCalls: calls } : { role, content }
}

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (content === null || content === undefined) return ''
  if (!Array.isArray(content))
    throw new BadMessage('bad-turn', 'the content is neither text nor null nor a list of parts')
  return content.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

const callsOf = (calls: unknown, at: number): ToolCall[] => {
  if (!Array.isArray(calls)) throw new BadMessage('malformed-call', 'tool_calls is not a list')
  return calls.map((call, index) => callOf(call, `call_${at}_${index}`))
}

const callOf = (call: unknown, id: string): ToolCall => {
  const outer = isObject(call) ? call : {}
  const inner = isObject(outer.function) ? outer.function : outer
  if (typeof inner.name !== 'string' || inner.name === '')
    throw new BadMessage('malformed-call', 'a call has no tool name')
  const given = inner.arguments ?? inner.parameters ?? {}
  return {
    id: typeof outer.id === 'string' && outer.id !== '' ? outer.id : id,
    name: inner.name,
    arguments: argumentsOf(given),
  }
}

/** An object, or the JSON text of one. */
const argumentsOf = (given: unknown): unknown => {
  if (isObject(given)) return given
  if (typeof given !== 'string') throw new BadMessage('bad-arguments', 'the arguments are not an object')
  let parsed: unknown
  try {
    parsed = given.trim() === '' ? {} : JSON.parse(given)
  } catch {
    throw new BadMessage('bad-arguments', `the arguments are broken JSON: ${given.slice(0, 60)}`)
  }
  if (typeof parsed === 'string')
    throw new BadMessage('double-encoded', 'the arguments are JSON text inside of JSON text')
  if (!isObject(parsed)) throw new BadMessage('bad-arguments', 'the arguments are not an object')
  return parsed
}

const writtenCalls = (text: string, at: number): ToolCall[] => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new BadMessage('malformed-call', 'the call is not JSON')
  }
  return callsOf(Array.isArray(parsed) ? parsed : [parsed], at)
}

/** A message in a format's own form. */
export const writeMessage = (message: Message, format: DataFormat): Entry => {
  if (format === 'sharegpt') return shareGpt(message)
  if (message.role === 'tool')
    return {
      role: 'tool',
      ...(message.toolCallId !== '' && { tool_call_id: message.toolCallId }),
      content: message.content,
    }
  if (message.role !== 'assistant' || !message.toolCalls?.length)
    return { role: message.role, content: message.content }
  const tool_calls = message.toolCalls.map(({ id, name, arguments: given }) => ({
    id,
    type: 'function',
    function: { name, arguments: format === 'openai' ? JSON.stringify(given) : given },
  }))
  return {
    role: 'assistant',
    content: format === 'openai' && message.content === '' ? null : message.content,
    tool_calls,
  }
}

const shareGpt = (message: Message): Entry => {
  if (message.role === 'tool') return { from: 'observation', value: message.content }
  if (message.role === 'assistant' && message.toolCalls?.length) {
    const calls = message.toolCalls.map(({ name, arguments: given }) => ({ name, arguments: given }))
    return { from: 'function_call', value: JSON.stringify(calls.length === 1 ? calls[0] : calls) }
  }
  return { from: { system: 'system', user: 'human', assistant: 'gpt' }[message.role], value: message.content }
}

/** Whether two messages say the same, whatever the order of their keys. */
export const sameMessage = (a: Message, b: Message): boolean => canonical(a) === canonical(b)
