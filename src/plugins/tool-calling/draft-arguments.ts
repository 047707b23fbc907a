import type { ToolSchema } from '../../skill.ts'
import { parametersOf, propertiesOf, requiredOf, type Schema } from './schema.ts'

/** How the arguments of a tool are drawn and said. Slots are named as arguments are, with only letters, digits and `_`. */
export interface DraftedArguments {
  readonly slots: Readonly<Record<string, string>> // slot: pool
  readonly patterns: Readonly<Record<string, unknown>> // argument: pattern over the slots
  readonly words: Readonly<Record<string, string>> // slot: how it is said
  readonly required: readonly string[] // slots
  readonly optional: readonly string[]
  readonly askable: readonly string[] // required slots that a request can lack
}

const mostOptional = 4
/** Levels of nesting that a required argument may have; optional ones have none. */
const deepest = 4

/** The name of a thing in words: `owner_id` and `ownerId` are an owner id. */
export const wordsOf = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_\W]+/g, ' ')
    .trim()
    .toLowerCase()

/** @returns why the tool cannot be worded, where it cannot */
export const draftArguments = (tool: ToolSchema, pools: Record<string, unknown>): DraftedArguments | string => {
  const schema = parametersOf(tool)
  const required = requiredOf(schema)
  const made = {
    slots: {} as Record<string, string>,
    patterns: {} as Record<string, unknown>,
    words: {} as Record<string, string>,
    required: [] as string[],
    optional: [] as string[],
    askable: [] as string[],
  }
  const entries = Object.entries(propertiesOf(schema)).sort(
    ([a], [b]) => Number(required.includes(b)) - Number(required.includes(a)),
  )
  for (const [name, property] of entries) {
    const needed = required.includes(name)
    if (!needed && made.optional.length >= mostOptional) continue
    const pattern = draftValue(name, name, property, made, pools, needed ? 0 : deepest)
    if (pattern !== undefined) {
      made.patterns[name] = pattern.value
      made[needed ? 'required' : 'optional'].push(...pattern.slots)
      if (needed && pattern.slots.length === 1 && !property.enum && property.type !== 'boolean')
        made.askable.push(...pattern.slots)
    } else if (needed) return `nothing can be made up for its argument ${name}`
  }
  if (made.required.length > 6) return `${made.required.length} values are more than one request says`
  return made
}

type Making = Pick<DraftedArguments, never> & { slots: Record<string, string>; words: Record<string, string> }

/** A pattern with its slots, new pools for them in `pools`; undefined where the schema says too little. Optional ones are scalars only. */
const draftValue = (
  name: string,
  path: string,
  schema: Schema,
  made: Making,
  pools: Record<string, unknown>,
  depth: number,
): { value: unknown; slots: string[] } | undefined => {
  const type = Array.isArray(schema.type) ? undefined : (schema.type as string | undefined)
  const scalar = (pool: string, values: unknown) => {
    const slot = path.replace(/\W+/g, '_').replace(/^(\d)/, '_$1')
    if (Object.hasOwn(made.slots, slot)) return undefined
    pools[pool] ??= values
    made.slots[slot] = pool
    made.words[slot] = wordsOf(name) || slot
    return { value: `{${slot}}`, slots: [slot] }
  }
  if (schema.const !== undefined) return { value: schema.const, slots: [] }
  if (schema.enum) return draftEnum(schema.enum, scalar)
  if (type === 'boolean') return scalar('yes_or_no', { shared: true, values: ['true', 'false'] })
  if (type === 'integer' || type === 'number') return scalar(...numbers(schema))
  if (type === 'string' || (type === undefined && depth < deepest)) return draftText(schema, scalar)
  if (type === 'array' && depth < deepest && schema.items) {
    const entry = draftValue(name, path, schema.items, made, pools, depth + 1)
    return entry && { value: [entry.value], slots: entry.slots }
  }
  if (type === 'object' && depth < deepest) {
    const fields = requiredOf(schema).map(
      (field) =>
        [
          field,
          draftValue(field, `${path}_${field}`, propertiesOf(schema)[field] ?? {}, made, pools, depth + 1),
        ] as const,
    )
    if (fields.length === 0 || fields.some(([, pattern]) => pattern === undefined)) return undefined
    return {
      value: Object.fromEntries(fields.map(([field, pattern]) => [field, pattern?.value])),
      slots: fields.flatMap(([, pattern]) => pattern?.slots ?? []),
    }
  }
  return undefined
}

type Scalar = (pool: string, values: unknown) => { value: unknown; slots: string[] } | undefined

const draftEnum = (values: readonly unknown[], scalar: Scalar) => {
  const texts = values.filter((value) => value !== null && value !== '').map(String)
  return texts.length === 0 ? undefined : scalar(`one_of_${poolName(texts)}`, { shared: true, values: texts })
}

const poolName = (texts: readonly string[]) => texts.join('_').replace(/\W+/g, '_').slice(0, 40)

const dates = Array.from(
  { length: 40 },
  (_, at) => `2025-${String((at % 12) + 1).padStart(2, '0')}-${String(((at * 7) % 28) + 1).padStart(2, '0')}`,
)
const coined = { coined: 2000 }

/** Texts of a known form, examples of the schema, or made-up words. A pattern is beyond a draft. */
const draftText = ({ format, pattern, examples, maxLength }: Schema, scalar: Scalar) => {
  const given = Array.isArray(examples) ? examples.filter((example) => typeof example === 'string') : []
  if (given.length >= 2) return scalar(`examples_${poolName(given)}`, { shared: true, values: given })
  if (pattern !== undefined || (typeof maxLength === 'number' && maxLength < 12)) return undefined
  if (format === 'date') return scalar('dates', { shared: true, values: [...new Set(dates)] })
  if (format === 'date-time')
    return scalar('moments', { shared: true, values: [...new Set(dates)].map((day) => `${day}T10:00:00Z`) })
  if (format === 'email')
    return scalar(
      'emails',
      forms((word) => `${word}@example.com`),
    )
  if (format === 'uri' || format === 'url')
    return scalar(
      'addresses',
      forms((word) => `https://example.com/${word}`),
    )
  return format === 'uuid' ? scalar('uuids', forms(uuid)) : scalar('words', coined)
}

const stems =
  'alder birch cedar dogwood elm fir ginkgo hazel ivy juniper kapok larch maple nutmeg oak pine quince rowan spruce teak'.split(
    ' ',
  )
const ends = ['hill', 'dale', 'field', 'brook', 'wood']
/** A hundred plain names in a form, enough for every split to have some. */
const forms = (form: (word: string, at: number) => string) =>
  stems.flatMap((stem, a) => ends.map((end, b) => form(`${stem}${end}`, a * ends.length + b)))

const uuid = (_: string, at: number) =>
  `${String(at + 10_000_000)}-0000-4000-8000-${String(at * 7_919 + 100_000_000_000)}`

/** Whole numbers within the schema's bounds, a hundred at most. */
const numbers = ({ minimum, maximum }: Schema): [string, unknown] => {
  const low = typeof minimum === 'number' ? Math.ceil(minimum) : 1
  const high = typeof maximum === 'number' ? Math.floor(maximum) : Math.max(low + 500, 500)
  const step = Math.max(1, Math.floor((high - low) / 100))
  const values = Array.from({ length: Math.min(100, high - low + 1) }, (_, at) => low + at * step)
  return [`numbers_${low}_to_${high}`.replace(/-/g, 'minus_'), { shared: true, values }]
}
