/**
 * Which arms of a sweep are hopeless. After each seed every arm is held against the leader on the dev items of all seeds so far, and
 * ends where even the upper end of its 95 % interval is behind. Gate items take no part: they are kept for the findings.
 */
import { clustered, type Paired } from './stats.ts'

/** Dev items of one seed by id: whether the arm's last student got them right. Items of a family are not independent. */
export type DevPasses = Readonly<Record<string, { readonly family: string; readonly pass: boolean }>>

export interface Runner {
  readonly arm: string
  readonly bySeed: ReadonlyMap<number, DevPasses>
}

export interface Hopeless {
  readonly arm: string
  readonly leader: string
  readonly seeds: number // that the two were compared over
  readonly difference: number // arm minus leader, share of items
  readonly high: number // upper end of its interval
}

/** Standard deviation, as a share, between runs that differ by their seed alone: a planning value (facts/evaluation.md, first claim). */
const seedSpread = 0.02
const z = 1.959964

/**
 * The arms to end. Two runs of one arm differ by their seed too, so the variance of a difference over S seeds is that of its items
 * (clustered by family) and 2 × 0.02² / S.
 */
export const hopelessOf = (runners: readonly Runner[]): Hopeless[] => {
  const [leader, ...others] = [...runners].sort((a, b) => rateOf(b) - rateOf(a))
  if (!leader) return []
  return others.flatMap((runner) => {
    const common = [...runner.bySeed.keys()].filter((seed) => leader.bySeed.has(seed))
    const pairs = common.flatMap((seed) => pairsOf(runner.bySeed.get(seed)!, leader.bySeed.get(seed)!))
    const found = clustered(pairs)
    if (!found) return []
    const spread = Math.sqrt(found.se ** 2 + (2 * seedSpread ** 2) / common.length)
    const high = found.difference + z * spread
    if (high >= 0) return []
    return [{ arm: runner.arm, leader: leader.arm, seeds: common.length, difference: found.difference, high }]
  })
}

const pairsOf = (own: DevPasses, other: DevPasses): Paired[] =>
  Object.entries(own).flatMap(([id, { family, pass }]) => {
    const against = other[id]
    return against ? [{ family, difference: Number(pass) - Number(against.pass) }] : []
  })

const rateOf = ({ bySeed }: Runner): number => {
  const passes = [...bySeed.values()].flatMap((items) => Object.values(items))
  return passes.filter(({ pass }) => pass).length / Math.max(1, passes.length)
}
