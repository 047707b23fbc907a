import { requireKnownTags, type SpecPart, type Split, shuffle, type Tags, WhetError } from '../../skill.ts'
import type { Compiled } from './compiled.ts'
import type { Family } from './family.ts'
import { type Kind, kinds } from './options.ts'

/** Rows of direct and indirect wordings where a spec asks for easy or hard ones; otherwise both alike. */
const styleShares: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  1: { direct: 3, indirect: 1 },
  3: { direct: 1, indirect: 3 },
}

/** The families that make the rows of one spec part, one entry a row, in a shuffled order. */
export interface Planned {
  readonly family: Family
  readonly instead: readonly Family[] // others of the same cell, where this one has nothing new to say
}

/**
 * Spreads a part's rows: over the kinds by their shares, within a kind evenly over the tools, within a tool evenly
 * over direct and indirect wordings, however many of each a pack has, and within those evenly over the families. `where` narrows all of it: an item fits when it carries one of the values of each dimension.
 * A difficulty of 1 or 3 gives three of four rows to direct or to indirect wordings.
 * @throws {WhetError} unknown-tag · no-phrasing when the split has no family that fits
 */
export const planPart = (
  part: SpecPart,
  split: Split,
  { families, dimensions }: Compiled,
  shares: Readonly<Record<Kind, number>>,
  random: () => number,
): Planned[] => {
  requireKnownTags(part.where, dimensions)
  const fitting = families.filter((family) => family.splits.includes(split) && fits(family.tags, part.where))
  if (fitting.length === 0 && part.rows > 0) throw noPhrasing(part.where, split)
  const present = kinds.filter((kind) => shares[kind] > 0 && fitting.some((family) => family.kind === kind))
  // a spec that names a kind gets it, also where its share of the ordinary mix is nothing
  const served = present.length > 0 ? present : kinds.filter((kind) => fitting.some((family) => family.kind === kind))
  const rowsOf = apportion(
    part.rows,
    served.map((kind) => shares[kind] || 1),
    random,
  )
  const planned = served.flatMap((kind, index) =>
    planKind(
      fitting.filter((f) => f.kind === kind),
      rowsOf[index] ?? 0,
      random,
      styleShares[part.difficulty ?? 2],
    ),
  )
  return shuffle(random, planned)
}

export const fits = (tags: Tags, where: Tags): boolean =>
  Object.entries(where).every(([dimension, values]) => values.some((value) => tags[dimension]?.includes(value)))

/** One cell a tool and style; requests with several calls and those that no tool serves are one cell each. */
const planKind = (
  families: readonly Family[],
  rows: number,
  random: () => number,
  shares: Readonly<Record<string, number>> = {},
): Planned[] => {
  const byTool = grouped(families, ({ kind, tags }) =>
    kind === 'call' || kind === 'ask' ? (tags.tool?.[0] ?? '') : kind,
  )
  return spread(byTool, rows, random).flatMap(([ofTool, rowsOfTool]) =>
    spread(
      grouped(ofTool, ({ tags }) => tags.style?.[0] ?? ''),
      rowsOfTool,
      random,
      ([family]) => shares[family?.tags.style?.[0] ?? ''] ?? 1,
    ).flatMap(([cell, rowsOfCell]) => {
      const order = shuffle(random, cell)
      return Array.from({ length: rowsOfCell }, (_, row) => {
        const at = row % order.length
        return { family: order[at] as Family, instead: [...order.slice(at + 1, at + 4), ...order.slice(0, 2)] }
      })
    }),
  )
}

const grouped = (families: readonly Family[], by: (family: Family) => string): Family[][] => {
  const groups = new Map<string, Family[]>()
  for (const family of families) {
    const group = groups.get(by(family))
    if (group) group.push(family)
    else groups.set(by(family), [family])
  }
  return [...groups.values()]
}

const spread = <T>(
  parts: readonly T[],
  rows: number,
  random: () => number,
  weight: (part: T) => number = () => 1,
): (readonly [T, number])[] => {
  const rowsOf = apportion(rows, parts.map(weight), random)
  return parts.map((part, index) => [part, rowsOf[index] ?? 0])
}

/** Whole rows by weight, summing to `rows`; the largest remainders round up, and chance breaks ties. */
export const apportion = (rows: number, weights: readonly number[], random: () => number): number[] => {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (sum === 0) return weights.map(() => 0)
  const exact = weights.map((weight) => (rows * weight) / sum)
  const whole = exact.map(Math.floor)
  const left = rows - whole.reduce((total, n) => total + n, 0)
  const order = shuffle(random, [...exact.keys()]).sort((a, b) => fraction(exact[b]) - fraction(exact[a]))
  for (const index of order.slice(0, left)) whole[index] = (whole[index] ?? 0) + 1
  return whole
}

const fraction = (n = 0) => n - Math.floor(n)

const noPhrasing = (where: Tags, split: Split) =>
  new WhetError({
    code: 'no-phrasing',
    message: `No phrasing of the packs fits ${JSON.stringify(where)} in the split ${split}. Add phrasings of that kind to a pack, or ask for less at once.`,
    fixedBy: 'config',
    data: { where, split },
  })
