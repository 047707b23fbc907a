import type { Dimensions } from '../../skill.ts'
import type { Definition } from './definition.ts'
import { dimensionSlots, sourceOf } from './source.ts'

/** All tags that an item can carry: the labels of its phrases, or what its column holds. */
export const dimensionsOf = ({ content, rows, columns }: Definition): Dimensions =>
  Object.fromEntries(
    Object.entries(dimensionSlots(content)).map(([dimension, slot]) => {
      const source = sourceOf(slot, content, columns)
      if (source?.kind === 'phrases') return [dimension, Object.keys(content.phrases[source.name] ?? {})]
      const values = rows
        .map((row) => row[source?.name ?? slot])
        .filter((value) => value !== undefined && value !== null)
      return [dimension, [...new Set(values.map(String))]]
    }),
  )
