import type { AssistantTurn, Opening, Transcript, UserTurn } from '../../skill.ts'
import type { Definition } from './definition.ts'
import { draftOf, passageOf, written } from './draft.ts'
import type { Item } from './item.ts'
import { isQuestion } from './turns.ts'

/** The contract in a sentence, then the brainstorm. An episode has two replies at most. */
export const begin = ({ brainstorm }: Item, { contract }: Definition): Opening => ({
  messages: [
    { role: 'system', content: contract.instruction.trim() },
    { role: 'user', content: brainstorm },
  ],
  tools: [],
  maxSteps: 2,
})

export const questionOf = ({ topic }: Pick<Item, 'topic'>): string =>
  `What is the one thing your ${topic} essay should show?`
const goOn = 'You have all that I know. Please write the outline.'

/** The author's next words: an answer to the question, or what to do with the outline. */
export const respond = (item: Item, soFar: Transcript): UserTurn | undefined => {
  const replies = soFar.filter(({ role }) => role === 'assistant')
  if (replies.length > 1) return undefined
  const asked = isQuestion(replies[0]?.content ?? '')
  const text = asked ? (item.answer ?? goOn) : item.feedback?.text
  return text === undefined ? undefined : { role: 'user', content: text }
}

/** The question where no thesis was said, else the outline; after feedback the revision or the passage. */
export const gold = (item: Item, soFar: Transcript, definition: Definition): AssistantTurn | undefined => {
  if (soFar.at(-1)?.role !== 'user') return undefined
  return { role: 'assistant', content: nextWords(item, soFar, definition) }
}

const nextWords = (item: Item, soFar: Transcript, { contract }: Definition): string => {
  const first = !soFar.some(({ role }) => role === 'assistant')
  if (first && item.kind === 'clarify') return questionOf(item)
  const revised = !first && item.feedback !== undefined
  if (revised && item.kind === 'passage') return passageOf(item, item.feedback?.ideas ?? item.ideas)
  return written(draftOf(item, revised ? (item.feedback?.ideas ?? item.ideas) : item.ideas, contract), contract)
}
