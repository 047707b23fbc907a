/** What a loop changes when a round gained nothing: the same again would bring the same again. */
import type { Lesson } from './round.ts'

export const levers = ['rows', 'harder', 'gentler'] as const
export type Lever = (typeof levers)[number]

/** Half as many rows again, as far as the time allows. */
export const moreRows = 1.5
/** The share of the peak learning rate that is left. */
export const gentlerRate = 0.5

/** What each lever does, as reports and analysts are told. */
export const leverText: Readonly<Record<Lever, string>> = {
  rows: 'half as many rows again',
  harder: 'bad replies that are nearest to the good ones',
  gentler: 'half the learning rate',
}

/** A lever that was pulled since the last promotion. */
export interface Pulled {
  readonly lever: Lever
  readonly round: number
}

/**
 * The levers that may be pulled for the next round, the first one first; none while rounds gain. Each has one turn between two
 * promotions, so that a plateau ends in a stop and not in ever larger rounds.
 * @param room rows that the time left allows, over those that a round has
 */
export const openLevers = (of: {
  readonly withoutGain: number
  readonly pulled: readonly Pulled[]
  readonly teaches: Lesson['teaches']
  readonly room: number
}): Lever[] => {
  if (of.withoutGain === 0) return []
  const fits: Readonly<Record<Lever, boolean>> = {
    rows: of.teaches === 'sft' && of.room >= 1.1, // pairs and rewards take a number of their own, whatever the round has
    harder: of.teaches === 'kto', // named mistakes are what pairs are made of
    gentler: true,
  }
  return levers.filter((lever) => fits[lever] && !of.pulled.some((one) => one.lever === lever))
}
