import { messageRoles } from '../../skill.ts'
import { isObject } from './schema.ts'

/** A conversation as people store them, in one form. `path` is where a thing stands in the row, as JSON path. */
export interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly text: string
  readonly calls: readonly Call[]
  readonly answers?: string // the call id that a tool turn answers
  readonly path: string
}

export interface Call {
  readonly id?: string
  readonly name: string
  readonly arguments: unknown // the object, or what stands in its place
  readonly written: string // the arguments as text
  readonly problem?: { readonly kind: string; readonly message: string }
  readonly path: string
}

export interface Problem {
  readonly kind: string
  readonly path: string
  readonly message: string
}

export interface Conversation {
  readonly turns: readonly Turn[]
  readonly problems: readonly Problem[]
}

/** Reads OpenAI `messages`, ShareGPT `conversations` (from/value), Synaptic-Tuner's mix of both, prompt + completion, and the rows of `whet data import`. */
export const conversationOf = (row: Record<string, unknown>): Conversation | undefined => {
  const found = listIn(row)
  if (!found) return undefined
  const problems: Problem[] = []
  const turns = found.flatMap(({ entries, path }) =>
    entries.flatMap((entry, index) => turnOf(entry, `${path}[${index}]`, problems) ?? []),
  )
  return { turns, problems }
}

const listIn = (row: Record<string, unknown>) => {
  for (const key of ['messages', 'conversations', 'conversation'])
    if (Array.isArray(row[key])) return [{ entries: row[key] as unknown[], path: `$.${key}` }]
  if (!Array.isArray(row.prompt)) return undefined
  const parts = [{ entries: row.prompt as unknown[], path: '$.prompt' }]
  return Array.isArray(row.completion)
    ? [...parts, { entries: row.completion as unknown[], path: '$.completion' }]
    : parts
}

const turnOf = (entry: unknown, path: string, problems: Problem[]): Turn | undefined => {
  if (!isObject(entry)) {
    problems.push({ kind: 'bad-turn', path, message: 'a turn is an object with a role and a content' })
    return undefined
  }
  const name = entry.role ?? entry.from
  const role = typeof name === 'string' && Object.hasOwn(messageRoles, name) ? messageRoles[name] : undefined
  if (!role) {
    problems.push({
      kind: 'unknown-role',
      path,
      message: `the role ${JSON.stringify(name)} is none of system, user, assistant, tool`,
    })
    return undefined
  }
  const key = 'content' in entry ? 'content' : 'value'
  const text = textOf(entry[key])
  if (text === undefined) {
    problems.push({ kind: 'bad-turn', path: `${path}.${key}`, message: 'the content is neither text nor null' })
    return undefined
  }
  if (name === 'function_call' || name === 'tool_call')
    return { role, text: '', path, calls: [writtenCall(text, `${path}.${key}`)] }
  const answered = entry.tool_call_id ?? entry.toolCallId
  const answers = typeof answered === 'string' ? answered : undefined
  return { role, path, ...callsOf(entry, role, text, path, `${path}.${key}`), ...(answers && { answers }) }
}

/** Text, null, or OpenAI's list of parts. */
const textOf = (content: unknown): string | undefined => {
  if (typeof content === 'string') return content
  if (content === null || content === undefined) return ''
  if (!Array.isArray(content)) return undefined
  return content.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

const callsOf = (entry: Record<string, unknown>, role: Turn['role'], text: string, path: string, textPath: string) => {
  const calls: Call[] = []
  for (const key of ['tool_calls', 'toolCalls'])
    if (Array.isArray(entry[key]))
      for (const [index, call] of entry[key].entries()) calls.push(callOf(call, `${path}.${key}[${index}]`))
  if (isObject(entry.function_call)) calls.push(functionOf(entry.function_call, `${path}.function_call`))
  if (role !== 'assistant' || !text.includes('<tool_call>')) return { text, calls }
  const written = [...text.matchAll(/<tool_call>([\s\S]*?)(?:<\/tool_call>|$)/g)]
  for (const [, inside = ''] of written) calls.push(writtenCall(inside, textPath))
  return { text: text.replace(/<tool_call>[\s\S]*?(?:<\/tool_call>|$)/g, '').trim(), calls }
}

const callOf = (call: unknown, path: string): Call => {
  if (!isObject(call)) return badCall(path, 'a call is an object with a name and arguments')
  const id = typeof call.id === 'string' ? call.id : undefined
  const inner = isObject(call.function) ? functionOf(call.function, `${path}.function`) : functionOf(call, path)
  return id === undefined ? inner : { ...inner, id }
}

const badCall = (path: string, message: string): Call => ({
  name: '',
  arguments: undefined,
  written: '',
  path,
  problem: { kind: 'malformed-call', message },
})

const functionOf = (holder: Record<string, unknown>, path: string): Call => {
  const { name } = holder
  if (typeof name !== 'string' || name === '') return badCall(path, 'the call has no tool name')
  const key = 'arguments' in holder ? 'arguments' : 'parameters'
  return { name, path: `${path}.${key}`, ...argumentsOf(holder[key]) }
}

/** A call as JSON text: hermes style, or the value of a ShareGPT `function_call`. */
const writtenCall = (text: string, path: string): Call => {
  try {
    const call: unknown = JSON.parse(text)
    return isObject(call) ? functionOf(call, path) : badCall(path, 'the call is not a JSON object')
  } catch {
    return badCall(path, 'the call is not JSON')
  }
}

/** Arguments as an object, or as the JSON text of one, which is how OpenAI stores them. */
const argumentsOf = (raw: unknown): Pick<Call, 'arguments' | 'written' | 'problem'> => {
  const written = typeof raw === 'string' ? raw : (JSON.stringify(raw) ?? '')
  let value = raw
  if (typeof raw === 'string') {
    try {
      value = JSON.parse(raw)
    } catch {
      return { arguments: raw, written, problem: { kind: 'bad-arguments', message: 'the arguments are not JSON' } }
    }
  }
  if (isObject(value)) return { arguments: value, written }
  const message =
    typeof value === 'string' ? 'the arguments are JSON text inside of JSON text' : 'the arguments are not an object'
  return {
    arguments: value,
    written,
    problem: { kind: typeof value === 'string' ? 'double-encoded' : 'bad-arguments', message },
  }
}
