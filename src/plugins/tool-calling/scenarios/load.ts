import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { messageOf, parseTemplate, slotsOf, type ToolSchema, valueNames, WhetError } from '../../../skill.ts'
import { parametersOf, propertyOf, requiredOf } from '../schema.ts'

import { contextArgument } from '../vault/tools.ts'
import { type NamedTasks, type Task, TaskFile } from './task-schema.ts'

/** The scenario files that come with the product. */
export const builtinTasks: readonly string[] = ['vault', 'filesystem']

/**
 * Reads a scenario file by its built-in name, or by a path that starts at `baseDir`, and holds it against the tools.
 * @throws {WhetError} scenarios-missing · bad-scenarios (its shape, or what does not fit the tools; data.problems has all)
 */
export const loadTasks = async (name: string, baseDir: string, tools: readonly ToolSchema[]): Promise<NamedTasks> => {
  const file = builtinTasks.includes(name)
    ? fileURLToPath(new URL(`./tasks/${name}.yaml`, import.meta.url))
    : path.resolve(baseDir, name)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WhetError({
      code: 'scenarios-missing',
      message: `The scenario file ${name} cannot be read (${messageOf(cause)}). Built in: ${builtinTasks.join(', ')}; any other name is a path.`,
      fixedBy: 'config',
      exit: 2,
      data: { scenarios: name },
      cause,
    })
  })
  const content = shaped(name, text)
  const problems = taskProblems(content, tools)
  if (problems.length > 0) throw bad(name, problems)
  return { name, content }
}

const shaped = (name: string, text: string): TaskFile => {
  let raw: unknown
  try {
    raw = parse(text)
  } catch (error) {
    throw bad(name, [messageOf(error).split('\n')[0] ?? ''])
  }
  const parsed = TaskFile.safeParse(raw)
  if (parsed.success) return parsed.data
  throw bad(
    name,
    parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`),
  )
}

/** Everything in which tasks do not fit the tools or themselves. A task whose tools are not all there is skipped later. */
export const taskProblems = (file: TaskFile, tools: readonly ToolSchema[]): string[] =>
  Object.entries(file.tasks).flatMap(([name, task]) => {
    const slots = Object.keys(task.slots)
    const unknown = textsOf(task).flatMap((text) => {
      try {
        return slotsOf(parseTemplate(text)).filter((slot) => !slots.includes(slot))
      } catch (error) {
        return [messageOf(error)]
      }
    })
    return [
      ...[...new Set(unknown)].map((slot) => `tasks.${name}: there is no slot {${slot}}`),
      ...Object.values(task.slots)
        .filter((value) => !valueNames(file).includes(value))
        .map((value) => `tasks.${name}.slots: there is no value ${value}`),
      ...argumentProblems(name, task, tools),
      ...('say' in (task.steps.at(-1) ?? {}) ? [] : [`tasks.${name}: its last step says nothing`]),
    ]
  })

const argumentProblems = (name: string, { steps }: Task, tools: readonly ToolSchema[]): string[] =>
  steps.flatMap((step) => {
    const tool = 'call' in step ? tools.find((candidate) => candidate.name === step.call) : undefined
    if (!tool || !('call' in step)) return []
    const schema = parametersOf(tool)
    return [
      ...Object.keys(step.with)
        .filter((argument) => !propertyOf(schema, argument))
        .map((argument) => `tasks.${name}: ${tool.name} has no argument ${argument}`),
      ...requiredOf(schema)
        .filter((argument) => argument !== contextArgument && !Object.hasOwn(step.with, argument))
        .map((argument) => `tasks.${name}: ${tool.name} needs ${argument}`),
    ]
  })

/** Every template of a task. */
const textsOf = ({ about, goal, state, faults, say, steps }: Task): string[] => [
  about,
  goal,
  ...Object.entries(state.files).flat(),
  ...state.folders,
  ...Object.entries(state.tags).flatMap(([path, tags]) => [path, ...tags]),
  ...Object.entries(state.memory).flat(),
  ...faults.flatMap((fault) => [fault.says, ...Object.values(fault.with)]),
  ...say,
  ...steps.flatMap((step) => {
    if ('call' in step) return [...Object.values(step.with), step.aim, step.done]
    return 'ask' in step ? [step.ask, step.answer, ...step.names] : [step.say, ...step.mentions]
  }),
]

const bad = (name: string, problems: readonly string[]) =>
  new WhetError({
    code: 'bad-scenarios',
    message: `The scenario file ${name} does not fit: ${problems.slice(0, 8).join(' · ')}${problems.length > 8 ? ` · and ${problems.length - 8} more` : ''}. docs/scenarios.md describes it.`,
    fixedBy: 'config',
    exit: 2,
    data: { scenarios: name, problems },
  })
