import { readJson } from '../core/jsonl.ts'
import type { Pulled } from '../core/levers.ts'
import type { RoundSummary } from '../core/round.ts'
import type { Deps } from './deps.ts'
import { rowsThatFit } from './fit.ts'
import { pulledSince, pulledText } from './pull-lever.ts'
import type { State, StopReason } from './state.ts'

/** Why the loop ends after this round, if it does: targets met, rounds done, plateau, or no time for one more round. */
export const stopReason = async (state: State, summary: RoundSummary, deps: Deps): Promise<StopReason | null> => {
  const { loop, budget } = deps.config
  const best = state.best === state.round ? summary : await readJson<RoundSummary>(deps.files.round(state.best).summary)
  if (best && targetsMet(best)) return { reason: 'targets', detail: `round ${state.best} meets every target` }
  if (state.round >= loop.rounds)
    return {
      reason: 'rounds',
      detail: loop.rounds === 0 ? 'the baseline is measured' : `all ${loop.rounds} rounds are done`,
    }
  if (loop.plateau > 0 && state.withoutGain >= loop.plateau)
    return {
      reason: 'plateau',
      detail: `${state.withoutGain} rounds in a row without a promotion${triedText(await pulledSince(state, deps))}`,
    }
  const { fits, minutesLeft } = rowsThatFit(deps.config, summary, deps.minutes())
  if (state.round > 0 && !fits)
    return {
      reason: 'budget',
      detail: `${Math.max(0, minutesLeft).toFixed(0)} of ${budget.minutes} minutes are left: too few for another round`,
    }
  return null
}

const triedText = (pulled: readonly Pulled[]) => (pulled.length > 0 ? `; tried: ${pulledText(pulled)}` : '')

/** Every target of the gate passes; a target without rows is not met. */
export const targetsMet = (summary: RoundSummary): boolean =>
  summary.rates.gate.length > 0 && summary.rates.gate.every(({ status }) => status === 'pass')
