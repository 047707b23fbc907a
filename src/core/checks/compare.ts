import { canonical } from '../canonical.ts'
import { excerpt } from '../excerpt.ts'

/** What a check found: a score from 0 to 1 with its reason, never a number alone. */
export interface Judged {
  readonly score: number
  readonly reason: string
}

const longestShown = 80
const shown = (value: unknown): string => excerpt(JSON.stringify(value) ?? 'nothing', longestShown)

/** The same JSON, whatever the order of keys. Text is compared without the white space around it. */
export const checkEquals = (actual: unknown, expected: unknown): Judged => {
  return same(trimmed(actual), trimmed(expected)) ? { score: 1, reason: 'as expected' } : differing(actual, expected)
}

/** A value that is not there is not null. */
const same = (a: unknown, b: unknown) => (a === undefined) === (b === undefined) && canonical(a) === canonical(b)
const trimmed = (value: unknown) => (typeof value === 'string' ? value.trim() : value)

const differing = (actual: unknown, expected: unknown): Judged => {
  const difference = firstDifference(actual, expected, '')
  return { score: 0, reason: difference ?? `expected ${shown(expected)}, got ${shown(actual)}` }
}

/** The first place where two records differ, told by its key. */
const firstDifference = (actual: unknown, expected: unknown, path: string): string | undefined => {
  if (same(actual, expected)) return undefined
  if (!isRecord(actual) || !isRecord(expected))
    return path === '' ? undefined : `${path}: expected ${shown(expected)}, got ${shown(actual)}`
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const found = firstDifference(own(actual, key), own(expected, key), path === '' ? key : `${path}.${key}`)
    if (found) return found
  }
  return undefined
}

const own = (value: Record<string, unknown>, key: string) => (Object.hasOwn(value, key) ? value[key] : undefined)
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A number that is at most `within` away: an amount, or with `relative` a share of the expected one. */
export const checkNumber = (
  actual: unknown,
  expected: unknown,
  { within = 0, relative = false }: { readonly within?: number; readonly relative?: boolean } = {},
): Judged => {
  const [got, wanted] = [asNumber(actual), asNumber(expected)]
  if (got === undefined) return { score: 0, reason: `${shown(actual)} is no number` }
  if (wanted === undefined) return { score: 0, reason: `the expected ${shown(expected)} is no number` }
  // decimal fractions are not exact in binary: 0.3 is 0.1 + 0.2
  const allowed = (relative ? Math.abs(wanted) * within : within) + Number.EPSILON * 4 * Math.abs(wanted)
  const off = Math.abs(got - wanted)
  return off <= allowed
    ? { score: 1, reason: `${got} is near enough to ${wanted}` }
    : { score: 0, reason: `expected ${wanted}, got ${got}` }
}

const asNumber = (value: unknown): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value)) return undefined
  return Number(value)
}

/** The same entries as often, in any order. The score is the F1 of the two lists. */
export const checkSet = (actual: unknown, expected: unknown): Judged => {
  const lists = asLists(actual, expected)
  if ('score' in lists) return lists
  const [got, wanted] = [lists.actual.map(canonical), lists.expected.map(canonical)]
  const left = [...wanted]
  const extra = got.filter((entry) => {
    const at = left.indexOf(entry)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  if (left.length === 0 && extra.length === 0) return { score: 1, reason: 'the same entries' }
  const score = (2 * (got.length - extra.length)) / (got.length + wanted.length)
  const missing = left.length > 0 ? `lacks ${excerpt(left.join(', '), longestShown)}` : ''
  const surplus = extra.length > 0 ? `has ${excerpt(extra.join(', '), longestShown)} too many` : ''
  return { score: Math.min(score, 0.99), reason: [missing, surplus].filter(Boolean).join(' and ') }
}

/** The same entries in the same order. The score is the longest common run in order, as a share of the longer list. */
export const checkOrder = (actual: unknown, expected: unknown): Judged => {
  const lists = asLists(actual, expected)
  if ('score' in lists) return lists
  const [got, wanted] = [lists.actual.map(canonical), lists.expected.map(canonical)]
  const longer = Math.max(got.length, wanted.length)
  const common = longestCommon(got, wanted)
  if (common === longer) return { score: 1, reason: 'the same entries in the same order' }
  const same = checkSet(lists.actual, lists.expected).score === 1
  const reason = same
    ? 'the entries are right but in another order'
    : `expected ${shown(expected)}, got ${shown(actual)}`
  return { score: common / longer, reason }
}

/** Lists beyond this are no answer, and comparing them in order takes the square of their length. */
const longestList = 500

const asLists = (actual: unknown, expected: unknown): Judged | { actual: unknown[]; expected: unknown[] } => {
  if (!Array.isArray(actual)) return { score: 0, reason: `${shown(actual)} is no list` }
  if (!Array.isArray(expected)) return { score: 0, reason: `the expected ${shown(expected)} is no list` }
  if (actual.length > longestList) return { score: 0, reason: `a list of ${actual.length} entries` }
  return { actual, expected }
}

/** Length of the longest common subsequence. */
const longestCommon = (a: readonly string[], b: readonly string[]): number => {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const left of a) {
    const next = [0]
    for (const [at, right] of b.entries())
      next.push(left === right ? (row[at] ?? 0) + 1 : Math.max(row[at + 1] ?? 0, next[at] ?? 0))
    row = next
  }
  return row.at(-1) ?? 0
}
