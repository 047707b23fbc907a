/** Reads a zod schema through its JSON Schema: which keys are where, for suggestions and for the reference table. */
import { type ZodType, z } from 'zod'

export interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

/** What a person may write for this schema; parts that JSON Schema cannot say allow anything. */
export const inputSchema = (schema: ZodType): JsonSchema => {
  try {
    return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  } catch {
    return {} // a schema that refers to itself in ways of its own: then there are no suggestions
  }
}

type Path = readonly PropertyKey[]

/** The keys that a section may have. */
export const keysAt = (schema: JsonSchema, path: Path): string[] => [
  ...new Set(at(schema, path).flatMap((found) => Object.keys(found.properties ?? {}))),
]

/** What the schema says of one key. */
export const meaningAt = (schema: JsonSchema, path: Path): string | undefined =>
  at(schema, path).find((found) => found.description)?.description

/** The sections, as dotted paths, that have a key of this name. */
export const sectionsWith = (schema: JsonSchema, key: string, prefix: readonly string[] = []): string[] => {
  const found: string[] = []
  for (const option of alternatives(schema)) {
    for (const [name, child] of Object.entries(option.properties ?? {})) {
      if (name === key) found.push(prefix.join('.'))
      found.push(...sectionsWith(child, key, [...prefix, name]))
    }
  }
  return [...new Set(found)]
}

const at = (schema: JsonSchema, path: Path): JsonSchema[] =>
  path.reduce<JsonSchema[]>(
    (found, part) => found.flatMap((each) => child(each, part)).flatMap(alternatives),
    alternatives(schema),
  )

const child = (schema: JsonSchema, part: PropertyKey): JsonSchema[] => {
  if (typeof part === 'number') return schema.items ? [schema.items] : []
  const named = schema.properties?.[String(part)]
  if (named) return [named]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}

/** The schema and, where it is a choice, all that can be chosen. */
export const alternatives = (schema: JsonSchema): JsonSchema[] => [
  schema,
  ...[schema.anyOf, schema.oneOf, schema.allOf].flatMap((options) => options ?? []).flatMap(alternatives),
]
