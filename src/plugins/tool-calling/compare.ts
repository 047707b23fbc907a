import { canonical, type ToolSchema } from '../../skill.ts'
import type { ExpectedArgument, ExpectedCall } from './item.ts'
import { isObject, parametersOf, propertyOf, type Schema } from './schema.ts'

/** One way in which a call is not the expected one. */
export interface Difference {
  readonly tag: 'missing-argument' | 'invented-argument' | 'wrong-type' | 'wrong-value'
  readonly argument: string
  readonly reason: string
}

/** A call as the student made it, its arguments an object. */
export interface ActualCall {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/**
 * What is wrong with the arguments of a call whose tool is right; empty when nothing is.
 * Values are compared as facts 3.1 has it: numbers by value, strings after NFC, trim and collapsed spaces, dates by
 * instant, lists in order unless marked otherwise, an absent argument as its declared default.
 */
export const differences = (expected: ExpectedCall, actual: ActualCall, tool: ToolSchema | undefined): Difference[] => {
  const parameters: Schema = tool ? parametersOf(tool) : {}
  const found: Difference[] = []
  for (const [argument, right] of Object.entries(expected.arguments)) {
    const difference = argumentDifference(argument, right, actual, propertyOf(parameters, argument))
    if (difference) found.push(difference)
  }
  for (const [argument, value] of Object.entries(actual.arguments)) {
    if (Object.hasOwn(expected.arguments, argument)) continue
    const schema = propertyOf(parameters, argument)
    if (schema && isDefault(value, schema)) continue
    const why = schema ? 'the request does not ask for it' : `${actual.name} has no such argument`
    found.push({ tag: 'invented-argument', argument, reason: `argument ${argument}: ${why}, got ${shown(value)}` })
  }
  return found
}

const argumentDifference = (
  argument: string,
  right: ExpectedArgument,
  actual: ActualCall,
  schema: Schema | undefined,
): Difference | undefined => {
  const wanted = shown(right.values[0])
  const given = Object.hasOwn(actual.arguments, argument) ? actual.arguments[argument] : undefined
  const value = given === undefined || (given === null && allowsNull(schema)) ? schema?.default : given
  if (value === undefined) {
    if (right.optional) return undefined
    return { tag: 'missing-argument', argument, reason: `argument ${argument} is missing: expected ${wanted}` }
  }
  if (right.anyWords && given !== undefined && isWorded(value, right.values[0]) && isOfType(value, schema))
    return undefined
  const got = normalised(value, schema, right.anyOrder)
  if (right.values.some((accepted) => normalised(accepted, schema, right.anyOrder) === got)) return undefined
  if (given === undefined) {
    if (right.optional) return undefined
    return { tag: 'missing-argument', argument, reason: `argument ${argument} is missing: expected ${wanted}` }
  }
  const tag = isOfType(value, schema) ? 'wrong-value' : 'wrong-type'
  return { tag, argument, reason: `argument ${argument}: expected ${wanted}, got ${shown(value)}` }
}

/** Text where text was, and every field that the right value has. */
const isWorded = (value: unknown, right: unknown): boolean => {
  if (typeof right === 'string') return typeof value === 'string' && value.trim() !== ''
  if (!isObject(right) || !isObject(value)) return false
  return Object.entries(right).every(([key, entry]) =>
    typeof entry === 'string' && entry !== '' ? isWorded(value[key], entry) : Object.hasOwn(value, key),
  )
}

const isDefault = (value: unknown, schema: Schema): boolean =>
  (value === null && allowsNull(schema)) ||
  (schema.default !== undefined && normalised(value, schema) === normalised(schema.default, schema))

const typesOf = (schema: Schema | undefined): readonly string[] => {
  const type = schema?.type
  return typeof type === 'string' ? [type] : (type ?? [])
}

const allowsNull = (schema: Schema | undefined): boolean => typesOf(schema).includes('null')

const jsonType = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'object' ? 'object' : typeof value

/** Whether a value has the type that the schema declares; an enum counts as a type of strings, not of its values. */
export const isOfType = (value: unknown, schema: Schema | undefined): boolean => {
  const types = typesOf(schema)
  const type = jsonType(value)
  if (types.length > 0 && !types.includes(type) && !(types.includes('integer') && Number.isInteger(value))) return false
  if (Array.isArray(value)) return value.every((entry) => isOfType(entry, schema?.items))
  if (!isObject(value)) return true
  return Object.entries(value).every(([key, entry]) => isOfType(entry, schema && propertyOf(schema, key)))
}

/** Text that is equal for equal values. Works on copies: neither the reply nor the truth is changed. */
export const normalised = (value: unknown, schema: Schema | undefined, anyOrder = false): string =>
  canonical(normal(value, schema, anyOrder))

const normal = (value: unknown, schema: Schema | undefined, anyOrder: boolean): unknown => {
  if (typeof value === 'string') return normalText(value, schema)
  if (Array.isArray(value)) {
    const entries = value.map((entry) => normal(entry, schema?.items, false))
    const asSet = anyOrder || schema?.uniqueItems === true
    return asSet ? entries.map(canonical).sort() : entries
  }
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) => {
      const property = schema && propertyOf(schema, key)
      return property && isDefault(entry, property) ? [] : [[key, normal(entry, property, false)]]
    }),
  )
}

const normalText = (value: string, schema: Schema | undefined): unknown => {
  const instant = schema?.format === 'date-time' || schema?.format === 'date' ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(instant)) return { instant }
  // an enum is exact: its values are names, not prose
  return schema?.enum ? value : value.normalize('NFC').trim().replace(/\s+/g, ' ')
}

const longest = 120

/** A value for a reason that people and reports read: short, and on one line. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
