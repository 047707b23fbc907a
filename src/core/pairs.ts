import type { AssistantTurn, Message, ToolSchema } from './contract.ts'

/** A good and a bad reply to one and the same prompt. */
export interface Pair {
  readonly id: string // of the item
  readonly prompt: readonly Message[]
  readonly tools: readonly ToolSchema[]
  readonly good: AssistantTurn
  readonly bad: AssistantTurn
  readonly source: string // of the bad reply: `student`, or the name of a mistake
}

/** One line of kto.jsonl. */
export interface PreferenceRow {
  readonly id: string
  readonly prompt: readonly Message[]
  readonly completion: readonly [AssistantTurn]
  readonly tools: readonly ToolSchema[]
  readonly label: boolean
  readonly source: string // `gold`, `student`, or the name of a mistake
}

/** With fewer pairs both labels of some prompt would stand beside each other. */
export const fewestPairs = 4

/**
 * Good and bad rows in turn, the bad ones half the set away from their own prompts: KTO's KL term takes a neighbour's reply
 * for a foreign one (facts on trainers, KTO), so both labels of one prompt are never adjacent.
 * @throws {RangeError} fewer than `fewestPairs` pairs
 */
export const interleave = (pairs: readonly Pair[]): PreferenceRow[] => {
  if (pairs.length < fewestPairs) throw new RangeError(`${pairs.length} pairs cannot be kept apart`)
  const offset = Math.floor(pairs.length / 2)
  return pairs.flatMap((pair, at) => {
    const other = pairs[(at + offset) % pairs.length] as Pair
    return [rowOf(pair, pair.good, true, 'gold'), rowOf(other, other.bad, false, other.source)]
  })
}

const rowOf = ({ id, prompt, tools }: Pair, turn: AssistantTurn, label: boolean, source: string): PreferenceRow => ({
  id: `${id}#${label ? 'good' : 'bad'}`,
  prompt,
  completion: [turn],
  tools,
  label,
  source,
})

/** One line of dpo.jsonl: both replies of a pair in one row. */
export const preferred = ({ id, prompt, tools, good, bad, source }: Pair) => ({
  id,
  prompt,
  completion: [good],
  rejected: [bad],
  tools,
  source,
})

export type Form = 'calls' | 'text'
export const formOf = (turn: AssistantTurn): Form => ((turn.toolCalls ?? []).length > 0 ? 'calls' : 'text')

/**
 * Chooses one of each group of pairs so that the form alone says as little as possible: where the pairs so far have many
 * calls that should be text, texts that should be calls are taken, and the other way round.
 * @param groups the pairs that could be made of each item
 * @param lean  pairs so far with a call as the bad and a text as the good reply, minus the opposite ones
 * @returns one a group, undefined where it is empty
 */
export const balanced = (groups: readonly (readonly Pair[])[], lean: number): (Pair | undefined)[] => {
  let now = lean
  return groups.map((group) => {
    const after = ({ good, bad }: Pair) => Math.abs(now + leanOf(good, bad))
    const best = [...group].sort((a, b) => after(a) - after(b))[0]
    if (best) now += leanOf(best.good, best.bad)
    return best
  })
}

/** +1 for a call where text was due, -1 for text where a call was due, 0 where both have one form. */
export const leanOf = (good: AssistantTurn, bad: AssistantTurn): number => {
  if (formOf(good) === formOf(bad)) return 0
  return formOf(bad) === 'calls' ? 1 : -1
}
