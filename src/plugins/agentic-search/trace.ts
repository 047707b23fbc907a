import type { AssistantTurn, ToolCall, ToolResult, Transcript } from '../../skill.ts'
import { parseCall, type SearchCall } from './calls.ts'

/** How a search went, as its transcript tells it. */
export interface Trace {
  readonly steps: readonly Step[]
  readonly shown: ReadonlySet<string> // documents that a search gave
  readonly opened: ReadonlyMap<string, string> // documents that were read, with what was seen of them
  readonly end: End
}

export interface Step {
  readonly turn: AssistantTurn
  readonly call: SearchCall | string // or what is wrong with it
  readonly failed: boolean // the tools answered with an error
}

export type End =
  | { readonly kind: 'answer'; readonly text: string; readonly citations: readonly string[] }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'text'; readonly text: string } // a question back, where it is one
  | { readonly kind: 'none' }

/** Result lines of a search: `[id] title`. Titles and snippets are on one line, so that a document cannot add a result. */
const resultLine = /^\[([^\]\n]{1,300})\] /gm

export const traceOf = (transcript: Transcript): Trace => {
  const steps: Step[] = []
  const shown = new Set<string>()
  const opened = new Map<string, string>()
  let end: End = { kind: 'none' }
  for (const [at, turn] of transcript.entries()) {
    if (turn.role !== 'assistant') continue
    const calls = turn.toolCalls ?? []
    if (calls.length === 0 && typeof turn.content === 'string' && /\p{L}/u.test(turn.content))
      end = { kind: 'text', text: turn.content }
    for (const made of calls) {
      const call = readCall(made)
      const answer = answerTo(made.id, transcript, at)
      const failed = answer?.isError ?? false
      steps.push({ turn, call, failed })
      if (typeof call === 'string' || failed) continue
      if (call.name === 'search') for (const [, id] of (answer?.content ?? '').matchAll(resultLine)) shown.add(id!)
      else if (call.name === 'read')
        opened.set(call.document, `${opened.get(call.document) ?? ''}\n${answer?.content ?? ''}`)
      else if (call.name === 'answer') end = { kind: 'answer', text: call.text, citations: call.citations }
      else end = { kind: 'not-found' }
    }
  }
  return { steps, shown, opened, end }
}

/** What the tools said to a call: before the next turn, since a student may use an id again. */
const answerTo = (id: string, transcript: Transcript, at: number): ToolResult | undefined => {
  for (const message of transcript.slice(at + 1)) {
    if (message.role !== 'tool') return undefined
    if (message.toolCallId === id) return message
  }
  return undefined
}

const readCall = ({ name, arguments: given }: ToolCall) => parseCall(name, given)

export const searchesOf = ({ steps }: Trace): string[] =>
  steps.flatMap(({ call }) => (typeof call !== 'string' && call.name === 'search' ? [call.query] : []))
