import { type ToolSchema, WhetError } from '../../skill.ts'
import { isObject, type Schema } from './schema.ts'
import { type Catalogue, usable } from './tool-forms.ts'

const methods = ['get', 'put', 'post', 'delete', 'patch', 'options', 'head', 'trace'] as const
/** Deeper than this a body is an object without a description of its inside. */
const deepest = 6

/**
 * The operations of an OpenAPI 3 document as tools: path and query parameters and the fields of a JSON body are the arguments. Local `$ref` are
 * written out, `allOf` is merged; a schema that comes back to itself, `oneOf`, `anyOf` and what lies in other files accepts anything
 * and is listed as unchecked.
 * @throws {WhetError} bad-openapi · duplicate-tool · empty-catalogue
 */
export const operationsOf = (document: unknown, source: string): Catalogue => {
  if (!isObject(document) || !isObject(document.paths) || !String(document.openapi ?? '').startsWith('3.'))
    throw new WhetError({
      code: 'bad-openapi',
      message: `${source} is no OpenAPI 3 document: it needs \`openapi: 3.x\` and \`paths\`. Convert a Swagger 2 document first.`,
      fixedBy: 'config',
      exit: 2,
      data: { source },
    })
  const unchecked: string[] = []
  const tools = Object.entries(document.paths).flatMap(([path, item]) =>
    isObject(item)
      ? methods.flatMap((method) => {
          const operation = item[method]
          return isObject(operation) ? [new Reader(document, unchecked).tool(path, method, item, operation)] : []
        })
      : [],
  )
  const clean = tools.map((tool) => ({ name: tool.name, clean: () => ({ tool, unchecked: [] }) }))
  return { ...usable(clean, source), unchecked: [...new Set(unchecked)] }
}

/** Reads one operation; what it cannot check goes to `unchecked` under the tool's name. */
class Reader {
  private name = ''

  constructor(
    private readonly document: Record<string, unknown>,
    private readonly unchecked: string[],
  ) {}

  tool(path: string, method: string, item: Record<string, unknown>, operation: Record<string, unknown>): ToolSchema {
    this.name = nameOf(operation.operationId, path, method)
    const properties: Record<string, Schema> = {}
    const required: string[] = []
    for (const parameter of [...listOf(item.parameters), ...listOf(operation.parameters)]) {
      const { value } = this.resolved(parameter)
      if (!isObject(value) || (value.in !== 'path' && value.in !== 'query') || typeof value.name !== 'string') continue
      properties[value.name] = described(this.schema(value.schema, value.name, [], 0), value.description)
      if ((value.in === 'path' || value.required === true) && !required.includes(value.name)) required.push(value.name)
    }
    this.body(operation.requestBody, properties, required)
    const about = [operation.summary, operation.description].find((text) => typeof text === 'string' && text !== '')
    return {
      name: this.name,
      description: typeof about === 'string' ? about : '',
      parameters: { type: 'object', properties, required },
    }
  }

  /** Fields of a JSON body stand beside the parameters; a body that is no object is one argument. */
  private body(given: unknown, properties: Record<string, Schema>, required: string[]): void {
    const { value: body } = this.resolved(given)
    const content = isObject(body) && isObject(body.content) ? body.content : {}
    const kind = Object.keys(content).find((type) => /json/.test(type)) ?? Object.keys(content)[0]
    const media = kind === undefined ? undefined : content[kind]
    if (!isObject(body) || !isObject(media)) return
    const schema = this.schema(media.schema, '', [], 0)
    const clash = Object.keys(schema.properties ?? {}).some((name) => Object.hasOwn(properties, name))
    if (!schema.properties || clash) {
      properties.body = schema
      if (body.required === true) required.push('body')
      return
    }
    Object.assign(properties, schema.properties)
    if (body.required !== false) required.push(...(schema.required ?? []).filter((name) => !required.includes(name)))
  }

