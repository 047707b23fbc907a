import { type Comparison, compare, type Unscored } from './compare.ts'
import type { Target } from './contract.ts'
import { WhetError } from './errors.ts'
import type { GradedRow } from './evaluation.ts'
import { fewestFamilies, type ProtectedResult, protectedResults } from './protect.ts'
import { measure } from './rates.ts'
import { mcnemar, smallestDetectable } from './stats.ts'

/** A larger share of infrastructure errors than this voids the look: what is left is not what was to be measured. */
const mostErrors = 0.01

export interface GateInput {
  readonly candidate: readonly GradedRow[]
  readonly incumbent?: readonly GradedRow[] // the best so far on the same items; absent where there is none yet
  readonly targets: readonly Target[]
  readonly primary: string // the criterion whose pass rate decides
  readonly format: string // the criterion that ends the rule of floors
  readonly alpha: number // false promotions allowed over the whole run, 0..1
  readonly k: number // how many candidates the gate has judged, this one included
}

/** The gate's answer. It holds rates and names of tags, never an item. Rates are 0..1, differences -1..1. */
export interface Verdict {
  readonly verdict: 'promote' | 'hold' | 'reject'
  readonly reason: string
  readonly alpha: number // what this look spends: alpha / (k (k + 1))
  readonly k: number
  readonly formatHolds: boolean // the incumbent passes the format criterion's target
  readonly primary: PrimaryResult
  readonly protected: readonly ProtectedResult[]
  readonly unscored: { readonly candidate: number; readonly incumbent: number; readonly both: number } // of the primary
  readonly notApplicable: number // items that the primary is not about
  readonly errors: { readonly candidate: number; readonly incumbent: number } // infrastructure, rows
}

export interface PrimaryResult {
  readonly of: string
  readonly difference?: number
  readonly low?: number // 95 %, by family
  readonly high?: number
  readonly p?: number // one-sided, of a gain
  readonly families: number
  readonly rows: number
  readonly losses: number
  readonly gains: number
  readonly mcnemar: number // two-sided, rows taken as independent: a description, not the decision
  readonly smallestDetectable?: number // gain found with 80 % power at two-sided 5 %, rows taken as independent
  readonly candidateRate?: number
  readonly incumbentRate?: number
}

/** What was found under one way of treating unscored rows. */
interface Finding {
  readonly verdict: Verdict['verdict']
  readonly reason: string
  readonly comparison: Comparison
  readonly tags: readonly ProtectedResult[]
}

/**
 * Promotes, holds or rejects a candidate against the best so far, over items that both answered.
 *
 * The primary's gain is tested by family at alpha / (k (k + 1)): over any number of looks the false promotions stay
 * below alpha (facts 2.2). Hold is the answer wherever the rows do not carry a verdict: under 10 families, over 1 %
 * infrastructure errors, a protected floor that does not hold, or a verdict that flips when unscored rows count as fails.
 * Without an incumbent there is nothing to lose: the first student is promoted where it was measured and floors hold.
 *
 * @throws WhetError `bad-gate` where alpha or k make no sense
 */
export const gate = (input: GateInput): Verdict => {
  const alpha = spentAlpha(input)
  const formatHolds = holdsFormat(input)
  const errors = { candidate: errorsOf(input.candidate), incumbent: errorsOf(input.incumbent ?? []) }
  const found = find(input, alpha, formatHolds, 'leave')
  return {
    ...decide(input, found, errors, (treat) => find(input, alpha, formatHolds, treat)),
    alpha,
    k: input.k,
    formatHolds,
    primary: primaryResult(input.primary, found.comparison),
    protected: found.tags,
    unscored: found.comparison.unscored,
    notApplicable: found.comparison.notApplicable,
    errors,
  }
}

const spentAlpha = ({ alpha, k }: GateInput): number => {
  if (alpha > 0 && alpha < 1 && Number.isInteger(k) && k >= 1) return alpha / (k * (k + 1))
  throw new WhetError({
    code: 'bad-gate',
    message: `The gate needs an alpha between 0 and 1 and counts candidates from 1; it got alpha ${alpha} and candidate ${k}. Set gate.alpha to 0.05.`,
    fixedBy: 'config',
    data: { alpha, k },
  })
}

/** Without a target on the format criterion there is nothing that ends the rule of floors. */
const holdsFormat = ({ incumbent, targets, format }: GateInput): boolean => {
  const ofFormat = targets.filter(({ of, measure: kind }) => of === format && kind !== 'pooled')
  return (
    incumbent !== undefined &&
    ofFormat.length > 0 &&
    measure(incumbent, ofFormat).every(({ status }) => status === 'pass')
  )
}

const errorsOf = (rows: readonly GradedRow[]): number => rows.filter(({ error }) => error).length

