import type { AssistantTurn, Transcript } from '../../skill.ts'
import type { ActualCall } from './compare.ts'
import { asks, refuses } from './language.ts'
import { isObject } from './schema.ts'

/** The form of a reply: well-formed calls, a broken attempt at one, plain text, or nothing. */
export type Reply =
  | { readonly form: 'calls'; readonly calls: readonly ActualCall[] }
  | { readonly form: 'malformed'; readonly reason: string }
  | { readonly form: 'text'; readonly text: string; readonly speaks: 'asks' | 'refuses' | 'else' }
  | { readonly form: 'nothing' }

/** The first thing that the assistant says: a request is one exchange. */
export const replyOf = (transcript: Transcript): Reply => {
  const turn = transcript.find((message): message is AssistantTurn => message.role === 'assistant')
  if (!turn) return { form: 'nothing' }
  const content = typeof turn.content === 'string' ? turn.content : ''
  const calls = turn.toolCalls ?? []
  for (const call of calls) {
    const wrong = malformed(call)
    if (wrong) return { form: 'malformed', reason: wrong }
  }
  if (leftOver.test(content)) return { form: 'malformed', reason: 'the reply holds a call that does not parse' }
  if (calls.length > 0)
    return {
      form: 'calls',
      calls: calls.map(({ name, arguments: args }) => ({ name, arguments: args as ActualCall['arguments'] })),
    }
  // text without a letter is no answer that anybody could read
  if (!/\p{L}/u.test(content)) return { form: 'nothing' }
  return { form: 'text', text: content, speaks: refuses(content) ? 'refuses' : asks(content) ? 'asks' : 'else' }
}

/** Marks of a call that was meant as one but stayed in the text. */
const leftOver = /<\/?tool_call|"arguments"\s*:|^\s*\{\s*"(name|function|tool)"\s*:/

const malformed = ({ name, arguments: args }: { name: unknown; arguments: unknown }): string | undefined => {
  if (typeof name !== 'string' || name === '') return 'a call has no tool name'
  if (typeof args === 'string') return `the arguments of ${name.slice(0, 60)} are text and not an object`
  return isObject(args) ? undefined : `the arguments of ${name.slice(0, 60)} are not an object`
}
