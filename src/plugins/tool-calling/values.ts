import { type Piece, parseTemplate, type Split, splitOf } from '../../skill.ts'
import type { Pack } from './pack-schema.ts'

/** Draws the values of one pack for one split: each atom of a pool belongs to exactly one split, unless the pool is shared. */
export interface ValueSource {
  /** A value of this kind that is none of `taken`, where one is left. */
  draw(value: string, random: () => number, taken: ReadonlySet<string>): string
}

/** The same words in two pools belong to the same split: what training shows in one role, an evaluation shows in none. */
export const valueSplit = (value: string): Split => splitOf(`slot:${value}`)

export const valueSource = (pack: Pack, split: Split, heldOut: boolean): ValueSource => {
  const fits = (value: string) => (heldOut ? valueSplit(value) !== 'train' : valueSplit(value) === split)
  const pools = new Map(
    Object.entries(pack.pools).map(([name, { shared, values }]) => [name, shared ? values : values.filter(fits)]),
  )
  const patterns = new Map(valueNames(pack).map((name) => [name, patternsOf(pack, name).map(parseTemplate)]))
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
export const valueNames = ({ values, pools }: Pack): string[] => [
  ...new Set([...Object.keys(values), ...Object.keys(pools)]),
]

export const patternsOf = ({ values }: Pack, name: string): readonly string[] =>
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
