import type { AssistantTurn, Message } from '../core/contract.ts'
import { playGold } from '../core/episode.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import type { Deps } from './deps.ts'

export interface WrongTurn {
  readonly prompt: readonly Message[] // what came before it, the student's own earlier turns too
  readonly good: AssistantTurn // what the gold would have done there
  readonly bad: AssistantTurn
}

/**
 * The turn that a failed episode is to be blamed on: the first one after which even the gold cannot make it right any more.
 * Where the gold could after every turn, the last one. Undefined where the gold has nothing to say at that point.
 */
export const firstWrongTurn = async (
  row: EvaluationRow,
  definition: unknown,
  { plugin, signal, scratch }: Pick<Deps, 'plugin' | 'signal' | 'scratch'>,
): Promise<WrongTurn | undefined> => {
  const { item, transcript } = row
  const turns = transcript.flatMap((message, at) => (message.role === 'assistant' ? [at] : []))
  let blamed = turns.at(-1)
  if (blamed === undefined) return undefined
  for (const at of turns.slice(0, -1)) {
    const from = transcript.slice(0, at + 1)
    const gold = await playGold(item, { plugin, definition, signal, scratch, from })
    const grade = await plugin.grade(item, gold.transcript, definition, { signal, endState: gold.endState })
    if (!Object.values(grade.criteria).some(({ status }) => status === 'fail')) continue
    blamed = at
    break
  }
  const prompt = transcript.slice(0, blamed)
  const good = plugin.gold(item, prompt, definition)
  const bad = transcript[blamed]
  return good && bad?.role === 'assistant' ? { prompt, good, bad } : undefined
}
