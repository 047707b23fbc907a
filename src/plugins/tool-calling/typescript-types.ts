import type { Schema } from './schema.ts'

const plain: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  object: { type: 'object' },
  array: { type: 'array' },
  any: {},
  unknown: {},
}

const literal = /^(['"])(.*)\1$/

/**
 * A TypeScript type given as text, as a JSON Schema. Literal unions become an enum; a name whose definition nobody
 * gave accepts anything, and `checked: false` says so.
 */
export const schemaOfType = (text: string): { readonly schema: Schema; readonly checked: boolean } => {
  const type = text.trim()
  const known = Object.hasOwn(plain, type) ? plain[type] : undefined
  if (known) return { schema: known, checked: true }
  const choices = type.split('|').map((choice) => literal.exec(choice.trim())?.[2])
  if (choices.every((choice) => choice !== undefined))
    return { schema: { type: 'string', enum: choices }, checked: true }
  if (type.endsWith('[]')) {
    const { schema, checked } = schemaOfType(type.slice(0, -2))
    return { schema: { type: 'array', items: schema }, checked }
  }
  return { schema: {}, checked: false }
}
