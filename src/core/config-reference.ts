import type { ZodType } from 'zod'
import { Config } from './config-schema.ts'
import { inputSchema, type JsonSchema } from './schema-keys.ts'

/** Every key of whetstone.yaml as a Markdown table, made from the schema that checks the file. */
export const configReference = (): string => reference(Config)

/** The same for any schema: a skill's own `options` section has its page too. */
export const reference = (schema: ZodType): string => {
  const rows = rowsOf(inputSchema(schema), '').map((cells) => `| ${cells.map(inCell).join(' | ')} |`)
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}

const rowsOf = (schema: JsonSchema, prefix: string): string[][] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const path = `${prefix}${key}`
    const required = schema.required?.includes(key) ?? false
    return [
      [`\`${path}\``, typeOf(child), defaultOf(child, required), child.description ?? ''],
      ...rowsOf(child, `${path}.`),
      ...rowsOf(child.items ?? {}, `${path}[].`),
      ...(typeof child.additionalProperties === 'object' ? rowsOf(child.additionalProperties, `${path}.NAME.`) : []),
    ]
  })

const defaultOf = (schema: JsonSchema, required: boolean): string => {
  if (required) return 'required'
  if (schema.default === undefined || schema.properties) return ''
  return `\`${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}\``
}

const typeOf = (schema: JsonSchema): string => {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.const !== undefined) return `\`${schema.const}\``
  const options = schema.anyOf ?? schema.oneOf
  if (options) return options.map(typeOf).join(' or ')
  if (schema.type === 'object')
    return schema.properties ? `section: ${Object.keys(schema.properties).join(', ')}` : 'section'
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`
  if (schema.type === 'string') return 'text'
  if (schema.type === undefined || Array.isArray(schema.type)) return 'any value'
  if (schema.type === 'boolean') return '`true`, `false`'
  return `${schema.type === 'integer' ? 'whole number' : 'number'}${rangeOf(schema)}`
}

const rangeOf = ({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string => {
  const low = exclusiveMinimum ?? minimum
  const high = exclusiveMaximum ?? maximum
  const unbounded = (limit: number | undefined) => limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER
  const from = unbounded(low) ? '' : exclusiveMinimum === undefined ? ` from ${low}` : ` above ${low}`
  const to = unbounded(high) ? '' : exclusiveMaximum === undefined ? ` to ${high}` : ` below ${high}`
  return from + to
}

const inCell = (cell: string) => cell.replace(/\|/g, '\\|')
