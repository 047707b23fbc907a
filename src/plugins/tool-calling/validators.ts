import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FormatsPlugin } from 'ajv-formats'
import type { ToolSchema } from '../../core/contract.ts'
import { messageOf, WhetError } from '../../core/errors.ts'

const addFormats: FormatsPlugin = createRequire(import.meta.url)('ajv-formats')

/** Validators that are kept; the one that was used longest ago goes first. */
const maxValidators = 500

/**
 * Judges, never mends: no coercion, no defaults, nothing removed; and a property counts only when the object itself
 * has it, so that `toString` is not there by birth. Ajv's own cache is by object identity and would grow with every
 * schema that is parsed again, so each validator gets an Ajv of its own, which goes with it.
 */
const compile = (schema: object): ValidateFunction => {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    ownProperties: true,
    coerceTypes: false,
    useDefaults: false,
    logger: false,
  })
  addFormats(ajv)
  return ajv.compile(schema)
}

const byHash = new Map<string, ValidateFunction>()
const byIdentity = new WeakMap<object, ValidateFunction>()

/** The schema as text that does not depend on the order of its keys. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const object = value as Record<string, unknown>
  return `{${Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(object[key])}`)
    .join(',')}}`
}

export const schemaHash = (schema: unknown): string => createHash('sha256').update(canonical(schema)).digest('hex')

/**
 * The validator of a tool's arguments.
 * @throws {WhetError} bad-tool-schema when the schema itself is at fault
 */
export const validatorOf = ({ name, parameters }: Pick<ToolSchema, 'name' | 'parameters'>): ValidateFunction => {
  const same = byIdentity.get(parameters)
  if (same) return same
  const hash = schemaHash(parameters)
  const validator = byHash.get(hash) ?? compiledOrFault(name, parameters)
  byHash.delete(hash)
  byHash.set(hash, validator)
  if (byHash.size > maxValidators) byHash.delete(byHash.keys().next().value ?? '')
  byIdentity.set(parameters, validator)
  return validator
}

const compiledOrFault = (name: string, parameters: object): ValidateFunction => {
  try {
    // an id may come twice, in two tools, and has no meaning here
    const { $id: _, id: _id, ...schema } = parameters as Record<string, unknown>
    return compile(schema)
  } catch (cause) {
    throw new WhetError({
      code: 'bad-tool-schema',
      message: `The schema of the tool ${JSON.stringify(name)} is not valid JSON Schema: ${messageOf(cause)}. Mend it, or leave the tool out with \`only\`.`,
      fixedBy: 'config',
      exit: 2,
      data: { tool: name },
      cause,
    })
  }
}

/** The first errors of a validation; empty when the arguments are valid. */
export const schemaErrors = (tool: Pick<ToolSchema, 'name' | 'parameters'>, args: unknown): readonly ErrorObject[] => {
  const validator = validatorOf(tool)
  return validator(args) ? [] : (validator.errors ?? [])
}
