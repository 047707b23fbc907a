/**
 * Cosine Delta (Evert et al. 2017): rates of function words and marks as z-scores of a reference, and one minus the cosine of
 * two such vectors: 0 alike, 1 unrelated, 2 opposite.
 */
import jStat from 'jstat'
import { type Counts, ratesOf, sumOf, without } from './counts.ts'

/** Mean and standard deviation (n - 1) of every feature over many texts of many hands. */
export interface Scale {
  readonly mean: readonly number[]
  readonly sd: readonly number[] // 0: the feature is not used
}

/** A feature that is seen less often than this, per word, is noise at 500 words. */
const rarest = 0.0003
/** One odd word must not carry a whole text. */
const largest = 3

export const scaleOf = (texts: readonly Counts[]): Scale => {
  const rows = texts.map(ratesOf)
  const mean = columns(rows, (column) => column.reduce((sum, value) => sum + value, 0) / column.length)
  const sd = columns(rows, (column, at) => {
    const spread = column.reduce((sum, value) => sum + (value - mean[at]!) ** 2, 0)
    return mean[at]! < rarest ? 0 : Math.sqrt(spread / Math.max(1, column.length - 1))
  })
  return { mean, sd }
}

const columns = (rows: readonly number[][], of: (column: number[], at: number) => number): number[] =>
  (rows[0] ?? []).map((_, at) =>
    of(
      rows.map((row) => row[at]!),
      at,
    ),
  )

export const zOf = (counts: Counts, { mean, sd }: Scale): number[] =>
  ratesOf(counts).map((rate, at) => {
    const spread = sd[at]!
    return spread === 0 ? 0 : Math.max(-largest, Math.min(largest, (rate - mean[at]!) / spread))
  })

export const cosineDistance = (a: readonly number[], b: readonly number[]): number => {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, at) => sum + value * y[at]!, 0)
  const lengths = Math.sqrt(dot(a, a) * dot(b, b))
  return lengths === 0 ? 1 : 1 - dot(a, b) / lengths
}

export const distance = (a: Counts, b: Counts, scale: Scale): number => cosineDistance(zOf(a, scale), zOf(b, scale))

export interface Distance {
  readonly distance: number
  readonly low: number // 95 %, by piece
  readonly high: number
}

/**
 * The distance of two bodies of text with its interval: the two-sample jackknife, a piece left out at a time. Bootstrapping
 * would pull the distance up, since a drawn pool repeats pieces and is noisier than the real one.
 * @param a, b the counts of each body's pieces; without two pieces on a side there is no interval and the bounds are 0 and 2
 */
export const distanceWithInterval = (a: readonly Counts[], b: readonly Counts[], scale: Scale): Distance => {
  const [all, other] = [sumOf(a), sumOf(b)]
  const estimate = distance(all, other, scale)
  if (a.length < 2 || b.length < 2) return { distance: estimate, low: 0, high: 2 }
  const variance =
    jackknife(a.map((one) => distance(without(all, one), other, scale))) +
    jackknife(b.map((one) => distance(all, without(other, one), scale)))
  const half = jStat.studentt.inv(0.975, Math.min(a.length, b.length) - 1) * Math.sqrt(variance)
  return { distance: estimate, low: Math.max(0, estimate - half), high: Math.min(2, estimate + half) }
}

const jackknife = (left: readonly number[]): number => {
  const mean = left.reduce((sum, value) => sum + value, 0) / left.length
  return ((left.length - 1) / left.length) * left.reduce((sum, value) => sum + (value - mean) ** 2, 0)
}
