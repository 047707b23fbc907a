/**
 * The statistics that verdicts and reports stand on. Formulas, reference values and the choice of methods come from
 * facts/evaluation.md section 1. Rates and differences are shares (0..1 and -1..1), never percent.
 */
import jStat from 'jstat'
import { mulberry32 } from './random.ts'

export interface Interval {
  readonly low: number
  readonly high: number
}

/** A row's difference, candidate minus incumbent; rows of one family are not independent. */
export interface Paired {
  readonly family: string
  readonly difference: number
}

/** Half-width of a two-sided interval in standard errors: z, or t where the spread was estimated. */
const zOf = (level: number) => jStat.normal.inv((1 + level) / 2, 0, 1)
const tOf = (level: number, df: number) => jStat.studentt.inv((1 + level) / 2, df)

const clamp = (value: number, low = 0, high = 1) => Math.min(high, Math.max(low, value))

/** Wilson's interval of one rate. No interval where n is 0: print "no data". Counts may be effective, so not whole. */
export const wilson = (passes: number, n: number, level = 0.95): Interval | undefined => {
  if (!(n > 0)) return undefined
  const z = zOf(level)
  const rate = passes / n
  const centre = (passes + z ** 2 / 2) / (n + z ** 2)
  const half = (z / (n + z ** 2)) * Math.sqrt(Math.max(0, passes * (1 - rate)) + z ** 2 / 4)
  // rounding may leave a bound a hair inside a rate of 0 or 1
  return { low: clamp(Math.min(centre - half, rate)), high: clamp(Math.max(centre + half, rate)) }
}

export interface FamilyCount {
  readonly passes: number
  readonly n: number
}

/** Correlation within a family that is assumed where the data cannot show it (the planning value of facts 1.6). */
const assumedCorrelation = 0.2

/** How many times too many rows there seem to be because rows of one family resemble each other; at least 1. */
export const designEffect = (families: readonly FamilyCount[]): number => {
  const n = sum(families, (family) => family.n)
  const rate = sum(families, (family) => family.passes) / n
  const count = families.length
  const byRows = (rate * (1 - rate)) / n
  if (count < 2 || byRows === 0) return 1 + Math.max(0, n / count - 1) * assumedCorrelation
  const spread = sum(families, (family) => (family.passes - rate * family.n) ** 2)
  const byFamilies = ((count / (count - 1)) * spread) / n ** 2
  return Math.max(1, byFamilies / byRows)
}

/** Wilson's interval of a rate whose rows come in families: n shrinks to the effective n, n / design effect. */
export const familyWilson = (families: readonly FamilyCount[], level = 0.95): Interval | undefined => {
  const n = sum(families, (family) => family.n)
  if (n === 0) return undefined
  const effect = designEffect(families)
  return wilson(sum(families, (family) => family.passes) / effect, n / effect, level)
}

export interface McNemar {
  readonly twoSided: number
  readonly midP: number
  readonly oneSidedGain: number // P(at least so many gains) if gains and losses were equally likely
  readonly n: number // discordant rows; fewer than 6 never reach two-sided .05
}

/** Exact McNemar for rows that are independent; where they come in families it describes, and `clustered` decides. */
export const mcnemar = (losses: number, gains: number): McNemar => {
  const n = losses + gains
  const fewer = Math.min(losses, gains)
  const upTo = halfBinomial(fewer, n)
  const midP = n === 0 ? 1 : Math.min(1, 2 * (upTo.cdf - upTo.pmf / 2))
  return { twoSided: Math.min(1, 2 * upTo.cdf), midP, oneSidedGain: halfBinomial(losses, n).cdf, n }
}

/** P(X ≤ m) and P(X = m) for n tosses of a fair coin, summed in logs: exact where 2ⁿ overflows. */
const halfBinomial = (m: number, n: number) => {
  let log = -n * Math.LN2
  let cdf = 0
  let pmf = 0
  for (let i = 0; i <= m; i += 1) {
    pmf = Math.exp(log)
    cdf += pmf
    log += Math.log((n - i) / (i + 1))
  }
  return { cdf: Math.min(1, cdf), pmf }
}

