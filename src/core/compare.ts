import type { Tags, Target } from './contract.ts'
import { type GradedRow, matches, type Outcome, outcomeOf } from './evaluation.ts'
import { type Clustered, clustered, type Paired } from './stats.ts'

/** What is compared: the pass rate or the mean score of a criterion, over all items or those of some tags. */
export interface Question {
  readonly of: string
  readonly measure: Exclude<Target['measure'], 'pooled'>
  readonly where?: Tags
}

/** What happens to a row that only one of the two has a score for. */
export type Unscored = 'leave' | 'candidate-fails' | 'incumbent-fails'

/** Two students on the same items. Rows that both have a score for are compared; all others leave and are counted. */
export interface Comparison {
  readonly test?: Clustered // absent under two families
  readonly rows: number
  readonly families: number
  readonly gains: number // rows where the candidate is better
  readonly losses: number
  readonly candidateRate?: number
  readonly incumbentRate?: number
  readonly unscored: { readonly candidate: number; readonly incumbent: number; readonly both: number }
  readonly notApplicable: number
}

interface Duel {
  readonly family: string
  readonly candidate: Outcome
  readonly incumbent: Outcome
}

export const compare = (
  candidate: readonly GradedRow[],
  incumbent: readonly GradedRow[],
  question: Question,
  treat: Unscored = 'leave',
): Comparison => {
  const scoreOf = scorer(question.measure)
  const pairs: (Paired & { candidate: number; incumbent: number })[] = []
  const unscored = { candidate: 0, incumbent: 0, both: 0 }
  let notApplicable = 0
  for (const duel of duels(candidate, incumbent, question)) {
    if (duel.candidate === 'not-applicable' && duel.incumbent === 'not-applicable') {
      notApplicable += 1
      continue
    }
    const arms = { candidate: scoreOf(duel.candidate), incumbent: scoreOf(duel.incumbent) }
    const missing = missingOf(arms)
    if (missing) unscored[missing] += 1
    if (treat === 'candidate-fails' && missing === 'candidate') arms.candidate = 0
    if (treat === 'incumbent-fails' && missing === 'incumbent') arms.incumbent = 0
    if (arms.candidate === undefined || arms.incumbent === undefined) continue
    const { family } = duel
    const difference = arms.candidate - arms.incumbent
    pairs.push({ family, difference, candidate: arms.candidate, incumbent: arms.incumbent })
  }
  return { ...summary(pairs), unscored, notApplicable }
}

const scorer = (measure: Question['measure']) => (outcome: Outcome) => {
  if (typeof outcome === 'string') return undefined
  return measure === 'mean-score' ? outcome.score : Number(outcome.pass)
}

/** A criterion that applies to one arm only counts as unscored in the other: no reply may dodge its own judgement. */
const missingOf = (arms: { candidate?: number; incumbent?: number }) => {
  if (arms.candidate !== undefined && arms.incumbent !== undefined) return undefined
  if (arms.candidate === undefined && arms.incumbent === undefined) return 'both'
  return arms.candidate === undefined ? 'candidate' : 'incumbent'
}

const duels = function* (
  candidate: readonly GradedRow[],
  incumbent: readonly GradedRow[],
  { of, where }: Question,
): Iterable<Duel> {
  const [ofCandidate, ofIncumbent] = [byId(candidate), byId(incumbent)]
  for (const id of new Set([...ofCandidate.keys(), ...ofIncumbent.keys()])) {
    const [own, other] = [ofCandidate.get(id), ofIncumbent.get(id)]
    const item = (own ?? other)!.item
    if (!matches(item, where)) continue
    const outcome = (row: GradedRow | undefined): Outcome => (row ? outcomeOf(row, of) : 'unscored')
    yield { family: item.family, candidate: outcome(own), incumbent: outcome(other) }
  }
}

/** Scores go from 0 to 1, so nothing can move by more than 1: t does not know that. */
const withinScale = (test: Clustered | undefined): Clustered | undefined =>
  test && { ...test, low: Math.max(-1, test.low), high: Math.min(1, test.high) }

/** The first record of an item counts, as on resume. */
const byId = (rows: readonly GradedRow[]): Map<string, GradedRow> => {
  const found = new Map<string, GradedRow>()
  for (const row of rows) if (!found.has(row.item.id)) found.set(row.item.id, row)
  return found
}

const summary = (pairs: readonly (Paired & { candidate: number; incumbent: number })[]) => {
  const test = withinScale(clustered(pairs))
  const rows = pairs.length
  const mean = (arm: 'candidate' | 'incumbent') => pairs.reduce((sum, pair) => sum + pair[arm], 0) / rows
  return {
    ...(test && { test }),
    rows,
    families: new Set(pairs.map(({ family }) => family)).size,
    gains: pairs.filter(({ difference }) => difference > 0).length,
    losses: pairs.filter(({ difference }) => difference < 0).length,
    ...(rows > 0 && { candidateRate: mean('candidate'), incumbentRate: mean('incumbent') }),
  }
}
