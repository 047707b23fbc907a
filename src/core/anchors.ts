/** Which of many possible bad replies a set of pairs is filled up with. */
import { distance } from 'fastest-levenshtein'
import type { AssistantTurn, ItemBase, SpecPart } from './contract.ts'
import { Counter } from './counter.ts'
import { matches } from './evaluation.ts'
import { textOf } from './pair-lint.ts'
import { formOf, type Pair } from './pairs.ts'

/**
 * What a pair teaches. Both halves of a judgement have to be there: a set that only shows rash calls teaches never to act,
 * one that only shows needless questions teaches never to ask.
 */
export const directions = ['act', 'hold-back', 'say', 'how'] as const
/** What a pair teaches: to act, to hold back, what to say, or how to call. */
export type Direction = (typeof directions)[number]

/** act: a call is right and text is wrong; hold-back: the other way round; say: text against text; how: call against call. */
export const directionOf = (good: AssistantTurn, bad: AssistantTurn): Direction => {
  if (formOf(good) === formOf(bad)) return formOf(good) === 'calls' ? 'how' : 'say'
  return formOf(good) === 'calls' ? 'act' : 'hold-back'
}

/** What a turn does, as far as one word tells it: the tool that it calls first, or text. */
export const moveOf = (turn: AssistantTurn): string => turn.toolCalls?.[0]?.name ?? ''

/** Shares of a set. `act` and `hold-back` are alike, so that call or text alone says nothing of the label. */
const shares: Readonly<Record<Direction, number>> = { act: 0.3, 'hold-back': 0.3, say: 0.1, how: 0.3 }

/** More pairs of one request than these would be one request learned by heart. */
const mostOfOne = 3

/** A tool that stands this much more often on one side is no sign yet: to even out every last one would leave no room for criteria. */
const slack = 2

export interface AnchorOptions {
  readonly wanted: number
  readonly had?: readonly Pair[] // pairs that are there already: the student's own mistakes
  /** The criterion that a named mistake fails: each comes about equally often within its direction. */
  failsOf?(source: string): string
  readonly nearest?: boolean // bad replies that look most like the good ones: the harder ones to tell apart
}

/** Whether a pair chooses between two moves; else both do the same in another way. */
export const isChoice = ({ good, bad }: Pair): boolean => moveOf(good) !== moveOf(bad)

/** Whether both replies call the same tool: a pair about its arguments, which no choice between moves is. */
export const isSameCall = (pair: Pair): boolean => !isChoice(pair) && moveOf(pair.good) !== ''

/**
 * The student's own mistakes, each with one that goes the other way: where it answered and had better given up, a request where
 * giving up is the bad reply, of all the moves that are right instead in turn. Mistakes of one kind alone would teach the opposite
 * everywhere. Own mistakes are left out where they and their opposites are more than `most`.
 * @param groups the pairs that could be made of each item
 */
export const evenedOut = (
  own: readonly Pair[],
  groups: readonly (readonly Pair[])[],
  most: number,
): { readonly own: Pair[]; readonly opposites: Pair[] } => {
  const [kept, opposites, net, uses]: [Pair[], Pair[], Counter, Counter] = [[], [], new Counter(), new Counter()]
  const free = new Set(groups.flat().filter(isChoice))
  /** A pair in which the move that was right here is wrong. */
  const againstTooMuch = (move: string): Pair | undefined => {
    const fitting = [...free].filter((pair) => moveOf(pair.bad) === move && uses.of(pair.id) < mostOfOne)
    if (fitting.length === 0) return undefined
    return fewest(fitting, ({ id, good, source }) => [
      uses.of(`${moveOf(good)} over ${move}`),
      uses.of(id),
      uses.of(`by ${source}`),
    ])
  }
  const tally = ({ good, bad }: Pair) => {
    net.add(moveOf(good))
    net.add(moveOf(bad), -1)
  }
  for (const pair of own) {
    if (kept.length + opposites.length >= most) break
    kept.push(pair)
    if (!isChoice(pair)) continue
    tally(pair)
    const move = moveOf(pair.good)
    const opposite = net.of(move) > 0 && kept.length + opposites.length < most ? againstTooMuch(move) : undefined
    if (!opposite) continue
    free.delete(opposite)
    opposites.push(opposite)
    tally(opposite)
    for (const use of [opposite.id, `by ${opposite.source}`, `${moveOf(opposite.good)} over ${move}`]) uses.add(use)
  }
  return { own: kept, opposites }
}