const find = (input: GateInput, alpha: number, formatHolds: boolean, treat: Unscored): Finding => {
  const { candidate, incumbent, targets, primary } = input
  const comparison = compare(candidate, incumbent ?? [], { of: primary, measure: 'pass-rate' }, treat)
  const tags = protectedResults({ candidate, incumbent }, targets, formatHolds ? 'margin' : 'floor', treat)
  const said = incumbent ? judge(comparison, tags, alpha, primary) : first(input, tags)
  return { ...said, comparison, tags }
}

const judge = (comparison: Comparison, tags: readonly ProtectedResult[], alpha: number, primary: string) => {
  const { test, families, rows } = comparison
  if (!test || families < fewestFamilies)
    return hold(`${rows} rows of ${families} families were scored for both; a verdict needs ${fewestFamilies} families`)
  const moved = `${primary} ${test.difference < 0 ? 'fell' : 'rose'} by ${points(Math.abs(test.difference))} points (95 % ${points(test.low)} to ${points(test.high)})`
  if (test.high < 0) return reject(moved)
  const breaches = tags.filter(({ status }) => status === 'breach')
  if (breaches.length > 0) return reject(`${moved}, but ${breaches.map(dropOf).join(' and ')}`)
  const low = tags.filter(({ status }) => status === 'floor')
  if (low.length > 0) return hold(`${moved}, but ${low.map(floorOf).join(' and ')}`)
  const p = `one-sided p ${digits(test.pGain)}, limit ${digits(alpha)}`
  if (test.difference > 0 && test.pGain <= alpha) return promote(`${moved}, ${p}${tooFewOf(tags)}`)
  return hold(`${moved}: not enough to tell it from noise (${p})`)
}

const first = ({ candidate, primary }: GateInput, tags: readonly ProtectedResult[]) => {
  const own = measure(candidate, [{ of: primary, measure: 'pass-rate', pass: 1, warn: 1 }])[0]
  if (!own || own.n === 0) return hold(`nothing to compare with, and no row of the candidate was scored on ${primary}`)
  const low = tags.filter(({ status }) => status === 'floor')
  if (low.length > 0) return hold(`nothing to compare with, but ${low.map(floorOf).join(' and ')}`)
  return promote(`the first student: nothing to compare with${tooFewOf(tags)}`)
}

/** Errors void the look; a verdict stands only if it does not hang on rows that could not be scored. */
const decide = (
  { candidate, incumbent = [] }: GateInput,
  found: Finding,
  errors: Verdict['errors'],
  findWith: (treat: Unscored) => Finding,
): Pick<Verdict, 'verdict' | 'reason'> => {
  const share = Math.max(errors.candidate / (candidate.length || 1), errors.incumbent / (incumbent.length || 1))
  if (share > mostErrors)
    return hold(
      `infrastructure failed on ${errors.candidate} of ${candidate.length} rows of the candidate and ${errors.incumbent} of ${incumbent.length} of the incumbent: over 1 % voids the look. Evaluate again`,
    )
  const { verdict, reason } = found
  if (verdict === 'hold') return { verdict, reason }
  for (const treat of ['candidate-fails', 'incumbent-fails'] as const)
    if (findWith(treat).verdict !== verdict)
      return hold(`${verdict} would hang on rows that could not be scored: counted as fails they change it (${reason})`)
  return { verdict, reason }
}

const primaryResult = (of: string, comparison: Comparison): PrimaryResult => {
  const { test, rows, families, losses, gains, candidateRate, incumbentRate } = comparison
  const discordant = (losses + gains) / rows
  return {
    of,
    ...(test && { difference: test.difference, low: test.low, high: test.high, p: test.pGain }),
    families,
    rows,
    losses,
    gains,
    mcnemar: mcnemar(losses, gains).twoSided,
    ...(discordant > 0 && { smallestDetectable: smallestDetectable(discordant, rows) }),
    ...(rows > 0 && { candidateRate, incumbentRate }),
  }
}

const promote = (reason: string) => ({ verdict: 'promote' as const, reason })
const hold = (reason: string) => ({ verdict: 'hold' as const, reason })
const reject = (reason: string) => ({ verdict: 'reject' as const, reason })

const points = (share: number) => (share * 100).toFixed(1)
const digits = (p: number) => String(Number(p.toPrecision(2)))

/** `irrelevance of kind = decline`, for people. */
const nameOf = ({ of, where }: ProtectedResult) => {
  const tags = Object.entries(where ?? {}).map(([dimension, values]) => `${dimension} = ${values.join(' or ')}`)
  return tags.length > 0 ? `${of} of ${tags.join(', ')}` : of
}
const dropOf = (tag: ProtectedResult) =>
  `${nameOf(tag)} fell by ${points(-(tag.difference ?? 0))} points, more than its margin of ${points(tag.margin)}`
const floorOf = (tag: ProtectedResult) =>
  `${nameOf(tag)} is at ${points(tag.candidateRate ?? 0)} %, under its floor of ${points(tag.floor)} %`
const tooFewOf = (tags: readonly ProtectedResult[]) => {
  const few = tags.filter(({ status }) => status === 'too-few')
  return few.length > 0 ? `; too few rows to tell whether ${few.map(nameOf).join(' and ')} held` : ''
}
