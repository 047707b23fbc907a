import { pick, type Random, type ToolSchema } from '../../skill.ts'
import { isObject, parametersOf, propertiesOf, requiredOf, type Schema } from './schema.ts'

/** Arguments that models like to add. */
export const inventedArguments: readonly (readonly [string, unknown])[] = [
  ['recursive', true],
  ['encoding', 'utf-8'],
  ['overwrite', true],
  ['force', true],
  ['verbose', false],
  ['limit', 10],
  ['createParents', true],
  ['format', 'text'],
]

const verbs: Readonly<Record<string, readonly string[]>> = {
  read: ['open', 'get', 'load'],
  write: ['save', 'create', 'put'],
  create: ['make', 'add', 'new'],
  list: ['show', 'get', 'ls'],
  move: ['rename', 'mv', 'relocate'],
  search: ['find', 'lookup', 'query'],
  get: ['fetch', 'read', 'show'],
  edit: ['update', 'change', 'replace'],
  delete: ['remove', 'erase', 'drop'],
}

/** Names that a tool might have had: with another verb, in another order, in another case. */
export const inventedNames = (name: string): string[] => {
  const [verb = '', ...rest] = name.split('_')
  const swapped = (verbs[verb] ?? ['do']).map((other) => [other, ...rest].join('_'))
  return [...swapped, [...rest, verb].join('_'), `${name}_tool`].filter(
    (candidate) => candidate !== name && candidate !== '',
  )
}

/** How alike two tools look: the share of arguments that both have, and the share of words in their names. */
export const similarity = (a: ToolSchema | undefined, b: ToolSchema | undefined): number => {
  if (!a || !b) return 0
  const overlap = (x: readonly string[], y: readonly string[]) =>
    x.filter((entry) => y.includes(entry)).length / Math.max(1, new Set([...x, ...y]).size)
  const names = (tool: ToolSchema) => Object.keys(propertiesOf(parametersOf(tool)))
  return overlap(names(a), names(b)) + overlap(a.name.split('_'), b.name.split('_'))
}

const guesses = ['file.txt', 'document.txt', 'example.txt', 'new_folder', 'path/to/file', 'untitled.txt']

/** Arguments for a tool as a guesser fills them in: what it has been told, and something likely for what is required. */
export const placeholders = (
  tool: ToolSchema,
  told: Readonly<Record<string, unknown>>,
  random: Random,
): Record<string, unknown> => {
  const parameters = parametersOf(tool)
  const known = propertiesOf(parameters)
  const spare = Object.values(told)
  const args: Record<string, unknown> = {}
  for (const name of Object.keys(known)) {
    if (Object.hasOwn(told, name)) args[name] = told[name]
    else if (requiredOf(parameters).includes(name)) args[name] = guess(known[name], spare.shift(), random)
  }
  return args
}

/** A value of the schema's type; a value from elsewhere in the call where it fits. */
const guess = (schema: Schema | undefined, spare: unknown, random: Random): unknown => {
  const type = typeof schema?.type === 'string' ? schema.type : schema?.type?.[0]
  if (schema?.enum) return pick(random, schema.enum)
  if (type === 'number' || type === 'integer') return typeof spare === 'number' ? spare : 10
  if (type === 'boolean') return true
  if (type === 'array') return [guess(schema?.items, spare, random)]
  if (type === 'object' && schema)
    return Object.fromEntries(
      requiredOf(schema).map((name) => [name, guess(propertiesOf(schema)[name], spare, random)]),
    )
  return typeof spare === 'string' ? spare : pick(random, guesses)
}

/** Another value of the same type, near the first; nothing where there is none. */
export const altered = (value: unknown, random: Random): unknown => {
  if (typeof value === 'number') return value + pick(random, [1, -1, 10])
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') return alteredText(value, random)
  if (Array.isArray(value)) return value.length > 1 ? value.slice(0, -1) : value.map((entry) => altered(entry, random))
  if (!isObject(value)) return undefined
  const [name] = Object.keys(value)
  return name === undefined ? undefined : { ...value, [name]: altered(value[name], random) }
}

/** The slips of a hurried reader: a folder lost, an ending lost or swapped, a word lost, a letter lost. */
const alteredText = (text: string, random: Random): string => {
  const slips = [
    text.includes('/') ? text.slice(text.lastIndexOf('/') + 1) : `documents/${text}`,
    /\.\w+$/.test(text) ? text.replace(/\.\w+$/, '') : `${text}.txt`,
    /\.\w+$/.test(text) ? text.replace(/\.\w+$/, text.endsWith('.txt') ? '.md' : '.txt') : `${text}s`,
    text.includes(' ') ? text.slice(0, text.lastIndexOf(' ')) : text.slice(0, -1),
  ]
  const same = (slip: string) => slip.trim().replace(/\s+/g, ' ') === text.trim().replace(/\s+/g, ' ')
  return pick(
    random,
    slips.filter((slip) => slip.trim() !== '' && !same(slip)),
  )
}
