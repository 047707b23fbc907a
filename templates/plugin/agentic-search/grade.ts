/** What an episode is worth: the way counts as well as the answer, each with its reason. Change it where another way is right too. */
import { checkContains, type Grade, type Transcript, type Verdict } from 'whetstone/skill'
import { caseOf, type Item } from './item.ts'

const verdict = (pass: boolean, reason: string): Verdict => ({
  status: pass ? 'pass' : 'fail',
  score: pass ? 1 : 0,
  reason,
})
const callsOf = (transcript: Transcript) =>
  transcript.flatMap((turn) => (turn.role === 'assistant' ? (turn.toolCalls ?? []) : []))

export const grade = (item: Item, transcript: Transcript): Grade => {
  const { answer, target } = caseOf(item)
  const calls = callsOf(transcript)
  const last = transcript.at(-1)
  const searched = calls[0]?.name === 'search'
  const read = calls.some(
    ({ name, arguments: args }) => name === 'read' && (args as { id?: unknown } | null)?.id === target,
  )
  const text = last?.role === 'assistant' ? last.content.slice(0, 2000) : ''
  const answered = read && checkContains(` ${text.replace(/[^\p{L}\p{N}]+/gu, ' ')} `, [` ${answer} `]).score === 1
  const failures = [
    ...(searched ? [] : ['not-searched']),
    ...(read ? [] : ['not-read']),
    ...(answered ? [] : ['wrong-answer']),
  ]
  return {
    score: ((answered ? 3 : 0) + (read ? 2 : 0) + (searched ? 1 : 0)) / 6,
    criteria: {
      answered: verdict(answered, answered ? 'the answer of the document' : `expected ${answer}, from the document`),
      read: verdict(read, read ? 'read the right document' : `did not read ${target}`),
      searched: verdict(searched, searched ? 'searched first' : 'did not search first'),
    },
    failures,
  }
}