interface FamilySum {
  sum: number
  n: number
}

/** Per family, in order of name: a result must not depend on the order of rows, not even in its last digit. */
const familySums = (pairs: readonly Paired[]): FamilySum[] => {
  const families = new Map<string, number[]>()
  for (const { family, difference } of pairs) {
    const differences = families.get(family)
    if (differences) differences.push(difference)
    else families.set(family, [difference])
  }
  return [...families.keys()].sort().map((family) => {
    const differences = (families.get(family) ?? []).sort((a, b) => a - b)
    return { sum: sum(differences, (difference) => difference), n: differences.length }
  })
}

export interface Clustered extends Interval {
  readonly difference: number
  readonly se: number
  readonly pGain: number // one-sided: the chance of so large a gain where there is none
  readonly pLoss: number
  readonly families: number
  readonly rows: number
}

/**
 * The mean difference of paired rows with its interval by family: closed form with t of G - 1 degrees of freedom, which
 * holds its level with few families where the bootstrap does not (facts 1.4). Undefined under two families.
 * Where all families differ by exactly the same, t has no spread to go by and the sign flip's p stands in: 1 / 2^G.
 */
export const clustered = (pairs: readonly Paired[], level = 0.95): Clustered | undefined => {
  const families = familySums(pairs)
  const count = families.length
  if (count < 2) return undefined
  const rows = pairs.length
  const difference = sum(families, (family) => family.sum) / rows
  const spread = sum(families, (family) => (family.sum - difference * family.n) ** 2)
  const se = Math.sqrt((count / (count - 1)) * spread) / rows
  const known = { difference, families: count, rows }
  if (se < 1e-12) {
    const p = 2 ** -count
    const [pGain, pLoss] = [difference > 0 ? p : 1, difference < 0 ? p : 1]
    return { ...known, se: 0, low: difference, high: difference, pGain, pLoss }
  }
  const half = tOf(level, count - 1) * se
  const t = difference / se
  const [pGain, pLoss] = [jStat.studentt.cdf(-t, count - 1), jStat.studentt.cdf(t, count - 1)]
  return { ...known, se, low: difference - half, high: difference + half, pGain, pLoss }
}

export interface SignFlip {
  readonly pGain: number
  readonly pLoss: number
  readonly exact: boolean // false: 10,000 draws, p = (hits + 1) / (draws + 1)
}

/** Sign-flip test of the families' sums: exact for whole sums (all pass/fail differences) and for up to 16 families. */
export const signFlip = (pairs: readonly Paired[], { draws = 10_000, seed = 42 } = {}): SignFlip => {
  const sums = familySums(pairs).map((family) => family.sum)
  const reach = sum(sums, Math.abs)
  if (sums.every(Number.isInteger) && reach <= 20_000) return flippedWhole(sums, reach)
  return sums.length <= 16 ? flippedAll(sums) : flippedDrawn(sums, draws, mulberry32(seed))
}

/** All 2^G signs at once: the distribution of the flipped total, one family folded in after the other. */
const flippedWhole = (sums: readonly number[], reach: number): SignFlip => {
  let share = new Float64Array(2 * reach + 1)
  share[reach] = 1
  for (const value of sums.filter((value) => value !== 0)) {
    const next = new Float64Array(share.length)
    for (let at = 0; at < share.length; at += 1) {
      const half = share[at]! / 2
      if (half === 0) continue
      next[at + value]! += half
      next[at - value]! += half
    }
    share = next
  }
  const total = reach + sum(sums, (value) => value)
  return { pGain: sum(share.subarray(total), Number), pLoss: sum(share.subarray(0, total + 1), Number), exact: true }
}

const flippedAll = (sums: readonly number[]): SignFlip => {
  const all = 2 ** sums.length
  const hits = countHits(sums, all, (draw, family) => ((draw >> family) & 1) === 1)
  return { pGain: hits.gain / all, pLoss: hits.loss / all, exact: true }
}

