import type { ReportSection } from '../../core/contract.ts'
import { readJson } from '../../core/jsonl.ts'
import type { Duels } from '../../core/judge/duels.ts'
import type { JudgeFile } from '../../core/judge/store.ts'
import type { RoundSummary } from '../../core/round.ts'
import type { RunFiles } from '../../core/workspace.ts'
import { interval, percent } from '../format.ts'
import { roundText } from './text.ts'

/** What a judge that nobody has held against people is calibrated by: what `whet rate` asks where nothing else is said. */
const criterion = 'overall'

/** How a judge decided between each round's dev replies and the base's; nothing where none was asked. */
export const duelSection = async (files: RunFiles, rounds: readonly RoundSummary[]): Promise<ReportSection[]> => {
  const told: { round: number; duels: Duels }[] = []
  for (const { round } of rounds) {
    const duels = await readJson<Duels>(files.round(round).duels)
    if (duels) told.push({ round, duels })
  }
  const last = told.at(-1)?.duels
  if (!last) return []
  const calibrated = (await readJson<JudgeFile>(files.judge))?.criteria.find((each) => each.criterion === criterion)
  const trust = calibrated
    ? `Held against people: ${calibrated.why}.`
    : 'It was never held against people (`whet rate`, then `whet judge calibrate`), so this is advice.'
  return [
    {
      title: 'Preferred to the base',
      lead: `Dev replies, each beside the base's in both orders, as ${last.judge} decided: ${last.question} A verdict that changes with the order is a tie. ${trust}`,
      parts: [
        {
          kind: 'table',
          head: ['round', 'preferred, ties as halves', 'won', 'lost', 'tied', 'said the same', 'both orders agree'],
          rows: told.map(({ round, duels }) => rowOf(roundText(round), duels)),
        },
      ],
    },
  ]
}

const rowOf = (round: string, { rate, low, high, wins, losses, ties, alike, agrees }: Duels) => {
  const asked = wins + losses + ties
  return [
    round,
    rate === undefined ? 'no data' : `${percent(rate)} ${interval(low, high)}`,
    ...[wins, losses, ties, alike],
    asked === 0 ? 'no data' : percent(agrees / asked),
  ]
}
