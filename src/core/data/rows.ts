/** Rows of other people's files, as rows that a trainer reads, and back again without loss. */
import { createHash } from 'node:crypto'
import { canonical } from '../canonical.ts'
import type { DataFinding, Message, ToolSchema } from '../contract.ts'
import { messageOf } from '../errors.ts'
import { BadMessage, type DataFormat, readMessage, sameMessage, writeMessage } from './message-forms.ts'

/** One line of an imported file: a row as the trainers take it, and what its own format had besides. */
export interface DataRow {
  readonly id: string
  readonly prompt: readonly Message[]
  readonly completion: readonly Message[]
  readonly tools?: readonly ToolSchema[]
  readonly label?: boolean
  readonly from: Kept
}

/** What another form would lose. It is used only where the row still says the same, so that an edited row is written anew. */
interface Kept {
  readonly format: DataFormat
  readonly list: string // the key that held the messages
  readonly cut: number // messages of the prompt, where the format tells prompt and completion apart
  readonly rest: Readonly<Record<string, unknown>> // the row's other keys, in their order
  readonly entries: readonly (readonly [at: number, entry: unknown])[] // messages in a form that ours would not give back
  readonly texts?: readonly string[] // keys that held one text in place of messages
}

export interface ReadRow {
  readonly row?: DataRow
  readonly problems: readonly Omit<DataFinding, 'line'>[]
}

const lists = ['messages', 'conversations', 'conversation']
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One row of a file, or why it is none. Warnings leave the row in. */
export const readRow = (raw: unknown, format: DataFormat): ReadRow => {
  const problems: Omit<DataFinding, 'line'>[] = []
  const report = (kind: string, path: string, message: string, severity: 'error' | 'warning' = 'error') =>
    void problems.push({ kind, path, message, severity })
  if (!isObject(raw))
    return { problems: [{ kind: 'not-an-object', path: '$', message: 'a row is a JSON object', severity: 'error' }] }
  const found = partsOf(raw, format)
  if (!found) {
    const wanted = format === 'kto' ? '`prompt` and `completion`' : '`messages` or `conversations`'
    report('no-conversation', '$', `a row of the format ${format} has ${wanted}`)
    return { problems }
  }
  const messages: Message[] = []
  const entries: [number, unknown][] = []
  for (const [at, { entry, path }] of found.entries.entries())
    try {
      const message = readMessage(entry, at)
      if (JSON.stringify(writeMessage(message, format)) !== JSON.stringify(entry)) entries.push([at, entry])
      messages.push(message)
    } catch (error) {
      report(error instanceof BadMessage ? error.kind : 'bad-turn', path, messageOf(error))
    }
  checkOrder(messages, report)
  const label = labelOf(raw, format, report)
  const tools = toolsOf(raw.tools, report)
  if (problems.some(({ severity }) => severity === 'error')) return { problems }
  const { [found.list]: _, completion: _completion, ...others } = raw
  const rest =
    format === 'kto' ? others : raw.completion === undefined ? others : { ...others, completion: raw.completion }
  const first = messages.findIndex(({ role }) => role === 'assistant')
  const cut = found.cut ?? first
  const row: DataRow = {
    id:
      typeof raw.id === 'string' ? raw.id : createHash('sha256').update(JSON.stringify(raw)).digest('hex').slice(0, 12),
    prompt: messages.slice(0, cut),
    completion: messages.slice(cut),
    ...(tools && { tools }),
    ...(label !== undefined && { label }),
    from: { format, list: found.list, cut, rest, entries, ...(found.texts.length > 0 && { texts: found.texts }) },
  }
  return { row, problems }
}

interface Parts {
  readonly list: string
  readonly entries: readonly { readonly entry: unknown; readonly path: string }[]
  readonly cut?: number
  readonly texts: readonly string[]
}

const partsOf = (raw: Record<string, unknown>, format: DataFormat): Parts | undefined => {
  const placed = (entries: readonly unknown[], key: string) =>
    entries.map((entry, at) => ({ entry, path: `$.${key}[${at}]` }))
  if (format !== 'kto') {
    const list = lists.find((key) => Array.isArray(raw[key]))
    return list === undefined ? undefined : { list, entries: placed(raw[list] as unknown[], list), texts: [] }
  }
  const texts: string[] = []
  const side = (key: string, role: string): unknown[] | undefined => {
    const value = raw[key]
    if (Array.isArray(value)) return value
    if (typeof value !== 'string') return undefined
    texts.push(key)
    return [{ role, content: value }]
  }
  const [prompt, completion] = [side('prompt', 'user'), side('completion', 'assistant')]
  return prompt && completion
    ? {
        list: 'prompt',
        entries: [...placed(prompt, 'prompt'), ...placed(completion, 'completion')],
        cut: prompt.length,
        texts,
      }
    : undefined
}