const flippedDrawn = (sums: readonly number[], draws: number, random: () => number): SignFlip => {
  const hits = countHits(sums, draws, () => random() < 0.5)
  return { pGain: (hits.gain + 1) / (draws + 1), pLoss: (hits.loss + 1) / (draws + 1), exact: false }
}

const countHits = (sums: readonly number[], draws: number, flip: (draw: number, family: number) => boolean) => {
  const observed = sum(sums, (value) => value)
  const hits = { gain: 0, loss: 0 }
  for (let draw = 0; draw < draws; draw += 1) {
    let total = 0
    for (let family = 0; family < sums.length; family += 1) total += flip(draw, family) ? -sums[family]! : sums[family]!
    if (total >= observed - 1e-9) hits.gain += 1
    if (total <= observed + 1e-9) hits.loss += 1
  }
  return hits
}

export interface Bootstrap extends Interval {
  readonly median: number
  readonly notAboveZero: number // share of the draws at or below 0
}

/**
 * Percentile bootstrap by family. For show only: under about 40 families it is over-confident (facts 1.4), so `clustered`
 * decides. Families are drawn in the order of their names. Undefined without rows.
 */
export const bootstrap = (
  pairs: readonly Paired[],
  { draws = 10_000, seed = 42, level = 0.95 } = {},
): Bootstrap | undefined => {
  const families = familySums(pairs)
  if (families.length === 0) return undefined
  const random = mulberry32(seed)
  const means = Float64Array.from({ length: draws }, () => {
    let [total, rows] = [0, 0]
    for (let n = 0; n < families.length; n += 1) {
      const family = families[Math.floor(random() * families.length)]!
      total += family.sum
      rows += family.n
    }
    return total / rows
  }).sort()
  return {
    low: quantileOfSorted(means, (1 - level) / 2),
    median: quantileOfSorted(means, 0.5),
    high: quantileOfSorted(means, (1 + level) / 2),
    notAboveZero: means.filter((mean) => mean <= 0).length / draws,
  }
}

/** Type-7 quantile (as in R and NumPy). @returns NaN without values */
export const quantile = (values: readonly number[], p: number): number =>
  quantileOfSorted(Float64Array.from(values).sort(), p)

const quantileOfSorted = (sorted: Float64Array, p: number): number => {
  const h = (sorted.length - 1) * clamp(p)
  const below = sorted[Math.floor(h)] ?? Number.NaN
  const above = sorted[Math.ceil(h)] ?? below
  return below + (above - below) * (h - Math.floor(h))
}

/** Holm's adjusted p values, in the order given. NaN (no data) leaves the family and stays NaN. */
export const holm = (ps: readonly number[]): number[] => {
  const order = ps.map((p, at) => ({ p, at })).filter(({ p }) => !Number.isNaN(p))
  order.sort((a, b) => a.p - b.p)
  const adjusted = ps.map(() => Number.NaN)
  let most = 0
  order.forEach(({ p, at }, rank) => {
    most = Math.max(most, Math.min(1, (order.length - rank) * p))
    adjusted[at] = most
  })
  return adjusted
}

/** The smallest gain that n pairs find with 80 % power at two-sided 5 %, `psi` being the share of discordant rows. */
export const smallestDetectable = (psi: number, n: number): number =>
  (jStat.normal.inv(0.975, 0, 1) + jStat.normal.inv(0.8, 0, 1)) * Math.sqrt(psi / n)

/** Mean squared error of probabilities: 0 is perfect, .25 is what "50 %" each time earns. @returns NaN without forecasts */
export const brier = (forecasts: readonly { readonly probability: number; readonly happened: boolean }[]): number =>
  sum(forecasts, ({ probability, happened }) => (probability - Number(happened)) ** 2) / forecasts.length

/** pass^k: the chance that k of n trials, drawn without putting back, all pass where c did. */
export const passHatK = (n: number, c: number, k: number): number => {
  let chance = 1
  for (let i = 0; i < k; i += 1) chance *= Math.max(0, c - i) / (n - i)
  return chance
}

const sum = <T>(values: Iterable<T>, of: (value: T) => number): number => {
  let total = 0
  for (const value of values) total += of(value)
  return total
}
