import { createHash } from 'node:crypto'
import { WhetError } from './errors.ts'

/** A source of uniform numbers in [0, 1). */
export type Random = () => number

/** mulberry32: seedable, alike on every platform (facts/evaluation.md 1.1). The seed is taken modulo 2³². */
export const mulberry32 = (seed: number): Random => {
  let a = seed | 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A seed (0 to 2^32 - 1) that belongs to what it is made from: ('a', 'b') and ('ab') differ, and so do 1 and '1'. */
export const seedFrom = (...parts: readonly (string | number)[]): number =>
  createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32BE(0)

/** @throws WhetError `nothing-to-pick` from an empty list */
export const pick = <T>(random: Random, values: readonly T[]): T => {
  if (values.length === 0)
    throw new WhetError({
      code: 'nothing-to-pick',
      message: 'A value was to be picked from an empty list. Give the pool at least one value for this split.',
      fixedBy: 'plugin',
    })
  return values[Math.floor(random() * values.length)] as T
}

/** A new array in random order (Fisher–Yates). */
export const shuffle = <T>(random: Random, values: readonly T[]): T[] => sample(random, values, values.length)

/** `n` different places of `values` in random order; all of them where there are fewer. */
export const sample = <T>(random: Random, values: readonly T[], n: number): T[] => {
  const left = [...values]
  const wanted = Math.max(0, Math.min(n, left.length))
  for (let at = 0; at < wanted; at += 1) {
    const from = at + Math.floor(random() * (left.length - at))
    const value = left[from] as T
    left[from] = left[at] as T
    left[at] = value
  }
  return left.slice(0, wanted)
}
