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
  readonly source: string // `gold`, `held`, `student`, or the name of a mistake
}

/** With fewer pairs both labels of some prompt would stand beside each other. */
export const fewestPairs = 4

/**
 * Good and bad rows in turn, the bad ones half the set away from their own prompts: KTO's KL term takes a neighbour's reply
 * for a foreign one (facts on trainers, KTO), so both labels of one prompt are never adjacent. Several pairs of one item
 * stand together, which keeps them as far from their bad replies as a single one.
 * @throws {RangeError} fewer than `fewestPairs` pairs, or so many of one item that they cannot be kept apart
 */
export const interleave = (pairs: readonly Pair[]): PreferenceRow[] => {
  if (pairs.length < fewestPairs) throw new RangeError(`${pairs.length} pairs cannot be kept apart`)
  const groups = new Map<string, Pair[]>()
  for (const pair of pairs) groups.set(pair.id, [...(groups.get(pair.id) ?? []), pair])
  const together = [...groups.values()].flat()
  const offset = Math.floor(together.length / 2)
  if (Math.max(...[...groups.values()].map(({ length }) => length)) >= offset)
    throw new RangeError(`${pairs.length} pairs of ${groups.size} items cannot be kept apart`)
  return together.flatMap((pair, at) => {
    const other = together[(at + offset) % together.length] as Pair
    return [rowOf(pair, true), rowOf(other, false)]
  })
}

const rowOf = ({ id, prompt, tools, good, bad, source }: Pair, label: boolean): PreferenceRow => ({
  id: `${id}#${label ? 'good' : 'bad'}:${source}`, // an item may have several pairs
  prompt,
  completion: [label ? good : bad],
  tools,
  label,
  source: label ? 'gold' : source,
})

/** A right reply without a bad one beside it: what the student does there is to stay. */
export const heldRow = (
  { id, prompt, tools }: Pick<PreferenceRow, 'id' | 'prompt' | 'tools'>,
  turn: AssistantTurn,
): PreferenceRow => ({
  id: `${id}#held:${prompt.length}`,
  prompt,
  completion: [turn],
  tools,
  label: true,
  source: 'held',
})

/** Held rows spread evenly between the good and the bad ones, so that every step has some of both. */
export const spreadBetween = (rows: readonly PreferenceRow[], held: readonly PreferenceRow[]): PreferenceRow[] => {
  const upTo = (at: number) => Math.round((at * held.length) / rows.length)
  return rows.flatMap((row, at) => [row, ...held.slice(upTo(at), upTo(at + 1))])
}

/** One line of dpo.jsonl: both replies of a pair in one row. */
export const preferred = ({ id, prompt, tools, good, bad, source }: Pair) => ({
  id: `${id}#${source}`,
  prompt,
  completion: [good],
  rejected: [bad],
  tools,
  source,
})

export type Form = 'calls' | 'text'
export const formOf = (turn: AssistantTurn): Form => ((turn.toolCalls ?? []).length > 0 ? 'calls' : 'text')
