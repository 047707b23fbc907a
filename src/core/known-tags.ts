import type { Tags } from './contract.ts'
import { WhetError } from './errors.ts'
import { unknownName } from './nearest.ts'

/**
 * Whether a spec asks only for what a skill counts by.
 * @throws {WhetError} unknown-tag (exit 2) naming what there is
 */
export const requireKnownTags = (where: Tags, dimensions: Readonly<Record<string, readonly string[]>>): void => {
  for (const [dimension, values] of Object.entries(where)) {
    const known = Object.hasOwn(dimensions, dimension) ? dimensions[dimension] : undefined
    if (!known) throw unknownTag(unknownName('dimension', dimension, Object.keys(dimensions)), dimension)
    for (const value of values)
      if (!known.includes(value)) throw unknownTag(unknownName(dimension, value, known), dimension)
  }
}

const unknownTag = (message: string, dimension: string) =>
  new WhetError({ code: 'unknown-tag', message, fixedBy: 'config', exit: 2, data: { dimension } })
