import type { Criterion, Dimensions, ItemBase, Tags, Transcript } from './contract.ts'
import { type EvaluationRow, type Outcome, outcomeOf } from './evaluation.ts'
import { excerpt, replyOf, requestOf } from './excerpt.ts'
import { type Rate, Tally } from './rates.ts'

export type { TagRate } from './rates.ts'

/** What a hypothesis needs to stand on: that many failing items, from that many families (facts 4.3). */
export const leastEvidence = { items: 5, families: 3 } as const

const examplesPerCell = 5
const mostExamples = 60
const mostPairs = 200
const longestReason = 300

/** How one criterion fared among the items of one tag (`cells`), of two (`pairs`) or of all (`overall`). */
export interface FailureCell extends Rate {
  readonly where: Tags
  readonly criterion: string
  readonly rows: number // items with these tags, judged on the criterion or not
  readonly failures: Readonly<Record<string, number>> // the plugin's failure tags among the failing rows
}

/** An item that failed at least one criterion, without any text. */
export interface FailingItem {
  readonly id: string
  readonly family: string
  readonly tags: Tags // declared dimensions and values only
  readonly criteria: readonly string[] // those that it failed
  readonly failures: readonly string[]
}

/** A failing row for people to read. Its texts are data of others: capped, and stripped of what is not seen. */
export interface FailureExample {
  readonly id: string
  readonly tags: Tags
  readonly criteria: readonly string[]
  readonly failures: readonly string[]
  readonly request: string
  readonly reply: string
  readonly gold?: string
  readonly reasons: readonly string[]
}

/** `failures.json`. Everything but `examples` is counted by code from grades and tags, never read out of a text. */
export interface FailureReport {
  readonly rows: number
  readonly outcomes: Readonly<Record<RowOutcome, number>>
  readonly overall: readonly FailureCell[] // one a criterion
  readonly cells: readonly FailureCell[] // one a criterion and tag
  readonly pairs: readonly FailureCell[] // two dimensions, only where the evidence carries a hypothesis
  readonly failing: readonly FailingItem[]
  readonly examples: readonly FailureExample[]
}

/** A row counts once: as the worst that it holds. `error` is infrastructure, `ungraded` a judge that failed. */
export type RowOutcome = 'pass' | 'warn' | 'fail' | 'ungraded' | 'error'

/**
 * Counts what failed by tag. Only rows of the dev split belong in here: the report names items and shows their texts.
 *
 * @param dimensions the tags that count; others are left out, since no spec may name them
 * @param gold the ideal transcript of an item, where an example is to show it
 */
export const failureReport = (
  rows: readonly EvaluationRow[],
  dimensions: Dimensions,
  criteria: readonly Pick<Criterion, 'name'>[],
  { gold }: { readonly gold?: (item: ItemBase) => Transcript | undefined } = {},
): FailureReport => {
  const names = criteria.map(({ name }) => name)
  const judged = rows.map((row) => ({ row, tags: declaredTags(row.item, dimensions), failed: failedOf(row, names) }))
  const failing = judged.filter(({ failed }) => failed.length > 0)
  const pairs = cellsOf(judged, names, (tags) => pairsOf(singles(tags)))
    .filter(({ evidence }) => evidence.items >= leastEvidence.items && evidence.families >= leastEvidence.families)
    .sort((a, b) => b.evidence.items - a.evidence.items)
  return {
    rows: rows.length,
    outcomes: outcomesOf(rows, names),
    overall: cellsOf(judged, names, () => [{}]).map(({ cell }) => cell),
    cells: inOrder(
      cellsOf(judged, names, singles).map(({ cell }) => cell),
      dimensions,
    ),
    pairs: pairs.slice(0, mostPairs).map(({ cell }) => cell),
    failing: failing.map(({ row: { item, grade }, tags, failed }) => ({
      id: item.id,
      family: item.family,
      tags,
      criteria: failed,
      failures: grade.failures,
    })),
    examples: examplesOf(failing, gold),
  }
}

interface Judged {
  readonly row: EvaluationRow
  readonly tags: Tags
  readonly failed: readonly string[]
}

const declaredTags = ({ tags }: ItemBase, dimensions: Dimensions): Tags =>
  Object.fromEntries(
    Object.entries(dimensions)
      .map(([dimension, allowed]) => {
        const own = Object.hasOwn(tags, dimension) ? (tags[dimension] ?? []) : []
        return [dimension, [...new Set(own)].filter((value) => allowed.includes(value))] as const
      })
      .filter(([, values]) => values.length > 0),
  )

const failedOf = (row: EvaluationRow, criteria: readonly string[]): string[] =>
  criteria.filter((criterion) => {
    const outcome = outcomeOf(row, criterion)
    return typeof outcome !== 'string' && !outcome.pass
  })

const outcomesOf = (rows: readonly EvaluationRow[], criteria: readonly string[]): Record<RowOutcome, number> => {
  const counts = { pass: 0, warn: 0, fail: 0, ungraded: 0, error: 0 }
  for (const row of rows) counts[rowOutcome(row, criteria)] += 1
  return counts
}

