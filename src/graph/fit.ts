import type { Config } from '../core/config.ts'
import type { RoundSummary } from '../core/round.ts'

/**
 * Before the first training only the pace of the evaluation is known. A training row takes at most about this share of the
 * time in which the untouched student answers an item: 0.72 on two AVX2 cores, 0.4 on two that multiply bf16 (docs/results).
 */
const rowToAnswer = 0.75
/** Of the time that is left: a stage that takes longer than the last one must not cost the round. */
const usable = 0.93
/** Rounds are not made smaller than this: the run ends instead. */
const fewest = 100
/** Of the rows asked for: rounds so small teach little, so rather one of them less, and the others larger. */
const leastShare = 0.25

export interface Fit {
  readonly rows: number
  readonly wanted: number
  readonly rounds: number // that have room with so many rows, of those that are to come
  readonly minutesLeft: number
  readonly fits: boolean // false: even the smallest round would overrun the budget
}

/**
 * The rows of the next round: as many as the config asks for, or fewer where the rounds that are to come would not fit into
 * what is left of the time budget. Where all of them would be small, it is shared by fewer rounds: each reckons anew, by its own pace.
 * @param last  the round that has just ended; round 0 has no training
 * @param spent minutes of the run so far
 */
export const rowsThatFit = (
  { loop, budget, train, evaluation }: Pick<Config, 'loop' | 'budget' | 'train' | 'evaluation'>,
  last: Pick<RoundSummary, 'round' | 'seconds' | 'rows'>,
  spent: number,
): Fit => {
  const minutesLeft = budget.minutes - spent
  const seconds = (stage: string) => last.seconds[stage] ?? 0
  const perRow =
    last.round === 0 || last.rows.trained === 0
      ? (rowToAnswer * seconds('evaluate') * (train.sft.epochs ?? 1)) / (evaluation.dev + evaluation.gate)
      : (seconds('generate') + seconds('validate') + seconds('train')) / last.rows.trained
  const fitting = (rounds: number) => {
    const forRows = (minutesLeft * 60 * usable) / rounds - seconds('evaluate')
    return perRow > 0 ? Math.floor(forRows / perRow) : minutesLeft > 0 ? loop.rows : 0
  }
  let rounds = Math.max(1, loop.rounds - last.round)
  while (rounds > 1 && fitting(rounds) < loop.rows * leastShare) rounds -= 1
  const smallest = Math.min(fewest, loop.rows)
  const rows = Math.min(loop.rows, Math.max(fitting(rounds), smallest))
  return { rows, wanted: loop.rows, rounds, minutesLeft, fits: fitting(rounds) >= smallest }
}
