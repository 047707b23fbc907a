import type { ToolSchema } from '../../skill.ts'
import { type ActualCall, type Difference, differences } from './compare.ts'
import type { ExpectedCall } from './item.ts'

/** An expected call and the call of the reply that stands for it. */
export interface Pair {
  readonly expected: number
  readonly actual: number
  readonly differences: readonly Difference[]
  readonly share: number // of the arguments that are right, 0..1
}

export interface Assignment {
  readonly pairs: readonly Pair[] // right tool, by expected call
  readonly missing: readonly number[] // expected calls without a partner
  readonly extra: readonly number[] // calls of the reply without a partner
}

/** Calls beyond this many are extra whatever they are: no request needs so many. */
const maxCalls = 10

/**
 * The best assignment of a reply's calls to the expected ones, not the first fit: expected {Bern or Basel} and {Bern}
 * are both served by the calls Bern, Basel. Only calls of a right tool can be assigned.
 */
export const assign = (
  expected: readonly ExpectedCall[],
  actual: readonly ActualCall[],
  tools: ReadonlyMap<string, ToolSchema>,
): Assignment => {
  const candidates = expected.map((want, e) =>
    actual.slice(0, maxCalls).flatMap((call, a): Pair[] => {
      if (!want.tools.includes(call.name)) return []
      const found = differences(want, call, tools.get(call.name))
      return [{ expected: e, actual: a, differences: found, share: rightShare(want, call, found) }]
    }),
  )
  const pairs = best(candidates, 0, 0, new Map())
  const [wanted, used] = [new Set(pairs.map((pair) => pair.expected)), new Set(pairs.map((pair) => pair.actual))]
  return {
    pairs,
    missing: [...expected.keys()].filter((index) => !wanted.has(index)),
    extra: [...actual.keys()].filter((index) => !used.has(index)),
  }
}

const rightShare = (want: ExpectedCall, call: ActualCall, found: readonly Difference[]): number => {
  const names = new Set([...Object.keys(want.arguments), ...Object.keys(call.arguments)])
  return names.size === 0 ? 1 : Math.max(0, 1 - found.length / names.size)
}

/** A pair counts for itself, then whole calls, then single arguments, then for standing in the asked order. */
const valueOfPairs = (pairs: readonly Pair[]): number =>
  pairs.reduce(
    (sum, pair, index) =>
      sum +
      1_000 +
      (pair.differences.length === 0 ? 100 : 0) +
      pair.share +
      (pair.actual > (pairs[index - 1]?.actual ?? -1) ? 0.01 : 0),
    0,
  )

const best = (
  candidates: readonly (readonly Pair[])[],
  at: number,
  used: number,
  known: Map<string, readonly Pair[]>,
): readonly Pair[] => {
  if (at >= candidates.length) return []
  const key = `${at} ${used}`
  const cached = known.get(key)
  if (cached) return cached
  let found = best(candidates, at + 1, used, known)
  for (const pair of candidates[at] ?? []) {
    if (used & (1 << pair.actual)) continue
    const with_ = [pair, ...best(candidates, at + 1, used | (1 << pair.actual), known)]
    if (valueOfPairs(with_) > valueOfPairs(found)) found = with_
  }
  known.set(key, found)
  return found
}
