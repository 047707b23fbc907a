import type { ToolCall } from '../../../skill.ts'
import { isObject } from '../schema.ts'
import { type ContextField, contextArgument } from '../vault/tools.ts'
import type { CallStep, Scenario } from './scenario.ts'

/** The context of an ideal call: ids as given, and texts that say what this step knows and wants. */
export const goldContext = (
  item: Scenario,
  step: CallStep,
  before: CallStep | undefined,
  fields: readonly ContextField[],
): Record<string, string> => {
  const all: Record<ContextField, string> = {
    sessionId: item.session?.sessionId ?? '',
    workspaceId: item.session?.workspaceId ?? '',
    sessionDescription: item.about,
    sessionMemory: step.memory,
    toolContext: before
      ? `${before.tool} ${before.fails ? 'failed, so try' : 'is done, now'} ${step.tool}`
      : `Begin with ${step.tool}`,
    primaryGoal: item.goal,
    subgoal: step.aim,
  }
  return Object.fromEntries(fields.map((field) => [field, all[field]]))
}

const shortestMemory = 12
const ids: readonly string[] = ['sessionId', 'workspaceId']

/**
 * What is wrong with the context of a call, or nothing: a field that is missing or empty, an id that is not the session's, a text
 * copied from another field, a memory that is too short to say anything or the same as in the call before.
 */
export const contextFault = (
  { arguments: args }: Pick<ToolCall, 'arguments'>,
  before: Pick<ToolCall, 'arguments'> | undefined,
  { session }: Scenario,
  fields: readonly ContextField[],
): string | undefined => {
  const context = contextOf(args)
  if (!context) return 'the call carries no context'
  for (const field of fields) {
    const value = context[field]
    if (typeof value !== 'string' || value.trim() === '') return `${field} is empty`
    const right = field === 'sessionId' ? session?.sessionId : field === 'workspaceId' ? session?.workspaceId : value
    if (value !== right) return `${field} is ${JSON.stringify(value.slice(0, 60))}, not the one of the session`
  }
  const texts = fields.filter((field) => !ids.includes(field)).map((field) => String(context[field]))
  if (new Set(texts.map((text) => text.trim().toLowerCase())).size < texts.length)
    return 'a field is copied from another'
  if (!fields.includes('sessionMemory')) return undefined
  const memory = String(context.sessionMemory).trim()
  if (memory.length < shortestMemory) return 'sessionMemory says next to nothing'
  return before && contextOf(before.arguments)?.sessionMemory === context.sessionMemory
    ? 'sessionMemory is the one of the call before'
    : undefined
}

export const contextOf = (args: unknown): Record<string, unknown> | undefined => {
  const context = isObject(args) ? args[contextArgument] : undefined
  return isObject(context) ? context : undefined
}

/** The arguments that the tool works with. */
export const withoutContext = (args: unknown): Record<string, unknown> => {
  if (!isObject(args)) return {}
  const { [contextArgument]: _, ...rest } = args
  return rest
}
