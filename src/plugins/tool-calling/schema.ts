import { type ToolSchema, WhetError } from '../../skill.ts'

/** A JSON Schema as far as we look into it; `true`/`{}` accept anything. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly format?: string
  readonly uniqueItems?: boolean
  readonly [keyword: string]: unknown
}

/** A schema of more characters than this is no tool signature but a mistake. */
const maxSchemaCharacters = 100_000
const maxPatternCharacters = 200
/** A repetition inside a repetition can take a regular expression years: `(a+)+`. */
const nestedRepetition = /\([^()]*[*+}][^()]*\)[*+{]/

export const parametersOf = (tool: ToolSchema): Schema => tool.parameters as Schema
export const propertiesOf = (schema: Schema): Readonly<Record<string, Schema>> => schema.properties ?? {}
export const propertyOf = (schema: Schema, name: string): Schema | undefined =>
  Object.hasOwn(propertiesOf(schema), name) ? propertiesOf(schema)[name] : undefined
export const requiredOf = (schema: Schema): readonly string[] => schema.required ?? []

export interface CleanTool {
  readonly tool: ToolSchema
  readonly unchecked: readonly string[] // `tool.argument`: anything passes there
}

/**
 * The tool with parameters that the rest of the plugin understands: one object, local `$ref` written out. Where a schema comes back
 * to itself anything passes.
 * @throws {WhetError} bad-tool-schema, saying what to change
 */
export const cleanTool = (name: string, description: string, parameters: unknown): CleanTool => {
  const refuse = (why: string): never => {
    throw new WhetError({
      code: 'bad-tool-schema',
      message: `The schema of the tool ${JSON.stringify(name)} ${why}. Mend it in the tools file, or leave the tool out with \`only\`.`,
      fixedBy: 'config',
      exit: 2,
      data: { tool: name },
    })
  }
  if (parameters === undefined || parameters === null)
    return { tool: { name, description, parameters: emptyObject }, unchecked: [] }
  if (!isObject(parameters)) return refuse('is not a JSON object')
  if (JSON.stringify(parameters).length > maxSchemaCharacters) return refuse('is longer than 100,000 characters')
  const unchecked = new Set<string>()
  const {
    $schema: _,
    $defs: _defs,
    definitions: _definitions,
    ...rest
  } = written(parameters, { root: parameters, open: [], at: name, unchecked, refuse }) as Schema
  const type = rest.type ?? 'object'
  if (type !== 'object') return refuse(`has the type ${JSON.stringify(type)}: the arguments of a call are an object`)
  for (const keyword of ['anyOf', 'oneOf', 'allOf'])
    if (rest[keyword] !== undefined)
      return refuse(`has ${keyword} at its top: give the arguments as one object with \`properties\``)
  checkPatterns(rest, refuse)
  const cleaned = { ...rest, type: 'object', properties: rest.properties ?? {} }
  return { tool: { name, description, parameters: cleaned }, unchecked: [...unchecked] }
}

const emptyObject = { type: 'object', properties: {} } as const

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

interface Place {
  readonly root: unknown
  readonly open: readonly string[] // references that this schema lies in
  readonly at: string // `tool.argument`
  readonly unchecked: Set<string>
  refuse(why: string): never
}

/** The schema with each local `$ref` replaced by what it points at. */
const written = (node: unknown, place: Place): unknown => {
  if (Array.isArray(node)) return node.map((entry) => written(entry, place))
  if (!isObject(node)) return node
  const { root, open, at, unchecked, refuse } = place
  const ref = node.$ref
  if (typeof ref === 'string') {
    const { $ref: _, ...beside } = node
    if (open.includes(ref)) {
      unchecked.add(at)
      return beside
    }
    const target = lookUp(root, ref)
    if (target === undefined) return refuse(`has a $ref to ${ref}, which is not in it: put the definition in its place`)
    return { ...(written(target, { ...place, open: [...open, ref] }) as object), ...beside }
  }
  const inside = (key: string, value: unknown): unknown => {
    if (key === '$defs' || key === 'definitions') return value
    if (key !== 'properties' || !isObject(value)) return written(value, place)
    const named = Object.entries(value).map(([name, child]) => [
      name,
      written(child, { ...place, at: `${at}.${name}` }),
    ])
    return Object.fromEntries(named)
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, inside(key, value)]))
}

const lookUp = (root: unknown, ref: string): unknown => {
  if (!ref.startsWith('#/')) return undefined
  let node = root
  for (const part of ref.slice(2).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (!isObject(node) || !Object.hasOwn(node, key)) return undefined
    node = node[key]
  }
  return node
}

const checkPatterns = (node: unknown, refuse: (why: string) => never): void => {
  if (Array.isArray(node)) for (const entry of node) checkPatterns(entry, refuse)
  if (!isObject(node)) return
  const { pattern } = node
  if (typeof pattern === 'string' && (pattern.length > maxPatternCharacters || nestedRepetition.test(pattern)))
    refuse(`has a pattern that could take forever to match (${pattern.slice(0, 40)}): make it simpler`)
  for (const value of Object.values(node)) checkPatterns(value, refuse)
}
