import { distance } from 'fastest-levenshtein'
import type { ToolSchema } from '../../skill.ts'
import { parametersOf, propertiesOf, requiredOf, type Schema } from './schema.ts'
import type { Catalogue } from './tool-forms.ts'

/** What makes a catalogue hard to learn, and what to do about it. */
export interface ToolFinding {
  readonly tool: string
  readonly kind:
    | 'near-identical-names'
    | 'same-description'
    | 'no-description'
    | 'untyped-argument'
    | 'unchecked-argument'
    | 'undescribed-argument'
    | 'many-required'
    | 'long-schema'
    | 'odd-name'
    | 'large-catalogue'
    | 'unusable-schema'
  readonly message: string
}

const manyTools = 60
const manyRequired = 6
const longSchema = 4_000 // characters: so much of a prompt is one tool

/** Findings in the catalogue's order; those about the whole of it come last. */
export const lintTools = ({ tools, unchecked, refused = [] }: Catalogue): ToolFinding[] => [
  ...refused.map(({ name, error }) => ({ tool: name, kind: 'unusable-schema' as const, message: error.message })),
  ...tools.flatMap((tool) => ofTool(tool, unchecked)),
  ...alike(tools),
  ...(tools.length > manyTools
    ? [
        {
          tool: '',
          kind: 'large-catalogue' as const,
          message: `${tools.length} tools: choose some with options.only, or let few be shown at once with options.shown`,
        },
      ]
    : []),
]

const ofTool = (tool: ToolSchema, unchecked: readonly string[]): ToolFinding[] => {
  const { name } = tool
  const schema = parametersOf(tool)
  const found: ToolFinding[] = []
  const find = (kind: ToolFinding['kind'], message: string) => void found.push({ tool: name, kind, message })
  if (tool.description.trim() === '') find('no-description', 'say in one sentence what it does')
  if (!/^[A-Za-z_][\w-]{0,63}$/.test(name))
    find('odd-name', 'use letters, digits, _ and -: endpoints refuse other names')
  for (const [argument, property] of Object.entries(propertiesOf(schema))) {
    if (unchecked.some((at) => at === `${name}.${argument}` || at.startsWith(`${name}.${argument}.`)))
      find('unchecked-argument', `${argument}: its type cannot be checked, so anything passes there`)
    else if (!isTyped(property)) find('untyped-argument', `${argument}: give it a type`)
    if (typeof property.description !== 'string' && !property.enum && argument.length < 3)
      find('undescribed-argument', `${argument}: its name says little, so describe it`)
  }
  const required = requiredOf(schema).length
  if (required > manyRequired) find('many-required', `${required} required arguments: a small model mixes them up`)
  const length = JSON.stringify(schema).length
  if (length > longSchema) find('long-schema', `${length} characters of schema: it fills the prompt`)
  return found
}

const isTyped = ({ type, enum: values, anyOf, oneOf, allOf }: Schema) =>
  [type, values, anyOf, oneOf, allOf].some((keyword) => keyword !== undefined)

/** Pairs whose names are told apart by a letter or an order, and tools that are described alike. */
const alike = (tools: readonly ToolSchema[]): ToolFinding[] => {
  const found: ToolFinding[] = []
  const described = new Map<string, string>()
  for (const [at, { name, description }] of tools.entries()) {
    for (const other of tools.slice(at + 1))
      if (areAlike(name, other.name))
        found.push({
          tool: name,
          kind: 'near-identical-names',
          message: `${name} and ${other.name} are nearly the same: rename one, or leave it out with options.only`,
        })
    const same = described.get(description.trim())
    if (description.trim() !== '' && same !== undefined)
      found.push({ tool: name, kind: 'same-description', message: `it is described just as ${same} is` })
    described.set(description.trim(), name)
  }
  return found
}

const wordsOf = (name: string) => name.toLowerCase().split(/[_\W]+|(?<=[a-z])(?=[A-Z])/)

const areAlike = (a: string, b: string): boolean => {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()]
  if (Math.abs(x.length - y.length) <= 1 && distance(x, y) <= 1) return true
  return wordsOf(a).sort().join(' ') === wordsOf(b).sort().join(' ')
}
