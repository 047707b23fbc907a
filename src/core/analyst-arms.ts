/** The two arms that only an experiment needs: one without any analyst's cunning, one with all of it and the wrong data. */
import type { Dimensions, SpecPart } from './contract.ts'
import type { EvaluationRow } from './evaluation.ts'
import type { FailureReport } from './failures.ts'
import { mulberry32, shuffle } from './random.ts'

/** Rows in proportion to how many items of a tag fail the criterion: no intervals, no hypotheses, no model. */
export const errorWeighted = ({
  report,
  dimensions,
  criterion,
  rows,
  maxShare,
}: {
  readonly report: FailureReport
  readonly dimensions: Dimensions
  readonly criterion: string
  readonly rows: number
  readonly maxShare: number
}): SpecPart[] => {
  const cells = report.cells.filter(
    (cell) => cell.criterion === criterion && cell.n > cell.passes && isDeclared(cell.where, dimensions),
  )
  const errors = cells.reduce((sum, { n, passes }) => sum + n - passes, 0)
  return cells
    .map(({ where, n, passes }) => ({ where, rows: Math.floor(rows * Math.min(maxShare, (n - passes) / errors)) }))
    .filter((part) => part.rows > 0)
}

const isDeclared = (where: SpecPart['where'], dimensions: Dimensions): boolean =>
  Object.entries(where).every(([name, values]) => values.every((value) => dimensions[name]?.includes(value)))

/**
 * The same rows with their tags and families dealt out anew, no row keeping its own: an analyst that reads them works as
 * hard and aims at nothing.
 */
export const withShuffledTags = (rows: readonly EvaluationRow[], seed: number): EvaluationRow[] => {
  const order = shuffle(
    mulberry32(seed),
    rows.map((_, at) => at),
  )
  const dealt = [...rows]
  for (const [place, at] of order.entries()) {
    const from = rows[order[(place + 1) % order.length]!]!.item
    const row = rows[at]!
    dealt[at] = { ...row, item: { ...row.item, tags: from.tags, family: from.family } }
  }
  return dealt
}
