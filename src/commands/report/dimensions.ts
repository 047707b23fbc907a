import { type EvaluationRow, matches } from '../../core/evaluation.ts'
import { wilson } from '../../core/stats.ts'
import type { Collected } from './collect.ts'
import type { FailureReport, FailureRow } from './model.ts'
import { type Cell, noData } from './text.ts'

/** Values of one dimension that the report shows, those with the most failures first. */
const mostValues = 12
const mostKinds = 12

/** Dev items with at least one failed criterion, by tag: the untouched student beside the best one. */
export const failuresByDimension = ({ rounds, dev }: Collected): FailureReport | null => {
  const last = rounds.at(-1)
  if (!last || last.round === 0) return null
  const after = last.best > 0 ? last.best : last.round
  const [was, now] = [scored(dev.get(0)), scored(dev.get(after))]
  if (was.length === 0 || now.length === 0) return null
  return {
    after,
    dimensions: dimensionsOf(was).map((name) => dimension(name, was, now)),
    kinds: kindsOf(was, now),
    items: { before: was.length, after: now.length },
  }
}

const scored = (rows: readonly EvaluationRow[] | undefined) =>
  (rows ?? []).filter(
    ({ error, grade }) => !error && Object.values(grade.criteria).some(({ status }) => isJudged(status)),
  )

const isJudged = (status: string) => status === 'pass' || status === 'warn' || status === 'fail'

/** A WARN is no failure. */
export const hasFailed = ({ grade }: EvaluationRow): boolean =>
  Object.values(grade.criteria).some(({ status }) => status === 'fail')

const dimensionsOf = (rows: readonly EvaluationRow[]) => [
  ...new Set(rows.flatMap(({ item }) => Object.keys(item.tags))),
]

const dimension = (name: string, was: readonly EvaluationRow[], now: readonly EvaluationRow[]) => {
  const values = [...new Set(was.flatMap(({ item }) => item.tags[name] ?? []))].map(
    (value): FailureRow => ({ value, before: failing(was, name, value), after: failing(now, name, value) }),
  )
  values.sort(
    (a, b) => (b.before.passes ?? 0) - (a.before.passes ?? 0) || (b.after.passes ?? 0) - (a.after.passes ?? 0),
  )
  return { name, values: values.slice(0, mostValues), more: Math.max(0, values.length - mostValues) }
}

/** Share of failing items; `passes` counts those that fail. */
const failing = (rows: readonly EvaluationRow[], name: string, value: string): Cell => {
  const own = rows.filter(({ item }) => matches(item, { [name]: [value] }))
  if (own.length === 0) return noData
  const failed = own.filter(hasFailed).length
  const bounds = wilson(failed, own.length)
  return {
    rate: failed / own.length,
    low: bounds?.low ?? null,
    high: bounds?.high ?? null,
    passes: failed,
    n: own.length,
  }
}

const kindsOf = (was: readonly EvaluationRow[], now: readonly EvaluationRow[]) => {
  const [before, after] = [tally(was), tally(now)]
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => ({ name, before: before.get(name) ?? 0, after: after.get(name) ?? 0 }))
    .sort((a, b) => b.before + b.after - (a.before + a.after))
    .slice(0, mostKinds)
}

const tally = (rows: readonly EvaluationRow[]) => {
  const counts = new Map<string, number>()
  for (const { grade } of rows) for (const tag of new Set(grade.failures)) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return counts
}
