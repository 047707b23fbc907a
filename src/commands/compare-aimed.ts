import type { Tags } from '../core/contract.ts'
import { type EvaluationRow, matches } from '../core/evaluation.ts'
import type { RoundSummary } from '../core/round.ts'
import { type Arm, common, type Difference, difference, repliesOf } from './compare-arms.ts'

/** What aiming did: tags that an analyst named against the others, in both runs since their start. */
export interface Aimed {
  readonly by: string // the run whose analyst aimed
  readonly tags: readonly Tags[] // an item of any of these is named
  readonly shared: boolean // both runs began from one state, behind round `start`
  readonly start: number
  readonly named: Group
  readonly unnamed: Group
  readonly contrast: Pick<Difference, 'difference' | 'low' | 'high'> // named minus unnamed, of first minus second
}

interface Group {
  readonly between: Difference // first minus second
  readonly firstRise: Difference // since the start: rises by itself where failures were chosen, hence `between`
  readonly secondRise: Difference
}

/** Undefined where no analyst named a tag in the rounds that are compared. */
export const aimedAt = async (
  first: Arm,
  second: Arm,
  split: 'gate' | 'dev',
  criterion: string,
): Promise<Aimed | undefined> => {
  const { shared, start } = startOf(first.summaries, second.summaries)
  const aiming = [first, second].find((arm) => namedTags(arm, start).length > 0)
  if (!aiming) return undefined
  const tags = namedTags(aiming, start)
  const before = [await startRows(first, start, split), await startRows(second, start, split)] as const
  const group = (named: boolean): Group => {
    const of = (rows: readonly EvaluationRow[]) =>
      rows.filter(({ item }) => tags.some((where) => matches(item, where)) === named)
    const between = common(of(first.rows), of(second.rows))
    return {
      between: difference(between.first, between.second, criterion),
      firstRise: difference(of(first.rows), of(before[0]), criterion),
      secondRise: difference(of(second.rows), of(before[1]), criterion),
    }
  }
  const [named, unnamed] = [group(true), group(false)]
  const contrast = contrastOf(named.between, unnamed.between)
  return { by: aiming.files.name, tags, shared, start, named, unnamed, contrast }
}

/** The last round that both runs share: a run that was started from another holds copies of its rounds. */
const startOf = (first: readonly RoundSummary[], second: readonly RoundSummary[]) => {
  let start = -1
  while (first[start + 1] && JSON.stringify(first[start + 1]) === JSON.stringify(second[start + 1])) start += 1
  return { shared: start >= 0, start: Math.max(0, start) }
}

const namedTags = ({ summaries, round }: Arm, start: number): Tags[] => {
  const tags = summaries
    .filter((summary) => summary.round > start && summary.round <= round)
    .flatMap(({ hypotheses }) => hypotheses.map(({ part }) => part.where))
    .filter((where) => Object.keys(where).length > 0)
  return [...new Map(tags.map((where) => [JSON.stringify(where), where])).values()]
}

const startRows = ({ files, summaries }: Arm, start: number, split: 'gate' | 'dev') =>
  repliesOf(files, summaries[start]?.best ?? 0, split)

/**
 * The difference of two differences on disjoint items, by "square and add" (MOVER; Zou and Donner 2008): each bound's
 * distance from its estimate is added in squares, so that few families in either group keep the interval wide.
 */
export const contrastOf = (a: Difference, b: Difference): Aimed['contrast'] => {
  if (a.difference === undefined || b.difference === undefined) return {}
  const contrast = a.difference - b.difference
  if (a.low === undefined || a.high === undefined || b.low === undefined || b.high === undefined)
    return { difference: contrast }
  return {
    difference: contrast,
    low: contrast - Math.hypot(a.difference - a.low, b.high - b.difference),
    high: contrast + Math.hypot(a.high - a.difference, b.difference - b.low),
  }
}
