import type { AssistantTurn, ToolCall, ToolResult, Transcript } from '../../../skill.ts'
import { asks } from '../language.ts'
import { withoutContext } from './context.ts'
import { isAsk, isCall, isSay, type Scenario, type Step } from './scenario.ts'

/** One thing that the assistant did: a call with what it got, or a text. */
export interface Act {
  readonly turn: number // of the assistant, from 0
  readonly at: number // index of its message
  readonly call?: ToolCall
  readonly result?: ToolResult
  readonly text?: string
  readonly onPlan: boolean
  readonly step: number // index of the plan's step that was due
}

export interface Walk {
  readonly acts: readonly Act[]
  readonly next: number // index of the step that is due now; the plan's length when all are done
}

/** Goes through an episode beside its plan: an act that does what is due moves on, any other one leaves the plan where it is. */
export const walk = ({ plan }: Scenario, transcript: Transcript): Walk => {
  const results = new Map(
    transcript.flatMap((message) => (message.role === 'tool' ? [[message.toolCallId, message]] : [])),
  )
  const acts: Act[] = []
  let [next, turn] = [0, 0]
  for (const [at, message] of transcript.entries()) {
    if (message.role !== 'assistant') continue
    for (const part of partsOf(message)) {
      const onPlan = does(part, plan[next])
      const result = part.call && results.get(part.call.id)
      acts.push({ turn, at, ...part, ...(result && { result }), onPlan, step: next })
      if (onPlan) next += 1
    }
    turn += 1
  }
  return { acts, next }
}

const partsOf = ({ content, toolCalls = [] }: AssistantTurn): Pick<Act, 'call' | 'text'>[] =>
  toolCalls.length > 0 ? toolCalls.map((call) => ({ call })) : [{ text: typeof content === 'string' ? content : '' }]

const does = ({ call, text = '' }: Pick<Act, 'call' | 'text'>, step: Step | undefined): boolean => {
  if (isCall(step)) return call?.name === step.tool && sameArguments(withoutContext(call.arguments), step.arguments)
  if (call) return false
  if (isAsk(step)) return asks(text, step.names)
  return isSay(step) && says(text, step.mentions)
}

/** Some words, every one of `mentions` among them. */
export const says = (text: string, mentions: readonly string[]): boolean =>
  /\p{L}/u.test(text) && mentions.every((mention) => plain(text).includes(plain(mention)))

const plain = (text: string) => text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ')

/** Alike as texts: a `./` before a path, a `/` behind it and spaces around do not count, nor does an empty text that was left out. */
export const sameArguments = (
  given: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): boolean => {
  const names = new Set([...Object.keys(given), ...Object.keys(wanted)])
  return [...names].every((name) => comparable(given[name]) === comparable(wanted[name]))
}

const comparable = (value: unknown): string =>
  typeof value === 'string'
    ? plain(value)
        .trim()
        .replace(/^\.\//, '')
        .replace(/(?<=.)\/$/, '')
    : value === undefined || value === null
      ? ''
      : JSON.stringify(value)
