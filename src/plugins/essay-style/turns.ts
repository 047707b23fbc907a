import type { Transcript } from '../../skill.ts'
import type { Item } from './item.ts'
import { countWords } from './voice/words.ts'

/** An episode as the graders read it. */
export interface Turns {
  readonly replies: readonly string[] // all that the student said, in order
  readonly first: string // the first outline; empty where there is none
  readonly second?: string // what came after the feedback
  readonly last: string // what is judged as the answer
  readonly told: string // all that the author has said
  readonly thesisTold: boolean
}

const longestQuestion = 45

/** One short question and nothing else: no heading, no list. */
export const isQuestion = (reply: string): boolean => {
  const text = reply.trim()
  return (
    text.endsWith('?') &&
    !/^\s*(?:#|[-*] )/m.test(text) &&
    countWords(text) <= longestQuestion &&
    text.split('?').length === 2
  )
}

export const turnsOf = (item: Item, transcript: Transcript): Turns => {
  const replies: string[] = []
  const outlines: string[] = []
  const told: string[] = []
  let second: string | undefined
  let feedbackGiven = false
  for (const message of transcript) {
    if (message.role === 'user') {
      told.push(message.content)
      if (message.content === item.feedback?.text) feedbackGiven = true
    }
    if (message.role !== 'assistant') continue
    replies.push(message.content)
    if (feedbackGiven) second = message.content
    else if (!isQuestion(message.content)) outlines.push(message.content)
  }
  const first = outlines.at(-1) ?? ''
  const said = told.join('\n')
  return {
    replies,
    first,
    ...(second !== undefined && { second }),
    last: second ?? first,
    told: said,
    thesisTold: item.kind !== 'clarify' || (item.answer !== undefined && said.includes(item.answer)),
  }
}
