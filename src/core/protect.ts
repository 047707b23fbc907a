import { compare, type Question, type Unscored } from './compare.ts'
import type { Tags, Target } from './contract.ts'
import { type GradedRow, matches, outcomeOf } from './evaluation.ts'
import { Tally } from './rates.ts'

/** With fewer families or rows than these a protected tag carries no verdict: "too few", which is never a pass. */
export const fewestFamilies = 10
export const fewestRows = 20

/** How a protected target fared. Differences are rates, candidate minus incumbent. */
export interface ProtectedResult {
  readonly of: string
  readonly where?: Tags
  readonly rule: 'floor' | 'margin'
  readonly status: 'ok' | 'breach' | 'too-few' | 'floor'
  readonly margin: number
  readonly floor: number
  readonly difference?: number
  readonly low?: number
  readonly high?: number
  readonly candidateRate?: number
  readonly incumbentRate?: number
  readonly n: number // rows that the status stands on
  readonly families: number
}

type Protected = Target & { readonly protect: NonNullable<Target['protect']> }
const isProtected = (target: Target): target is Protected => target.protect !== undefined

/**
 * The targets that must not regress. Until a student has learned the format they are held to an absolute floor, since
 * one that only writes prose declines perfectly; afterwards a drop blocks where it exceeds the margin and its 95 %
 * interval excludes zero. Each target is tested at its own level: all must hold, so nothing is corrected (facts 1.5).
 */
export const protectedResults = (
  arms: { readonly candidate: readonly GradedRow[]; readonly incumbent?: readonly GradedRow[] },
  targets: readonly Target[],
  rule: 'floor' | 'margin',
  treat: Unscored,
): ProtectedResult[] =>
  targets.filter(isProtected).map((target) => {
    const { of, where, measure, protect } = target
    const known = { of, ...(where && { where }), rule, ...protect }
    // a pooled measure has no rows to pair: nothing can be said of its drop
    if (measure === 'pooled') return { ...known, status: 'too-few', n: 0, families: 0 }
    const question = { of, measure, ...(where && { where }) }
    const { test, rows, families, candidateRate, incumbentRate } = compare(
      arms.candidate,
      arms.incumbent ?? [],
      question,
      treat,
    )
    const seen = {
      ...known,
      ...(test && { difference: test.difference, low: test.low, high: test.high }),
      ...(candidateRate !== undefined && { candidateRate, incumbentRate }),
    }
    if (rule === 'floor') return { ...seen, ...againstFloor(arms.candidate, question, protect.floor, treat) }
    const tooFew = !test || families < fewestFamilies || rows < fewestRows
    const dropped = test !== undefined && test.difference < -protect.margin && test.high < 0
    return { ...seen, status: tooFew ? 'too-few' : dropped ? 'breach' : 'ok', n: rows, families }
  })

/** Few rows cannot show that the floor holds, but they can show that it does not: the interval lies below it. */
const againstFloor = (candidate: readonly GradedRow[], question: Question, floor: number, treat: Unscored) => {
  const tally = new Tally()
  let total = 0
  for (const row of candidate) {
    if (!matches(row.item, question.where)) continue
    const outcome = outcomeOf(row, question.of)
    const failed = outcome === 'unscored' && treat === 'candidate-fails'
    if (typeof outcome === 'string' && !failed) continue
    tally.add(row.item.family, typeof outcome !== 'string' && outcome.pass)
    if (typeof outcome !== 'string') total += question.measure === 'mean-score' ? outcome.score : Number(outcome.pass)
  }
  const { n, families } = tally
  const known = { n, families, ...(n > 0 && { candidateRate: total / n }) }
  const surelyBelow = question.measure === 'pass-rate' && (tally.rate().interval?.high ?? 1) < floor
  if (surelyBelow) return { ...known, status: 'floor' as const }
  if (n < fewestRows || families < fewestFamilies) return { ...known, status: 'too-few' as const }
  return { ...known, status: total / n < floor ? ('floor' as const) : ('ok' as const) }
}