  /** `at` names the argument; `open` are the references that this schema lies in. */
  private schema(given: unknown, at: string, open: readonly string[], depth: number): Schema {
    const { value, ref } = this.resolved(given)
    if (ref !== undefined && open.includes(ref)) return this.anything(at)
    if (!isObject(value) || depth > deepest) return this.anything(at)
    const within = ref === undefined ? open : [...open, ref]
    if (value.oneOf !== undefined || value.anyOf !== undefined) return this.anything(at, value.description)
    const merged = this.merged(value, at, within, depth)
    const type = typeOf(merged)
    const items = merged.items === undefined ? undefined : this.schema(merged.items, at, within, depth + 1)
    return {
      ...(type !== undefined && { type }),
      ...(typeof merged.description === 'string' && { description: merged.description }),
      ...(Array.isArray(merged.enum) && { enum: merged.enum }),
      ...(typeof merged.format === 'string' && { format: merged.format }),
      ...(merged.default !== undefined && { default: merged.default }),
      ...(merged.example !== undefined && { examples: [merged.example] }),
      ...(items && { items }),
      ...(isObject(merged.properties) && {
        properties: Object.fromEntries(
          Object.entries(merged.properties)
            .filter(([, property]) => !isReadOnly(this.resolved(property).value))
            .map(([name, property]) => [
              name,
              this.schema(property, at === '' ? name : `${at}.${name}`, within, depth + 1),
            ]),
        ),
        required: listOf(merged.required).filter(
          (name): name is string => typeof name === 'string' && this.isWritten(merged.properties, name),
        ),
      }),
    }
  }

  private isWritten(properties: unknown, name: string): boolean {
    return isObject(properties) && name in properties && !isReadOnly(this.resolved(properties[name]).value)
  }

  /** The parts of `allOf` in one: properties and required fields together, of other keywords the last one. */
  private merged(
    value: Record<string, unknown>,
    at: string,
    open: readonly string[],
    depth: number,
  ): Record<string, unknown> {
    if (!Array.isArray(value.allOf) || depth > deepest) return value
    const { allOf, ...own } = value
    const parts = (allOf as unknown[]).flatMap((part) => {
      const { value: inner, ref } = this.resolved(part)
      if (!isObject(inner) || (ref !== undefined && open.includes(ref))) {
        this.anything(at)
        return []
      }
      return [this.merged(inner, at, ref === undefined ? open : [...open, ref], depth + 1)]
    })
    const all: Record<string, unknown> = {}
    for (const part of [...parts, own]) {
      const properties = { ...(all.properties as object), ...(part.properties as object) }
      const required = [...listOf(all.required), ...listOf(part.required)]
      Object.assign(all, part, { required }, Object.keys(properties).length > 0 && { properties })
    }
    return all
  }

  private anything(at: string, description?: unknown): Schema {
    this.unchecked.push(`${this.name}.${at || 'body'}`)
    return typeof description === 'string' ? { description } : {}
  }

  private resolved(given: unknown): { readonly value: unknown; readonly ref?: string } {
    let [value, ref]: [unknown, string | undefined] = [given, undefined]
    for (let hops = 0; hops < 20 && isObject(value) && typeof value.$ref === 'string'; hops += 1) {
      ref = value.$ref
      value = lookUp(this.document, ref)
    }
    return ref === undefined ? { value } : { value, ref }
  }
}

const lookUp = (document: unknown, ref: string): unknown =>
  ref.startsWith('#/')
    ? ref
        .slice(2)
        .split('/')
        .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
        .reduce<unknown>((node, key) => (isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined), document)
    : undefined

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const isReadOnly = (schema: unknown) => isObject(schema) && schema.readOnly === true
const described = (schema: Schema, description: unknown): Schema =>
  typeof description === 'string' && schema.description === undefined ? { ...schema, description } : schema

const typeOf = ({ type, properties, items, nullable }: Record<string, unknown>): Schema['type'] => {
  const own = Array.isArray(type) || typeof type === 'string' ? (type as string | string[]) : undefined
  const found = own ?? (properties ? 'object' : items ? 'array' : undefined)
  return nullable === true && typeof found === 'string' ? [found, 'null'] : found
}

/** The operation's own id where it has one, with only what a tool's name may hold. */
const nameOf = (id: unknown, path: string, method: string): string => {
  const words = typeof id === 'string' && id !== '' ? id : `${method}_${path.replace(/[{}]/g, '')}`
  return words
    .replace(/[^\w-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 64)
}
