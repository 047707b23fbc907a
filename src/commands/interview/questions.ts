import { z } from 'zod'
import { isWhetError } from '../../core/errors.ts'
import type { RoleLlm } from '../../core/llm/gateway.ts'
import type { CommandContext } from '../command.ts'
import { oneLine } from '../one-line.ts'

/** What was said about one side of a skill. */
export interface Answer {
  readonly about: string
  readonly question: string
  readonly answer: string
}

/** What has to be known of a skill before its file can be written, with the question that is asked where the model finds none. */
export const topics = [
  { about: 'what goes in', question: 'What goes in? Give two or three requests as your users word them.' },
  { about: 'what is right', question: 'What is the right reply to each of them, to the letter?' },
  { about: 'who checks', question: 'How is a reply checked: what must be exact, and what may differ?' },
  { about: 'what must never happen', question: 'What must never happen, however rarely?' },
] as const

const Asked = z.strictObject({
  question: z.string().min(1).max(500).describe('one question in plain words, about this skill'),
  guess: z.string().max(800).describe('the answer that you expect, short'),
})

/** Asks the person one question a topic, worded by the model for this skill. Enter takes the model's guess. */
export const interviewed = async (
  description: string,
  llm: RoleLlm,
  { ask, progress }: Pick<CommandContext, 'ask' | 'progress'>,
): Promise<Answer[]> => {
  const answers: Answer[] = []
  for (const [at, { about, question }] of topics.entries()) {
    progress(at, topics.length, `a question about ${about}`)
    const worded = await wordedFor(about, description, answers, llm).catch(instead({ question, guess: '' }))
    const [shown, guess] = [oneLine(worded.question, 500), oneLine(worded.guess, 800)]
    const said = (await ask(`${shown}${guess === '' ? '' : `\n  (Enter: ${guess})`}\n> `))?.trim()
    answers.push({ about, question: shown, answer: said || guess || 'not said' })
  }
  return answers
}

const wordedFor = (about: string, description: string, answers: readonly Answer[], llm: RoleLlm) =>
  llm.complete(
    [
      {
        role: 'system',
        content: `You interview somebody who wants to teach a small language model one skill. Ask one short question about ${about}, in plain words and about this very skill, and say which answer you expect. Ask for examples before rules. Do not ask what was answered already.`,
      },
      { role: 'user', content: told(description, answers) },
    ],
    Asked,
  )

/** Description and answers, as the model reads them. */
export const told = (description: string, answers: readonly Answer[]): string =>
  [
    `The skill, in its author's words: ${JSON.stringify(description)}`,
    ...answers.map(
      ({ about, question, answer }) =>
        `${about}\n  asked: ${JSON.stringify(question)}\n  said: ${JSON.stringify(answer)}`,
    ),
  ].join('\n')

/** A model that finds no question is no reason to end: the plain one does. */
const instead =
  <T>(plain: T) =>
  (error: unknown): T => {
    if (isWhetError(error) && ['llm-bad-answer', 'llm-declined'].includes(error.code)) return plain
    throw error
  }
