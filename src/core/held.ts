/** Which right replies are held beside pairs. */
import { isChoice, moveOf } from './anchors.ts'
import type { AssistantTurn } from './contract.ts'
import { Counter } from './counter.ts'
import type { Pair } from './pairs.ts'

/** A right reply that could be held: a turn of some gold. */
export interface Holdable {
  readonly of: string // the gold: each is held once
  readonly turn: AssistantTurn
}

/**
 * Replies to hold beside the pairs, over moves as the good replies of the pairs' choices are: were two thirds of what is held calls,
 * holding would undo what the pairs balance and teach to call.
 * @param candidates the ones to be taken first come first
 */
export const heldLike = <Of extends Holdable>(
  pairs: readonly Pair[],
  candidates: readonly Of[],
  wanted: number,
): Of[] => {
  const choices = pairs.filter(isChoice)
  const good = (choices.length > 0 ? choices : pairs).map((pair) => moveOf(pair.good))
  const [likes, have, used, held] = [new Counter(good), new Counter(), new Set<string>(), [] as Of[]]
  const waiting = new Map<string, Of[]>()
  for (const candidate of [...candidates].reverse()) {
    const move = moveOf(candidate.turn)
    waiting.set(move, [...(waiting.get(move) ?? []), candidate])
  }
  const next = (move: string): Of | undefined => {
    const left = waiting.get(move) as Of[]
    while (left.length > 0 && used.has((left.at(-1) as Of).of)) left.pop()
    return left.at(-1)
  }
  while (held.length < wanted) {
    const open = [...waiting.keys()].filter(next)
    if (open.length === 0) break
    const due = (move: string) => (likes.of(move) / good.length) * wanted - have.of(move)
    const move = open.reduce((best, other) => (due(other) > due(best) ? other : best))
    const taken = next(move) as Of
    held.push(taken)
    have.add(move)
    used.add(taken.of)
  }
  return held
}
