import type { Transcript } from './contract.ts'
import { textOf } from './pair-lint.ts'

/** What an episode began with, as two replies to it are held against each other. */
export const requestIn = (transcript: Transcript): string =>
  transcript.find(({ role }) => role === 'user')?.content ?? ''

/** All that the student said, and in between what it was answered. */
export const saidIn = (transcript: Transcript): string => {
  const first = transcript.findIndex(({ role }) => role === 'assistant')
  const turns = first < 0 ? [] : transcript.slice(first)
  return turns.map((turn) => (turn.role === 'assistant' ? textOf(turn).trim() : `> ${turn.content}`)).join('\n\n')
}
