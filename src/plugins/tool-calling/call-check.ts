import type { ErrorObject } from 'ajv'
import { nearest, type ToolSchema } from '../../skill.ts'
import { shown } from './compare.ts'
import type { Call } from './conversations.ts'
import { isObject, parametersOf, propertiesOf } from './schema.ts'
import type { Catalogue } from './tool-forms.ts'
import { schemaErrors } from './validators.ts'

export type Report = (kind: string, path: string, message: string, severity?: 'error' | 'warning') => void

/** A catalogue with its tools by name, for many rows. */
export interface Checker {
  readonly catalogue: Catalogue
  readonly tools: ReadonlyMap<string, ToolSchema>
  readonly unchecked: ReadonlySet<string>
  readonly refused: ReadonlyMap<string, string> // why a tool's schema cannot be used
}

export const checkerOf = (catalogue: Catalogue): Checker => ({
  catalogue,
  tools: new Map(catalogue.tools.map((tool) => [tool.name, tool])),
  unchecked: new Set(catalogue.unchecked),
  refused: new Map((catalogue.refused ?? []).map(({ name, error }) => [name, error.message])),
})

/** Everything about one call that its tool's schema decides. */
export const checkCall = (call: Call, { catalogue, tools, unchecked, refused }: Checker, report: Report): void => {
  if (call.problem) {
    report(call.problem.kind, call.path, call.problem.message)
    return
  }
  const unusable = refused.get(call.name)
  if (unusable !== undefined) {
    report('unchecked-call', call.path, unusable, 'warning')
    return
  }
  const tool = tools.get(call.name)
  if (!tool) {
    const guess = nearest(call.name, tools.keys())
    report('unknown-tool', call.path, `there is no tool ${shown(call.name)}${guess ? `; the nearest is ${guess}` : ''}`)
    return
  }
  const args = call.arguments as Record<string, unknown>
  const properties = propertiesOf(parametersOf(tool))
  const open = parametersOf(tool).additionalProperties === true
  for (const name of Object.keys(args)) {
    if (!Object.hasOwn(properties, name)) {
      if (!open) report('unknown-argument', `${call.path}.${name}`, `${tool.name} has no argument ${shown(name)}`)
    } else if (unchecked.has(`${tool.name}.${name}`))
      report(
        'unchecked-argument',
        `${call.path}.${name}`,
        'its type is only a name in the tools file: anything passes',
        'warning',
      )
  }
  const context = catalogue.context
  for (const error of schemaErrors(tool, args)) reportSchemaError(error, call, context?.name, report)
  if (context) checkContext(args[context.name], context.fields, `${call.path}.${context.name}`, report)
}

const kindOf: Readonly<Record<string, string>> = {
  required: 'missing-argument',
  type: 'wrong-type',
  enum: 'not-in-enum',
  const: 'not-in-enum',
}

const reportSchemaError = (error: ErrorObject, call: Call, context: string | undefined, report: Report): void => {
  const { keyword, instancePath, params, message } = error
  const at = `${call.path}${instancePath.replaceAll('/', '.')}`
  // unknown arguments are found by name, and the context has findings of its own
  if (keyword === 'additionalProperties' && instancePath === '') return
  if (
    context !== undefined &&
    (instancePath === `/${context}` || (instancePath === '' && params.missingProperty === context))
  )
    return
  const missing = typeof params.missingProperty === 'string' ? params.missingProperty : undefined
  const path = keyword === 'required' && missing !== undefined ? `${at}.${missing}` : at
  const allowed = Array.isArray(params.allowedValues) ? `: ${params.allowedValues.map(shown).join(', ')}` : ''
  report(kindOf[keyword] ?? 'invalid-argument', path, `${message ?? keyword}${allowed}`)
}

const checkContext = (value: unknown, fields: readonly string[], path: string, report: Report): void => {
  if (!isObject(value)) {
    report('missing-context', path, `every call carries a context object with ${fields.join(', ')}`)
    return
  }
  for (const field of fields) {
    const entry = value[field]
    if (entry === undefined) report('missing-context', `${path}.${field}`, `the context lacks ${field}`)
    else if (typeof entry !== 'string' || entry.trim() === '')
      report('empty-context', `${path}.${field}`, `${field} is not a non-empty text`)
  }
}
