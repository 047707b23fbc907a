import { createHash } from 'node:crypto'
import type { Split } from './contract.ts'

/**
 * The split that a key belongs to, for ever and on every machine: 60 % train, 15 % dev, 15 % gate, 10 % sealed.
 * Keys are families (`family:<name>`) and slot values (`slot:<pool>:<value>`), never single rows, so that an evaluation
 * item shares no template and no slot value with training (facts/evaluation.md 2.1).
 */
export const splitOf = (key: string): Split => {
  const u = position(key)
  if (u < 0.6) return 'train'
  if (u < 0.75) return 'dev'
  return u < 0.9 ? 'gate' : 'sealed'
}

/** Where a key lies in [0, 1): the first 8 hex digits of its hash. */
export const position = (key: string): number =>
  createHash('sha256').update(`whetstone-split-v1|${key}`).digest().readUInt32BE(0) / 2 ** 32

const splits: readonly Split[] = ['train', 'dev', 'gate', 'sealed']

/**
 * The values of one pool by split. Each keeps the split that its hash gives it; a split that would get nothing takes the
 * nearest value of the largest one, so that a pool of four serves all four.
 * @param keyOf what is hashed: `slot:<value>` for values, `family:<name>` for wordings
 */
export const splitPool = <T>(
  values: readonly T[],
  keyOf: (value: T) => string,
): Readonly<Record<Split, readonly T[]>> => {
  const pools: Record<Split, T[]> = { train: [], dev: [], gate: [], sealed: [] }
  for (const value of values) pools[splitOf(keyOf(value))].push(value)
  for (const split of splits) {
    if (pools[split].length > 0) continue
    const from = [...splits].sort((a, b) => pools[b].length - pools[a].length)[0] ?? 'train'
    if (pools[from].length < 2) continue
    const last = [...pools[from]].sort((a, b) => position(keyOf(b)) - position(keyOf(a)))[0] as T
    pools[from].splice(pools[from].indexOf(last), 1)
    pools[split].push(last)
  }
  return pools
}
