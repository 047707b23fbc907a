import { InvalidArgumentError, Option } from 'commander'
import type { ZodType, z } from 'zod'

/** What a field of an input schema is, for a surface made of text. */
export interface Field {
  readonly kind: 'string' | 'number' | 'boolean' | 'array'
  readonly required: boolean
  readonly fallback: unknown // its default; undefined where it has none
  readonly choices?: readonly string[]
  readonly description: string
  readonly short?: string
  readonly value?: string // name of its value in the help
}

interface Definition {
  readonly type: string
  readonly innerType?: ZodType
  readonly defaultValue?: unknown
}

/** Reads a field's kind, default and description through its wrappers (`optional`, `default`). */
export const fieldOf = (name: string, schema: ZodType): Field => {
  let inner = schema
  let required = true
  let fallback: unknown
  let meta: Record<string, unknown> = {}
  for (;;) {
    meta = { ...inner.meta(), ...meta }
    const definition = inner._zod.def as unknown as Definition
    if (definition.type === 'default') fallback = definition.defaultValue
    if (!definition.innerType) break
    required = false
    inner = definition.innerType
  }
  const kind = kindOf(name, inner)
  const options = (inner as { options?: readonly string[] }).options
  return {
    kind,
    required,
    fallback,
    choices: Array.isArray(options) ? options : undefined,
    description: String(meta.description ?? ''),
    short: meta.short as string | undefined,
    value: meta.value as string | undefined,
  }
}

const kindOf = (name: string, schema: ZodType): Field['kind'] => {
  const { type } = schema._zod.def
  if (type === 'string' || type === 'enum') return 'string'
  if (type === 'number' || type === 'int') return 'number'
  if (type === 'boolean' || type === 'array') return type
  throw new TypeError(`the field ${name} is a ${type}: the command line knows strings, numbers, booleans and lists`)
}

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** `--max-rows <N>` from a field; numbers are parsed, lists collect. */
export const optionOf = (name: string, field: Field): Option => {
  const long = `--${kebab(name)}`
  const value = field.kind === 'boolean' ? '' : ` <${field.value ?? (field.kind === 'number' ? 'N' : 'TEXT')}>`
  const option = new Option(`${field.short ? `-${field.short}, ` : ''}${long}${value}`, describe(field))
  if (field.kind === 'number') option.argParser(toNumber)
  if (field.kind === 'array') option.argParser((text: string, before: string[] = []) => [...before, text])
  return option
}

/** `<file>`, `[run]` or `[runs...]`. */
export const argumentOf = (name: string, field: Field): string => {
  const word = (field.value ?? kebab(name).toUpperCase()) + (field.kind === 'array' ? '...' : '')
  return field.required ? `<${word}>` : `[${word}]`
}

export const describe = (field: Field): string => {
  const parts = [field.description]
  if (field.choices) parts.push(`(${field.choices.join(', ')})`)
  const { fallback } = field
  if (fallback !== undefined && fallback !== false && !(Array.isArray(fallback) && fallback.length === 0))
    parts.push(`(default: ${String(fallback)})`)
  else if (field.required) parts.push('(required)')
  return parts.join(' ')
}

export const toNumber = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.')
  return value
}

export const shapeOf = (input: z.ZodObject): [string, Field][] =>
  Object.entries(input.shape).map(([name, schema]) => [name, fieldOf(name, schema as ZodType)])
