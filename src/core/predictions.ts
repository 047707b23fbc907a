import type { Hypothesis, Tags } from './contract.ts'
import { type GradedRow, matches, outcomeOf } from './evaluation.ts'
import { type Rate, Tally } from './rates.ts'
import { brier } from './stats.ts'

/** How a prediction fared. Without judged rows on either side nothing moved that could be seen: no `moved`, no `hit`. */
export interface PredictionScore {
  readonly criterion: string
  readonly where: Tags
  readonly predicted: number // rise of the pass rate, 0..1
  readonly probability: number // that it rises by at least so much
  readonly before: Rate
  readonly after: Rate
  readonly moved?: number
  readonly low?: number // 95 % of the movement, the two sides taken as independent samples
  readonly high?: number
  readonly hit?: boolean
  readonly brier?: number
}

/** Holds what was predicted for the student of `before` against the student of `after`. Rows of the dev split. */
export const scorePredictions = (
  hypotheses: readonly Hypothesis[],
  before: readonly GradedRow[],
  after: readonly GradedRow[],
): PredictionScore[] =>
  hypotheses.map(({ predicts: { criterion, where, points, probability } }) => {
    const rates = { before: rateOf(before, criterion, where), after: rateOf(after, criterion, where) }
    return { criterion, where, predicted: points, probability, ...rates, ...movement(rates, points, probability) }
  })

const rateOf = (rows: readonly GradedRow[], criterion: string, where: Tags): Rate => {
  const tally = new Tally()
  for (const row of rows) {
    const outcome = matches(row.item, where) ? outcomeOf(row, criterion) : 'not-applicable'
    if (typeof outcome !== 'string') tally.add(row.item.family, outcome.pass)
  }
  return tally.rate()
}

/** The interval is Newcombe's: from the two Wilson intervals, so that it holds near 0 and 1. */
const movement = ({ before, after }: { before: Rate; after: Rate }, points: number, probability: number) => {
  if (before.rate === undefined || after.rate === undefined || !before.interval || !after.interval) return {}
  const moved = after.rate - before.rate
  const hit = moved >= points - toldTo / 2
  return {
    moved,
    low: moved - Math.hypot(after.rate - after.interval.low, before.interval.high - before.rate),
    high: moved + Math.hypot(after.interval.high - after.rate, before.rate - before.interval.low),
    hit,
    brier: brier([{ probability, happened: hit }]),
  }
}

/** Predictions are told to a tenth of a point: a rise that reads like the predicted one is a hit. */
const toldTo = 0.001

/** What share of a tag's failures one round is expected to mend before any round has shown it. */
const mendedShare = 0.5

/** How much the first guess weighs against what rounds showed, in squared points. */
const guessWeight = 0.1

/**
 * The rise to expect of a tag that fails at `failureRate`: half of it, scaled by what earlier predictions came to. The
 * scale is the slope of what moved on what that half had been, drawn towards 1 while little has been seen.
 */
export const expectedRise = (failureRate: number, history: readonly PredictionScore[]): number => {
  const seen = history.flatMap(({ before, moved }) =>
    before.rate === undefined || moved === undefined ? [] : [{ guess: mendedShare * (1 - before.rate), moved }],
  )
  const explained = seen.reduce((sum, { guess, moved }) => sum + guess * moved, guessWeight)
  const possible = seen.reduce((sum, { guess }) => sum + guess ** 2, guessWeight)
  const scale = Math.min(1.5, Math.max(0.1, explained / possible))
  return Math.max(0.01, Math.min(failureRate, mendedShare * failureRate * scale))
}

/** The chance that such a rise comes: .6 at first, then the share of earlier predictions that hit. Never certain. */
export const chanceOfHit = (history: readonly PredictionScore[]): number => {
  const scored = history.filter(({ hit }) => hit !== undefined)
  const hits = scored.filter(({ hit }) => hit).length
  return Math.min(0.95, Math.max(0.05, (3 + hits) / (5 + scored.length)))
}