const rowOutcome = ({ grade, error }: EvaluationRow, criteria: readonly string[]): RowOutcome => {
  if (error) return 'error'
  const statuses = criteria.map((name) => grade.criteria[name]?.status ?? 'ungraded')
  return (['fail', 'warn', 'ungraded'] as const).find((status) => statuses.includes(status)) ?? 'pass'
}

const singles = (tags: Tags): Tags[] =>
  Object.entries(tags).flatMap(([dimension, values]) => values.map((value) => ({ [dimension]: [value] })))

const pairsOf = (tags: readonly Tags[]): Tags[] =>
  tags.flatMap((first, at) =>
    tags
      .slice(at + 1)
      .filter((second) => Object.keys(first)[0] !== Object.keys(second)[0])
      .map((second) => ({ ...first, ...second })),
  )

interface Count {
  readonly where: Tags
  readonly criterion: string
  readonly tally: Tally
  rows: number
  readonly failedFamilies: Set<string>
  readonly failures: Map<string, number>
}

const cellsOf = (judged: readonly Judged[], criteria: readonly string[], groups: (tags: Tags) => readonly Tags[]) => {
  const counts = new Map<string, Count[]>() // by tags, one a criterion
  for (const entry of judged) {
    const outcomes = criteria.map((criterion) => outcomeOf(entry.row, criterion))
    for (const where of groups(entry.tags)) {
      const key = JSON.stringify(where)
      const found = counts.get(key) ?? criteria.map((criterion) => emptyCount(where, criterion))
      counts.set(key, found)
      for (const [at, count] of found.entries()) countIn(count, outcomes[at]!, entry.row)
    }
  }
  return [...counts.values()]
    .flat()
    .filter(({ tally }) => tally.n > 0)
    .map(cellOf)
}

const emptyCount = (where: Tags, criterion: string): Count => ({
  where,
  criterion,
  tally: new Tally(),
  rows: 0,
  failedFamilies: new Set(),
  failures: new Map(),
})

const countIn = (count: Count, outcome: Outcome, { item, grade }: EvaluationRow) => {
  count.rows += 1
  if (typeof outcome === 'string') return
  count.tally.add(item.family, outcome.pass)
  if (outcome.pass) return
  count.failedFamilies.add(item.family)
  for (const tag of new Set(grade.failures)) count.failures.set(tag, (count.failures.get(tag) ?? 0) + 1)
}

const cellOf = ({ where, criterion, tally, rows, failedFamilies, failures }: Count) => ({
  cell: { where, criterion, rows, ...tally.rate(), failures: Object.fromEntries(failures) } satisfies FailureCell,
  evidence: { items: tally.n - tally.passes, families: failedFamilies.size },
})

/** Cells in the order in which the plugin declares its tags, whatever row came first. */
const inOrder = (cells: readonly FailureCell[], dimensions: Dimensions): FailureCell[] => {
  const places = new Map<string, number>()
  for (const [dimension, values] of Object.entries(dimensions))
    for (const value of values) places.set(JSON.stringify({ [dimension]: [value] }), places.size)
  const placeOf = ({ where }: FailureCell) => places.get(JSON.stringify(where)) ?? places.size
  return [...cells].sort((a, b) => placeOf(a) - placeOf(b))
}

/** At most so many rows of a cell, families in turn, so that one template does not fill the page. */
const examplesOf = (
  failing: readonly Judged[],
  gold?: (item: ItemBase) => Transcript | undefined,
): FailureExample[] => {
  const shown = new Map<string, number>()
  const examples: FailureExample[] = []
  for (const entry of inTurn(failing)) {
    if (examples.length >= mostExamples) break
    const cells = singles(entry.tags).flatMap((where) => entry.failed.map((name) => `${JSON.stringify(where)} ${name}`))
    if (cells.length > 0 && cells.every((cell) => (shown.get(cell) ?? 0) >= examplesPerCell)) continue
    for (const cell of cells) shown.set(cell, (shown.get(cell) ?? 0) + 1)
    examples.push(exampleOf(entry, gold?.(entry.row.item)))
  }
  return examples
}

const inTurn = (failing: readonly Judged[]): Judged[] => {
  const seen = new Map<string, number>()
  const ranked = failing.map((entry) => {
    const rank = seen.get(entry.row.item.family) ?? 0
    seen.set(entry.row.item.family, rank + 1)
    return { entry, rank }
  })
  return ranked.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry)
}

const exampleOf = ({ row, tags, failed }: Judged, gold: Transcript | undefined): FailureExample => ({
  id: row.item.id,
  tags,
  criteria: failed,
  failures: row.grade.failures,
  request: requestOf(row.transcript),
  reply: replyOf(row.transcript),
  ...(gold && { gold: replyOf(gold) }),
  reasons: failed.flatMap((name) => {
    const verdict = row.grade.criteria[name]
    return verdict && 'reason' in verdict ? [excerpt(`${name}: ${verdict.reason}`, longestReason)] : []
  }),
})
