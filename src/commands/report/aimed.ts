import jStat from 'jstat'
import type { Tags } from '../../core/contract.ts'
import type { TagRate } from '../../core/rates.ts'
import type { RoundSummary } from '../../core/round.ts'
import { clustered } from '../../core/stats.ts'
import type { Collected } from './collect.ts'
import type { AimedReport, AimedRow, MeanChange } from './model.ts'
import type { Change } from './text.ts'

/** A rate of fewer items than this jumps by more than 20 points when one answer changes. */
const fewestItems = 5

/** How one criterion moved on gate for the items of one tag. */
interface Move {
  readonly tag: string
  readonly named: boolean
  readonly difference: number
}

/**
 * In the rounds that an analyst aimed: mean change on gate, from the student that the round began with, of the tags that a
 * hypothesis named, beside all other tags, over the criteria that the hypotheses were about. Every tag weighs the same;
 * intervals are t intervals with the tag as the cluster, and the gap's is Welch's.
 */
export const aimedAgainstOthers = (collected: Collected): AimedReport => {
  const perRound = collected.rounds.flatMap((after) => {
    const before = collected.rounds.find(({ round }) => round === collected.against.get(after.round))
    if (!before || after.hypotheses.length === 0 || after.author === 'uniform') return []
    const criteria = [...new Set(after.hypotheses.map(({ predicts }) => predicts.criterion))]
    return [{ round: after.round, criteria, moves: movesOf(before, after, criteria) }]
  })
  const criteria = [...new Set(perRound.flatMap((each) => each.criteria))]
  return {
    rounds: perRound.map(({ round, criteria, moves }) => rowOf(round, criteria, moves)),
    all:
      perRound.length > 1
        ? rowOf(
            null,
            criteria,
            perRound.flatMap(({ moves }) => moves),
          )
        : null,
    fewestItems,
  }
}

const movesOf = (before: RoundSummary, after: RoundSummary, criteria: readonly string[]): Move[] => {
  const named = new Set(after.hypotheses.flatMap(({ part }) => tagsOf(part.where)))
  return after.tags.gate.flatMap((now): Move[] => {
    const was = before.tags.gate.find((rate) => cellKey(rate) === cellKey(now))
    if (!was || !criteria.includes(now.criterion) || was.n < fewestItems || now.n < fewestItems) return []
    if (was.rate === undefined || now.rate === undefined) return []
    const tag = tagsOf(now.where).join(' ')
    return [{ tag, named: tagsOf(now.where).some((each) => named.has(each)), difference: now.rate - was.rate }]
  })
}

const tagsOf = (where: Tags): string[] =>
  Object.entries(where).flatMap(([dimension, values]) => values.map((value) => `${dimension}=${value}`))

const cellKey = ({ where, criterion }: TagRate) => JSON.stringify([where, criterion])

const rowOf = (round: number | null, criteria: readonly string[], moves: readonly Move[]): AimedRow => {
  const named = summary(moves.filter((move) => move.named))
  const others = summary(moves.filter((move) => !move.named))
  return { round, criteria, named: named.mean, others: others.mean, gap: gapOf(named, others) }
}

interface Summary {
  readonly mean: MeanChange
  readonly se: number | undefined
}

const summary = (moves: readonly Move[]): Summary => {
  const tags = new Set(moves.map(({ tag }) => tag)).size
  if (tags === 0) return { mean: { difference: null, low: null, high: null, tags }, se: undefined }
  const found = clustered(moves.map(({ tag, difference }) => ({ family: tag, difference })))
  const mean = moves.reduce((sum, { difference }) => sum + difference, 0) / moves.length
  // tags that all moved alike, or a single one, say nothing of the spread
  if (!found || tags < 2 || found.se < 1e-9)
    return { mean: { difference: mean, low: null, high: null, tags }, se: undefined }
  return { mean: { difference: found.difference, ...clamped(found.low, found.high), tags }, se: found.se }
}

/** With two tags t is wide enough to pass what a rate can move at all. */
const clamped = (low: number, high: number) => ({ low: Math.max(-1, low), high: Math.min(1, high) })

/** Welch's interval for the difference of two means; none where either side has a single tag or no spread at all. */
const gapOf = (named: Summary, others: Summary): Change => {
  const [a, b] = [named.mean, others.mean]
  if (a.difference === null || b.difference === null) return { difference: null, low: null, high: null }
  const difference = a.difference - b.difference
  if (named.se === undefined || others.se === undefined) return { difference, low: null, high: null }
  const [va, vb] = [named.se ** 2, others.se ** 2]
  const df = (va + vb) ** 2 / (va ** 2 / (a.tags - 1) + vb ** 2 / (b.tags - 1))
  if (!Number.isFinite(df)) return { difference, low: null, high: null }
  const half = jStat.studentt.inv(0.975, df) * Math.sqrt(va + vb)
  return { difference, ...clamped(difference - half, difference + half) }
}
