import { type ZodType, z } from 'zod'

/** A zod schema as the JSON Schema that endpoints take. */
export interface Form {
  readonly schema: Readonly<Record<string, unknown>>
  readonly strict: boolean // every property required and no other allowed: what strict modes ask for
}

type Node = Record<string, unknown>

/**
 * References are put in place, titles and the bounds that every zod integer brings are dropped: grammar back ends are slow
 * on them or refuse them.
 */
export const formOf = (schema: ZodType): Form => {
  const { $schema: _, ...root } = z.toJSONSchema(schema, { target: 'draft-7', reused: 'inline', io: 'output' })
  const plain = simple(root) as Node
  return { schema: plain, strict: isStrict(plain) }
}

const simple = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(simple)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([name, inner]) =>
          !(name === 'title' && typeof inner === 'string') && Math.abs(Number(inner)) !== Number.MAX_SAFE_INTEGER,
      )
      .map(([name, inner]) => [name, simple(inner)]),
  )
}

const isStrict = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.every(isStrict)
  if (typeof value !== 'object' || value === null) return true
  const { type, properties, required, additionalProperties } = value as Node
  if (type === 'object') {
    const names = Object.keys((properties as Node | undefined) ?? {})
    const needed = new Set((required as string[] | undefined) ?? [])
    if (additionalProperties !== false || !names.every((name) => needed.has(name))) return false
  }
  return Object.values(value).every(isStrict)
}
