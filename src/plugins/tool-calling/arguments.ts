import { parseTemplate, render, type SlotValues, slotsOf } from '../../skill.ts'
import { isObject, type Schema } from './schema.ts'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** An argument of a pack, taken apart once: what slots it names and how to fill it in. */
export interface ArgumentPattern {
  readonly slots: readonly string[]
  /** The value, or undefined where the request mentions none of its slots. */
  fill(values: SlotValues): Json | undefined
}

/** @throws {Error} a broken template inside the pattern */
export const argumentPattern = (pattern: unknown, schema: Schema | undefined): ArgumentPattern => {
  if (typeof pattern === 'string') return textPattern(pattern, schema)
  if (Array.isArray(pattern)) return listPattern(pattern, schema)
  if (isObject(pattern)) return objectPattern(pattern, schema)
  return { slots: [], fill: () => pattern as Json }
}

const noChoice = () => 0

const textPattern = (pattern: string, schema: Schema | undefined): ArgumentPattern => {
  const pieces = parseTemplate(pattern)
  const slots = slotsOf(pieces)
  const type = schema?.type
  return {
    slots,
    fill: (values) => {
      if (slots.some((slot) => values[slot] === undefined)) return undefined
      const text = render(pieces, values, noChoice)
      if (type === 'number' || type === 'integer') return Number(text)
      return type === 'boolean' ? text === 'true' : text
    },
  }
}

const listPattern = (pattern: readonly unknown[], schema: Schema | undefined): ArgumentPattern => {
  const entries = pattern.map((entry) => argumentPattern(entry, schema?.items))
  return {
    slots: [...new Set(entries.flatMap(({ slots }) => slots))],
    fill: (values) => {
      const list = entries.map((entry) => entry.fill(values)).filter((entry) => entry !== undefined)
      return list.length === 0 && entries.length > 0 ? undefined : list
    },
  }
}

const objectPattern = (pattern: Record<string, unknown>, schema: Schema | undefined): ArgumentPattern => {
  const fields = Object.entries(pattern).map(
    ([name, value]) => [name, argumentPattern(value, schema?.properties?.[name])] as const,
  )
  return {
    slots: [...new Set(fields.flatMap(([, { slots }]) => slots))],
    fill: (values) => {
      const filled = fields.flatMap(([name, field]) => {
        const value = field.fill(values)
        return value === undefined ? [] : [[name, value] as const]
      })
      return filled.length === 0 && fields.length > 0 ? undefined : Object.fromEntries(filled)
    },
  }
}