type Report = (kind: string, path: string, message: string, severity?: 'error' | 'warning') => void

/** A conversation starts with somebody who asks, has an answer to learn, and no result of a call that nobody made. */
const checkOrder = (messages: readonly Message[], report: Report): void => {
  const first = messages.find(({ role }) => role !== 'system')
  if (first?.role === 'assistant')
    report('starts-with-assistant', '$', 'it begins with the assistant: nothing asks for that')
  if (!messages.some(({ role }) => role === 'assistant'))
    report('no-assistant', '$', 'no turn of the assistant: nothing to learn')
  let open = 0
  for (const [at, message] of messages.entries()) {
    if (message.role === 'assistant') open = message.toolCalls?.length ?? 0
    else if (message.role === 'tool') {
      if (open === 0) report('result-without-call', `$[${at}]`, 'a tool result that no call before it asked for')
      open = Math.max(0, open - 1)
    }
  }
}

const labelOf = (raw: Record<string, unknown>, format: DataFormat, report: Report): boolean | undefined => {
  const { label } = raw
  if (typeof label === 'boolean') return label
  if (label !== undefined && label !== null)
    report('bad-label', '$.label', `a label is true or false, and not ${JSON.stringify(label)?.slice(0, 40)}`)
  else if (format === 'kto') report('bad-label', '$.label', 'a row for KTO needs a label, true or false')
  return undefined
}

/** `tools` of the row: a list, or the JSON text of one, in OpenAI's wrapping or plain. */
const toolsOf = (given: unknown, report: Report): ToolSchema[] | undefined => {
  if (given === undefined || given === null || given === '') return undefined
  let list: unknown = given
  if (typeof given === 'string')
    try {
      list = JSON.parse(given)
    } catch {
      report('bad-tools', '$.tools', 'the tools are broken JSON')
      return undefined
    }
  if (!Array.isArray(list)) {
    report('bad-tools', '$.tools', 'the tools are not a list')
    return undefined
  }
  return list.flatMap((entry, at) => {
    const tool = isObject(entry) && isObject(entry.function) ? entry.function : entry
    if (!isObject(tool) || typeof tool.name !== 'string') {
      report('bad-tools', `$.tools[${at}]`, 'a tool has no name')
      return []
    }
    const parameters = tool.parameters ?? tool.inputSchema ?? { type: 'object', properties: {} }
    const description = typeof tool.description === 'string' ? tool.description : ''
    return [{ name: tool.name, description, parameters: parameters as ToolSchema['parameters'] }]
  })
}

/**
 * A row in a format. Back in its own format it is what it was, key by key, as far as it has not been changed.
 * @throws {BadMessage} `no-label` where the format needs one that the row lacks
 */
export const writeRow = (
  { prompt, completion, tools, label, from }: DataRow,
  format: DataFormat,
): Record<string, unknown> => {
  const messages = [...prompt, ...completion]
  const own = from.format === format
  const kept = new Map(own ? from.entries : [])
  const written = messages.map((message, at) => {
    const entry = kept.get(at)
    return entry !== undefined && sameMessage(readMessage(entry, at), message) ? entry : writeMessage(message, format)
  })
  const rest = own
    ? unchanged(from.rest, tools, label)
    : { ...(tools && { tools: toolsIn(tools, format) }), ...(label !== undefined && { label }) }
  if (format !== 'kto')
    return { [own ? from.list : format === 'sharegpt' ? 'conversations' : 'messages']: written, ...rest }
  if (label === undefined) throw new BadMessage('no-label', 'the format kto needs a label, true or false')
  const cut = own ? from.cut : messages.findLastIndex(({ role }) => role === 'assistant')
  const side = (key: string, entries: readonly unknown[]) =>
    own && from.texts?.includes(key) && entries.length === 1 ? (entries[0] as { content?: unknown }).content : entries
  return { prompt: side('prompt', written.slice(0, cut)), completion: side('completion', written.slice(cut)), ...rest }
}

/** The row's other keys; label and tools as they are now, where they were changed. */
const unchanged = (rest: Readonly<Record<string, unknown>>, tools: DataRow['tools'], label: boolean | undefined) => {
  const before = toolsOf(rest.tools, () => {})
  return {
    ...rest,
    ...(label !== undefined && { label }),
    ...(tools && canonical(tools) !== canonical(before) && { tools }),
  }
}

const toolsIn = (tools: readonly ToolSchema[], format: DataFormat): unknown => {
  const list = tools.map((tool) => ({ type: 'function', function: tool }))
  return format === 'sharegpt' ? JSON.stringify(tools) : list
}
