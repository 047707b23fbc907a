import { type ToolSchema, WhetError } from '../../skill.ts'
import { cleanTool, isObject, type Schema } from './schema.ts'
import { schemaOfType } from './typescript-types.ts'

export interface Catalogue {
  readonly tools: readonly ToolSchema[]
  /** Arguments whose type was a mere name, `tool.argument`: anything passes there. */
  readonly unchecked: readonly string[]
  /** An object argument that every call must carry, with these non-empty strings. */
  readonly context?: { readonly name: string; readonly fields: readonly string[] }
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
  return {
    tools: unique(
      list.map((entry, index) => toolOf(entry, `${source}, tool ${index + 1}`)),
      source,
    ),
    unchecked: [],
  }
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

const toolOf = (entry: unknown, where: string): ToolSchema => {
  const outer = isObject(entry) ? entry : {}
  const tool = isObject(outer.function) ? outer.function : outer
  const name = tool.name ?? tool.title
  if (typeof name !== 'string' || name === '') throw badFile(where, 'has no name')
  const parameters = tool.parameters ?? tool.inputSchema ?? tool.input_schema ?? schemaItself(tool)
  return cleanTool(name, typeof tool.description === 'string' ? tool.description : '', parameters)
}

/** A bare JSON Schema with a title is a tool too. */
const schemaItself = (tool: Record<string, unknown>): unknown => {
  if (!('properties' in tool)) return undefined
  const { name: _, title: _title, description: _description, ...schema } = tool
  return schema
}

/** @throws {WhetError} duplicate-tool · empty-catalogue */
export const unique = (tools: readonly ToolSchema[], source: string): readonly ToolSchema[] => {
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
    return cleanTool(name, '', { type: 'object', properties, required })
  })
  return { tools, unchecked, ...(fields && { context: { name: contextName, fields } }) }
}
