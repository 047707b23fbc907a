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
