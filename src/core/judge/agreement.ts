/** How far two raters agree beyond chance (facts/evaluation.md 1.9). */
import { type Interval, wilson } from '../stats.ts'

export interface Agreement {
  readonly n: number
  readonly raw: number // share of equal labels
  readonly kappa: number // Cohen's, unweighted
  readonly low: number // 95 % of kappa, by its large-sample standard error
  readonly high: number
  readonly ac1: number // Gwet's: steady where one label is much more common
}

/** Counts: `table[i][j]`, the first rater said label i and the second label j. Undefined without rows. */
export const agreementOf = (table: readonly (readonly number[])[]): Agreement | undefined => {
  const n = sum(table.flat())
  if (n === 0) return undefined
  const k = table.length
  const rows = table.map((row) => sum(row) / n)
  const columns = table.map((_, j) => sum(table.map((row) => row[j] ?? 0)) / n)
  const raw = sum(table.map((row, i) => row[i] ?? 0)) / n
  const chance = sum(rows.map((share, i) => share * columns[i]!))
  const kappa = chance === 1 ? 1 : (raw - chance) / (1 - chance)
  const se = chance === 1 ? 0 : standardError(table, { n, rows, columns, raw, chance })
  const mean = rows.map((share, i) => (share + columns[i]!) / 2)
  const chance1 = k > 1 ? sum(mean.map((share) => share * (1 - share))) / (k - 1) : 0
  const ac1 = (raw - chance1) / (1 - chance1)
  return { n, raw, kappa, low: kappa - 1.959964 * se, high: kappa + 1.959964 * se, ac1 }
}

/** Fleiss, Cohen and Everitt 1969. */
const standardError = (
  table: readonly (readonly number[])[],
  { n, rows, columns, raw, chance }: { n: number; rows: number[]; columns: number[]; raw: number; chance: number },
): number => {
  const k = table.length
  let diagonal = 0
  let rest = 0
  for (let i = 0; i < k; i += 1)
    for (let j = 0; j < k; j += 1) {
      const share = (table[i]?.[j] ?? 0) / n
      if (i === j) diagonal += share * (1 - chance - (rows[i]! + columns[i]!) * (1 - raw)) ** 2
      else rest += share * (columns[i]! + rows[j]!) ** 2
    }
  const variance = diagonal + (1 - raw) ** 2 * rest - (raw * chance - 2 * chance + raw) ** 2
  return Math.sqrt(Math.max(0, variance) / n) / (1 - chance) ** 2
}

/** A share with Wilson's interval. */
export const shareOf = (
  count: number,
  n: number,
): ({ readonly share: number; readonly n: number } & Interval) | undefined => {
  const interval = wilson(count, n)
  return interval && { share: count / n, n, ...interval }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
