import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { Ajv, type Options, type ValidateFunction } from 'ajv'
import type { FormatsPlugin } from 'ajv-formats'
import { canonical } from './canonical.ts'

const addFormats: FormatsPlugin = createRequire(import.meta.url)('ajv-formats')

/**
 * Judges, never mends: no coercion, no defaults, nothing removed; and a property counts only when the object itself
 * has it, so that `toString` is not there by birth. Ajv's own cache is by object identity and would grow with every
 * schema that is parsed again, so each validator gets an Ajv of its own, which goes with it.
 * @throws {Error} the schema itself is at fault
 */
export const compileSchema = (schema: object, options: Options = {}): ValidateFunction => {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    ownProperties: true,
    coerceTypes: false,
    useDefaults: false,
    logger: false,
    ...options,
  })
  addFormats(ajv)
  return ajv.compile(schema)
}

/** The same for two schemas that differ in the order of their keys only. */
export const schemaHash = (schema: unknown): string => createHash('sha256').update(canonical(schema)).digest('hex')

/**
 * Where a schema refers to itself through local references, as in `#/$defs/node`; undefined where it does not. Such a schema
 * describes values of any depth, which nobody can generate or compare to a fixed depth.
 */
export const selfReference = (schema: unknown): string | undefined => findLoop(schema, schema, [])

const findLoop = (node: unknown, root: unknown, open: readonly string[]): string | undefined => {
  if (typeof node !== 'object' || node === null) return undefined
  const ref = (node as { $ref?: unknown }).$ref
  if (typeof ref === 'string') {
    if (open.includes(ref) || ref === '#') return ref
    const loop = findLoop(pointedAt(root, ref), root, [...open, ref])
    if (loop !== undefined) return loop
  }
  for (const child of Object.values(node)) {
    const loop = findLoop(child, root, open)
    if (loop !== undefined) return loop
  }
  return undefined
}

const pointedAt = (root: unknown, ref: string): unknown =>
  ref
    .replace(/^#\/?/, '')
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (node, key) =>
        typeof node === 'object' && node !== null && Object.hasOwn(node, key) ? Reflect.get(node, key) : undefined,
      root,
    )
