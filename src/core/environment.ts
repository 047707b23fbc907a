import type { Environment, ToolCall, ToolSchema } from './contract.ts'
import { messageOf } from './errors.ts'
import { compileSchema } from './json-schema.ts'
import { unknownName } from './nearest.ts'

/** A tool that is a function. What it throws is told to the student as the tool's error: one bad call is data. */
export interface EnvironmentTool extends ToolSchema {
  run(args: Readonly<Record<string, unknown>>, signal: AbortSignal): unknown
}

/**
 * An environment of functions: an unknown tool and arguments that do not fit the schema are answered with an error, as a real
 * server would. Results that are not text are written as JSON.
 * @param endState what the episode left behind, for `grade`
 */
export const functionEnvironment = (
  tools: readonly EnvironmentTool[],
  { endState = () => undefined, close = () => {} }: { endState?(): unknown; close?(): unknown } = {},
): Environment => ({
  async call(call, signal) {
    signal.throwIfAborted()
    const refused = refusal(call, tools)
    if (refused !== undefined) return { content: refused, isError: true }
    try {
      const tool = tools.find(({ name }) => name === call.name) as EnvironmentTool
      const result = await tool.run(call.arguments as Record<string, unknown>, signal)
      return { content: typeof result === 'string' ? result : (JSON.stringify(result) ?? ''), isError: false }
    } catch (error) {
      signal.throwIfAborted()
      return { content: messageOf(error), isError: true }
    }
  },
  endState: async () => endState(),
  close: async () => {
    await close()
  },
})

const validators = new WeakMap<object, ReturnType<typeof compileSchema>>()

const refusal = ({ name, arguments: args }: ToolCall, tools: readonly EnvironmentTool[]): string | undefined => {
  const tool = tools.find((each) => each.name === name)
  if (!tool)
    return unknownName(
      'tool',
      String(name),
      tools.map((each) => each.name),
    )
  const validator = validators.get(tool.parameters) ?? compileSchema(tool.parameters)
  validators.set(tool.parameters, validator)
  if (validator(args)) return undefined
  return `wrong arguments: ${validator.errors?.map(({ instancePath, message }) => `${instancePath || '/'} ${message}`).join(', ')}`
}
