import type { Criterion, Dimensions, Pooled, Tags, Target } from './contract.ts'
import { type GradedRow, matches, outcomeOf } from './evaluation.ts'
import { clustered, familyWilson, type Interval } from './stats.ts'

/** A share of rows. Without rows (`n` 0) it has no rate: print "no data". */
export interface Rate {
  readonly passes: number
  readonly n: number // rows that the criterion applies to and that could be judged
  readonly rate?: number // 0..1
  readonly interval?: Interval // 95 %, by family
}

/** What a target is about, and how far it is met. */
export interface MeasuredRate extends Rate {
  readonly of: string
  readonly measure: Target['measure']
  readonly where?: Tags
  readonly status: 'pass' | 'warn' | 'fail' | 'no-data' // of the measured rate itself; the interval is for people
  readonly target: { readonly pass: number; readonly warn: number }
  readonly unscored: number // rows that could not be judged: in no rate
}

/** The rate of one criterion among the items that have one tag. */
export interface TagRate extends Rate {
  readonly criterion: string
  readonly where: Tags // one dimension, one value
}

/** Counts passes by family, since rows of one family resemble each other and intervals must know it. */
export class Tally {
  readonly #families = new Map<string, { passes: number; n: number }>()
  passes = 0
  n = 0

  add(family: string, pass: boolean): void {
    let counts = this.#families.get(family)
    if (!counts) {
      counts = { passes: 0, n: 0 }
      this.#families.set(family, counts)
    }
    counts.n += 1
    this.n += 1
    if (!pass) return
    counts.passes += 1
    this.passes += 1
  }

  get families(): number {
    return this.#families.size
  }

  rate(): Rate {
    const { passes, n } = this
    if (n === 0) return { passes, n }
    return { passes, n, rate: passes / n, interval: familyWilson([...this.#families.values()]) }
  }

  /** The same of the failures: their share and its interval. */
  failureInterval(): Interval | undefined {
    const interval = this.rate().interval
    return interval && { low: 1 - interval.high, high: 1 - interval.low }
  }
}

/** Each target's measure over the rows it is about. `pooled` holds the plugin's pooled measures of the same rows. */
export const measure = (
  rows: readonly GradedRow[],
  targets: readonly Target[],
  pooled: Readonly<Record<string, Pooled>> = {},
): MeasuredRate[] =>
  targets.map((target) => {
    const { unscored, ...rate } =
      target.measure === 'pooled' ? pooledRate(pooled[target.of]) : rowRate(rows, target, target.measure)
    const { of, where, pass, warn } = target
    return {
      of,
      measure: target.measure,
      ...(where && { where }),
      ...rate,
      status: statusOf(rate.rate, target),
      target: { pass, warn },
      unscored,
    }
  })

export const statusOf = (rate: number | undefined, { pass, warn }: Pick<Target, 'pass' | 'warn'>) => {
  if (rate === undefined) return 'no-data'
  if (rate >= pass) return 'pass'
  return rate >= warn ? 'warn' : 'fail'
}

const pooledRate = (pooled: Pooled | undefined): Rate & { unscored: number } =>
  pooled && pooled.n > 0
    ? { passes: 0, n: pooled.n, rate: pooled.value, unscored: 0 }
    : { passes: 0, n: 0, unscored: 0 }

const rowRate = (rows: readonly GradedRow[], { of, where }: Target, kind: 'pass-rate' | 'mean-score') => {
  const tally = new Tally()
  const scores: { family: string; difference: number }[] = []
  let unscored = 0
  for (const row of rows) {
    if (!matches(row.item, where)) continue
    const outcome = outcomeOf(row, of)
    if (outcome === 'unscored') unscored += 1
    if (typeof outcome === 'string') continue
    tally.add(row.item.family, outcome.pass)
    scores.push({ family: row.item.family, difference: outcome.score })
  }
  if (kind === 'pass-rate' || scores.length === 0) return { ...tally.rate(), unscored }
  return { passes: tally.passes, n: tally.n, ...meanOf(scores), unscored }
}

const meanOf = (scores: readonly { family: string; difference: number }[]) => {
  const mean = clustered(scores)
  if (!mean) return { rate: scores.reduce((sum, { difference }) => sum + difference, 0) / scores.length }
  return { rate: mean.difference, interval: { low: Math.max(0, mean.low), high: Math.min(1, mean.high) } }
}

/** The pass rate of every criterion among the items of every declared tag that has judged rows, in declared order. */
export const ratesByTag = (
  rows: readonly GradedRow[],
  dimensions: Dimensions,
  criteria: readonly Pick<Criterion, 'name'>[],
): TagRate[] => {
  const cells = criteria.map(({ name }) => ({ name, tallies: talliesByTag(rows, dimensions, name) }))
  return cells.flatMap(({ name, tallies }) =>
    [...tallies]
      .filter(([, tally]) => tally.n > 0)
      .map(([{ dimension, value }, tally]) => ({ criterion: name, where: { [dimension]: [value] }, ...tally.rate() })),
  )
}

interface Tag {
  readonly dimension: string
  readonly value: string
}

const talliesByTag = (rows: readonly GradedRow[], dimensions: Dimensions, criterion: string): Map<Tag, Tally> => {
  const tallies = new Map<Tag, Tally>()
  const index = new Map<string, Map<string, Tally>>()
  for (const [dimension, values] of Object.entries(dimensions)) {
    const byValue = new Map(values.map((value) => [value, new Tally()]))
    index.set(dimension, byValue)
    for (const [value, tally] of byValue) tallies.set({ dimension, value }, tally)
  }
  for (const row of rows) {
    const outcome = outcomeOf(row, criterion)
    if (typeof outcome === 'string') continue
    for (const [dimension, values] of Object.entries(row.item.tags))
      for (const value of new Set(values)) index.get(dimension)?.get(value)?.add(row.item.family, outcome.pass)
  }
  return tallies
}
