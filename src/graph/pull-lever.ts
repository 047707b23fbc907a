import type { SpecFile } from '../core/analyst.ts'
import type { Hypothesis, SpecPart } from '../core/contract.ts'
import { readJson } from '../core/jsonl.ts'
import { type Lever, leverText, moreRows, openLevers, type Pulled } from '../core/levers.ts'
import type { Lesson, RoundSummary } from '../core/round.ts'
import type { Deps } from './deps.ts'
import { rowsThatFit } from './fit.ts'
import type { State } from './state.ts'

/** The levers of the rounds since the last promotion. */
export const pulledSince = async (state: Pick<State, 'best' | 'round'>, { files }: Pick<Deps, 'files'>) => {
  const pulled: Pulled[] = []
  for (let round = state.best + 1; round <= state.round; round += 1) {
    const lever = (await readJson<SpecFile>(files.round(round).spec))?.lever
    if (lever) pulled.push({ lever, round })
  }
  return pulled
}

/** What may be changed in the next round, and how far more rows would go. */
export const leversFor = async (state: State, lesson: Lesson, summary: RoundSummary, deps: Deps) => {
  const { config } = deps
  if (!config.loop.levers) return { open: [], room: 1 }
  const wished = { ...config, loop: { ...config.loop, rows: Math.round(config.loop.rows * moreRows) } }
  const room = rowsThatFit(wished, summary, deps.minutes()).rows / config.loop.rows
  const pulled = await pulledSince(state, deps)
  return { open: openLevers({ withoutGain: state.withoutGain, pulled, teaches: lesson.teaches, room }), room }
}

/** All parts larger by the same factor, so that no tag's share of the round changes. */
export const widened = (parts: readonly SpecPart[], factor: number): SpecPart[] =>
  parts.map((part) => ({ ...part, rows: Math.round(part.rows * factor) }))

/** What is believed of those parts, which are told with the rows that they have. */
export const believedOf = (hypotheses: readonly Hypothesis[], factor: number): Hypothesis[] =>
  hypotheses.map((one) => ({ ...one, part: { ...one.part, rows: Math.round(one.part.rows * factor) } }))

/** Why a round is what it is, with what was changed because the one before gained nothing. */
export const withLever = (lesson: Lesson, lever: Lever | undefined): Lesson =>
  lever ? { ...lesson, why: `${lesson.why}; the last round gained nothing, so it has ${leverText[lever]}` } : lesson

/** `more rows (round 3), half the learning rate (round 4)`; nothing where none was pulled. */
export const pulledText = (pulled: readonly Pulled[]): string =>
  pulled.map(({ lever, round }) => `${leverText[lever]} (round ${round})`).join(', ')
