import type { Split } from './contract.ts'
import { splitOf, splitPool } from './splits.ts'
import { type Piece, parseTemplate } from './template.ts'

/** Atoms by pool, and patterns over pools: what the slots of templates can hold. */
export interface Values {
  readonly pools: Readonly<Record<string, { readonly shared: boolean; readonly values: readonly string[] }>>
  readonly values: Readonly<Record<string, readonly string[]>>
}

/** Draws values for one split: each atom of a pool belongs to exactly one split, unless the pool is shared. */
export interface ValueSource {
  /** A value of this kind that is none of `taken`, where one is left. */
  draw(value: string, random: () => number, taken: ReadonlySet<string>): string
}

/** The same words in two pools belong to the same split: what training shows in one role, an evaluation shows in none. */
export const valueSplit = (value: string): Split => splitOf(slotKey(value))

const slotKey = (value: string) => `slot:${value}`

/**
 * The values of one split.
 * @param heldOut nothing is trained with these: all values but those of train serve every split
 */
export const valueSource = (of: Values, split: Split, heldOut = false): ValueSource => {
  const ofSplit = (values: readonly string[]) =>
    heldOut ? values.filter((value) => valueSplit(value) !== 'train') : splitPool(values, slotKey)[split]
  const pools = new Map(
    Object.entries(of.pools).map(([name, { shared, values }]) => [name, shared ? values : ofSplit(values)]),
  )
  const patterns = new Map(valueNames(of).map((name) => [name, patternsOf(of, name).map(parseTemplate)]))
  return {
    draw(value, random, taken) {
      const choices = patterns.get(value) ?? []
      let drawn = ''
      for (let tries = 0; tries < maxTries; tries += 1) {
        drawn = fill(choices[Math.floor(random() * choices.length)] ?? [], pools, random)
        if (!taken.has(drawn)) break
      }
      return drawn
    },
  }
}

/** What a slot can draw: the named values, and a pool by its own name where no value has it. */
export const valueNames = ({ values, pools }: Values): string[] => [
  ...new Set([...Object.keys(values), ...Object.keys(pools)]),
]

/** The patterns that a slot of this name is filled by. */
export const patternsOf = ({ values }: Values, name: string): readonly string[] =>
  Object.hasOwn(values, name) ? (values[name] ?? []) : [`{${name}}`]

const maxTries = 50

/** One pattern filled from the pools; two atoms of one pool differ, so that no path reads `notes/notes`. */
const fill = (
  pieces: readonly Piece[],
  pools: ReadonlyMap<string, readonly string[]>,
  random: () => number,
): string => {
  const used: string[] = []
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else if ('oneOf' in piece) text += piece.oneOf[Math.floor(random() * piece.oneOf.length)]
    else {
      const pool = pools.get(piece.slot) ?? []
      let atom = ''
      for (let tries = 0; tries < maxTries; tries += 1) {
        atom = pool[Math.floor(random() * pool.length)] ?? ''
        if (!used.includes(atom)) break
      }
      used.push(atom)
      text += atom
    }
  }
  return text
}