/**
 * Chooses pairs out of those that could be made, until there are `wanted` or nothing is left: by direction to its share of
 * the whole set, within a direction evenly over criteria and then mistakes, each request once before any comes twice. A tool
 * that is called more often in bad replies than in good ones is looked for in good ones, or its name would tell the labels.
 * Where one half of acting and holding back runs out, the other one stops with it.
 * @param groups the pairs that could be made of each item
 */
export const anchorsOf = (
  groups: readonly (readonly Pair[])[],
  { wanted, had = [], failsOf = (source) => source, nearest = false }: AnchorOptions,
): Pair[] => {
  const total = wanted + had.length
  const have = new Counter(had.map(({ good, bad }) => directionOf(good, bad)))
  const [uses, criteria, sources, moves] = [new Counter(), new Counter(), new Counter(), new Counter()]
  const balance = ({ good, bad }: Pair) => {
    moves.add(moveOf(good))
    moves.add(moveOf(bad), -1)
  }
  for (const pair of had) {
    balance(pair)
    uses.add(pair.id)
  }
  /** Whether a pair makes a tool stand even more often on one side than it does already. */
  const tips = ({ good, bad }: Pair) => {
    const more = moveOf(good) === moveOf(bad) ? 0 : moves.of(moveOf(good)) - moves.of(moveOf(bad))
    return Math.abs(more) > slack ? Math.sign(more) : 0
  }
  const left = new Map<Direction, Pair[]>(directions.map((direction) => [direction, []]))
  for (const pair of groups.flat()) if (!had.includes(pair)) left.get(directionOf(pair.good, pair.bad))?.push(pair)
  const candidates = (direction: Direction) => left.get(direction) ?? []
  const isOpen = (direction: Direction): boolean => {
    if (candidates(direction).length === 0) return false
    const other = direction === 'act' ? 'hold-back' : direction === 'hold-back' ? 'act' : undefined
    return other === undefined || candidates(other).length > 0 || have.of(direction) <= have.of(other)
  }
  const far = new Map(
    nearest
      ? groups.flat().map(({ id, source, good, bad }) => [`${id} ${source}`, distance(textOf(good), textOf(bad))])
      : [],
  )
  const chosen: Pair[] = []
  while (chosen.length < wanted) {
    const due = directions
      .filter(isOpen)
      .sort((a, b) => total * shares[b] - have.of(b) - (total * shares[a] - have.of(a)))[0]
    if (due === undefined) break
    const best = fewest(candidates(due), (pair) => [
      uses.of(pair.id),
      tips(pair),
      criteria.of(failsOf(pair.source)),
      ...(nearest ? [far.get(`${pair.id} ${pair.source}`) ?? 0] : []),
      sources.of(pair.source),
    ])
    left.set(
      due,
      candidates(due).filter((pair) => pair !== best),
    )
    if (uses.of(best.id) >= mostOfOne) continue
    chosen.push(best)
    balance(best)
    have.add(due)
    uses.add(best.id)
    criteria.add(failsOf(best.source))
    sources.add(best.source)
  }
  // a set so small cannot keep several pairs of one item apart
  return chosen.length + had.length < fewestForSeveral ? firstOfEach(chosen) : chosen
}

const fewestForSeveral = 2 * (mostOfOne + 1)
const firstOfEach = (pairs: readonly Pair[]): Pair[] => [
  ...new Map([...pairs].reverse().map((pair) => [pair.id, pair])).values(),
]

/** The pairs whose mistakes a spec names for the item's tags, where any of those could be made on it; else all of them. */
export const namedIn = (parts: readonly SpecPart[], item: ItemBase, pairs: readonly Pair[]): readonly Pair[] => {
  const named = parts.flatMap(({ where, mistakes = [] }) => (matches(item, where) ? mistakes : []))
  const aimed = pairs.filter(({ source }) => named.includes(source))
  return aimed.length > 0 ? aimed : pairs
}

/** How many pairs of a set teach what. */
export const directionsOf = (pairs: readonly Pair[]): Record<Direction, number> => {
  const counts = new Counter(pairs.map(({ good, bad }) => directionOf(good, bad)))
  return { act: counts.of('act'), 'hold-back': counts.of('hold-back'), say: counts.of('say'), how: counts.of('how') }
}

/** The first of the pairs whose counts are the smallest, compared from left to right. */
const fewest = (pairs: readonly Pair[], countsOf: (pair: Pair) => readonly number[]): Pair => {
  let [best, least] = [pairs[0] as Pair, countsOf(pairs[0] as Pair)]
  for (const pair of pairs.slice(1)) {
    const counts = countsOf(pair)
    const at = counts.findIndex((count, index) => count !== least[index])
    if (at >= 0 && (counts[at] as number) < (least[at] as number)) [best, least] = [pair, counts]
  }
  return best
}
