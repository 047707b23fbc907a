import { isWhetError, type ToolSchema, WhetError } from '../../skill.ts'
import { type CleanTool, cleanTool, isObject, type Schema } from './schema.ts'
import { schemaOfType } from './typescript-types.ts'
import { validatorOf } from './validators.ts'

export interface Catalogue {
  readonly tools: readonly ToolSchema[]
  /** Arguments whose type was a mere name, or comes back to itself, `tool.argument`: anything passes there. */
  readonly unchecked: readonly string[]
  /** Tools that cannot be used, with the reason: one odd schema does not cost the others. */
  readonly refused?: readonly RefusedTool[]
  /** An object argument that every call must carry, with these non-empty strings. */
  readonly context?: { readonly name: string; readonly fields: readonly string[] }
}

export interface RefusedTool {
  readonly name: string
  readonly error: WhetError // bad-tool-schema
}

/**
 * A catalogue from parsed JSON: a list of tools (or `{tools: [...]}`) in OpenAI's, MCP's or a plain form, a map from
 * names to JSON Schemas, or Synaptic-Tuner's tool_schemas.json with its types as TypeScript text.
 * @throws {WhetError} bad-tools-file · bad-tool-schema · duplicate-tool · empty-catalogue
 */
export const catalogueOf = (json: unknown, source: string): Catalogue => {
  if (isSynaptic(json)) {
    const catalogue = synaptic(json)
    return { ...catalogue, tools: unique(catalogue.tools, source) }
  }
  const list = isObject(json) && typeof json.title === 'string' && 'properties' in json ? [json] : listOf(json)
  if (!list) throw badFile(source, 'is neither a list of tools nor an object of them')
  return usable(
    list.map((entry, index) => toolOf(entry, `${source}, tool ${index + 1}`)),
    source,
  )
}

/** A tool by its name before its schema is looked at. */
export interface NamedTool {
  readonly name: string
  /** @throws {WhetError} bad-tool-schema */
  clean(): CleanTool
}

/**
 * The tools whose schemas can be used, and why each other one cannot.
 * @throws {WhetError} duplicate-tool · empty-catalogue, and the first reason where no tool is left
 */
export const usable = (named: readonly NamedTool[], source: string): Catalogue => {
  const [made, refused]: [CleanTool[], RefusedTool[]] = [[], []]
  for (const { name, clean } of named)
    try {
      const cleaned = clean()
      validatorOf(cleaned.tool)
      made.push(cleaned)
    } catch (error) {
      if (!isWhetError(error) || error.code !== 'bad-tool-schema') throw error
      refused.push({ name, error })
    }
  if (made.length === 0 && refused[0]) throw refused[0].error
  const tools = unique(
    made.map(({ tool }) => tool),
    source,
  )
  return { tools, unchecked: made.flatMap(({ unchecked }) => unchecked), ...(refused.length > 0 && { refused }) }
}

const listOf = (json: unknown): readonly unknown[] | undefined => {
  if (Array.isArray(json)) return json
  if (!isObject(json)) return undefined
  if (Array.isArray(json.tools)) return json.tools
  const entries = Object.entries(json)
  return entries.every(([, value]) => isObject(value)) ? entries.map(([name, value]) => named(name, value)) : undefined
}

/** `{name: schema}`: the schema itself, or an object that holds it. */
const named = (name: string, value: unknown): unknown => {
  const object = value as Record<string, unknown>
  const holds = ['parameters', 'inputSchema', 'input_schema', 'function'].some((key) => key in object)
  return holds ? { name, ...object } : { name, description: object.description ?? '', parameters: object }
}

const toolOf = (entry: unknown, where: string): NamedTool => {
  const outer = isObject(entry) ? entry : {}
  const tool = isObject(outer.function) ? outer.function : outer
  const name = tool.name ?? tool.title
  if (typeof name !== 'string' || name === '') throw badFile(where, 'has no name')
  const parameters = tool.parameters ?? tool.inputSchema ?? tool.input_schema ?? schemaItself(tool)
  const description = typeof tool.description === 'string' ? tool.description : ''
  return { name, clean: () => cleanTool(name, description, parameters) }
}

/** A bare JSON Schema with a title is a tool too. */
const schemaItself = (tool: Record<string, unknown>): unknown => {
  if (!('properties' in tool)) return undefined
  const { name: _, title: _title, description: _description, ...schema } = tool
  return schema
}

/** @throws {WhetError} duplicate-tool · empty-catalogue */
const unique = (tools: readonly ToolSchema[], source: string): readonly ToolSchema[] => {
  const seen = new Set<string>()
  for (const { name } of tools) {
    if (seen.has(name))
      throw new WhetError({
        code: 'duplicate-tool',
        message: `${source} has two tools named ${JSON.stringify(name)}: a call could mean either. Rename one or leave it out.`,
        fixedBy: 'config',
        exit: 2,
        data: { tool: name, source },
      })
    seen.add(name)
  }
  if (tools.length === 0)
    throw new WhetError({
      code: 'empty-catalogue',
      message: `${source} offers no tools. Check the server's arguments or the file: a skill needs at least one tool.`,
      fixedBy: 'config',
      exit: 2,
      data: { source },
    })
  return tools
}

const badFile = (source: string, why: string) =>
  new WhetError({
    code: 'bad-tools-file',
    message: `${source} ${why}. Give a JSON list of tools as OpenAI or MCP write them: {"name", "description", "parameters"}.`,
    fixedBy: 'config',
    exit: 2,
    data: { source },
  })

interface SynapticTool {
  readonly parameters: readonly { name: string; optional: boolean; type: string; description?: string }[]
  readonly required_params?: readonly string[]
  readonly context_schema?: { readonly fields: readonly { name: string }[] } | null
}

const isSynaptic = (json: unknown): json is Record<string, SynapticTool> =>
  isObject(json) && Object.values(json).some((entry) => isObject(entry) && Array.isArray(entry.parameters))

const contextName = 'context'

/** In this form one tool spells out the context object; every call of every tool carries it. */
const synaptic = (json: Record<string, SynapticTool>): Catalogue => {
  const fields = Object.values(json)
    .find((tool) => tool.context_schema)
    ?.context_schema?.fields.map(({ name }) => name)
  const unchecked: string[] = []
  const tools = Object.entries(json).map(([name, tool]) => {
    const properties: Record<string, Schema> = {}
    for (const parameter of tool.parameters) {
      const { schema, checked } = schemaOfType(parameter.type)
      if (!checked) unchecked.push(`${name}.${parameter.name}`)
      properties[parameter.name] = parameter.description ? { ...schema, description: parameter.description } : schema
    }
    const required = tool.parameters.filter(({ optional }) => !optional).map((parameter) => parameter.name)
    if (fields) {
      properties[contextName] = { type: 'object' }
      if (!required.includes(contextName)) required.push(contextName)
    }
    return cleanTool(name, '', { type: 'object', properties, required }).tool
  })
  return { tools, unchecked, ...(fields && { context: { name: contextName, fields } }) }
}
