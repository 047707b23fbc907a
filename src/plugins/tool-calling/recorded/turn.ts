import type { AssistantTurn, Message } from '../../../skill.ts'
import type { ExpectedArgument, Item } from '../item.ts'
import { asks, refuses } from '../language.ts'
import { isObject } from '../schema.ts'
import type { Recording } from './recording.ts'

/** Longer text of an argument that nobody said before is worded freely: its presence is checked and not its words. */
const longestName = 40

/** One turn of a recording as an item of a single exchange, so that both are graded alike. */
export const turnItem = (recording: Recording, at: number): Item => {
  const { id, family, tags, menu, messages } = recording
  const turn = messages[at] as AssistantTurn
  const before = messages.slice(0, at).map(textOf).join('\n').toLowerCase()
  const calls = (turn.toolCalls ?? []).map(({ name, arguments: args }) => ({
    tools: [name],
    arguments: Object.fromEntries(
      Object.entries((args ?? {}) as Record<string, unknown>).map(([argument, value]) => [
        argument,
        expected(value, before),
      ]),
    ),
  }))
  const truth: Item['truth'] = { calls, order: 'free' }
  const kind = kindOf(turn)
  const request = messages.slice(0, at).findLast(({ role }) => role === 'user')?.content || id
  return { id, family, tags: tags as Item['tags'], request, menu, kind, truth, fixture: { files: {}, folders: [] } }
}

const expected = (value: unknown, before: string): ExpectedArgument => ({
  values: [value as ExpectedArgument['values'][number]],
  ...(isComposed(value, before) && { anyWords: true as const }),
})

const isComposed = (value: unknown, before: string): boolean => {
  if (typeof value === 'string') return value.length > longestName && !before.includes(value.toLowerCase())
  return isObject(value) && Object.values(value).some((entry) => isComposed(entry, before))
}

/** What a turn of text is: a question back, a refusal, or an answer. */
export const kindOf = ({ content, toolCalls = [] }: Pick<AssistantTurn, 'content' | 'toolCalls'>): Item['kind'] => {
  if (toolCalls.length > 0) return toolCalls.length > 1 ? 'several' : 'call'
  if (refuses(content)) return 'decline'
  return asks(content) ? 'ask' : 'answer'
}

/** All that a message says, the arguments of its calls too. */
export const textOf = (message: Message): string =>
  message.role === 'assistant'
    ? `${message.content}\n${JSON.stringify((message.toolCalls ?? []).map(({ arguments: args }) => args))}`
    : message.content
