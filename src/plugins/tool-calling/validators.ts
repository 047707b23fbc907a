import type { ErrorObject, ValidateFunction } from 'ajv'
import { compileSchema, messageOf, schemaHash, type ToolSchema, WhetError } from '../../skill.ts'

/** Validators that are kept; the one that was used longest ago goes first. */
const maxValidators = 500

const byHash = new Map<string, ValidateFunction>()
const byIdentity = new WeakMap<object, ValidateFunction>()

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
    return compileSchema(schema)
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
