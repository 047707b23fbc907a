import { readJsonl, writeJsonl } from '../core/jsonl.ts'
import type { MeasuredRate } from '../core/rates.ts'
import type { EvaluationSummary } from './evaluate-run.ts'

/** One line of `round-NN/depth.jsonl`: what was measured of a round's student beyond one reply to each of the run's own items. */
export interface KeptDepth
  extends Pick<EvaluationSummary, 'split' | 'primary' | 'curve' | 'steadiness' | 'robustness'> {
  readonly at: string // ISO time
  readonly items: number
  readonly named?: string // other items than the run's own, or other menus, in words
  readonly rates?: readonly MeasuredRate[] // on those
}

/**
 * Keeps a measurement beside its round, so that reports show it; the same measured again takes the place of the first. Items and replies
 * are not kept.
 * @param named what the items were, where they were not the run's own
 */
export const keepDepth = async (file: string, summary: EvaluationSummary, named?: string): Promise<void> => {
  const { split, primary, curve, steadiness, robustness, rows: items, rates } = summary
  if (!curve && !steadiness && !robustness && named === undefined) return
  const kept: KeptDepth = {
    ...{ at: new Date().toISOString(), split, primary, items },
    ...(named !== undefined && { named, rates }),
    ...(curve && { curve }),
    ...(steadiness && { steadiness }),
    ...(robustness && { robustness }),
  }
  const { rows } = await readJsonl<KeptDepth>(file)
  await writeJsonl(file, [...rows.filter((one) => keyOf(one) !== keyOf(kept)), kept])
}

const keyOf = ({ split, named, curve, steadiness, robustness }: KeptDepth): string =>
  JSON.stringify([split, named, curve?.map(({ label }) => label), steadiness?.samples, robustness !== undefined])
