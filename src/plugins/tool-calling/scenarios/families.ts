import { createHash } from 'node:crypto'
import {
  mulberry32,
  type Piece,
  parseTemplate,
  position,
  type Split,
  seedFrom,
  shuffle,
  type ToolSchema,
} from '../../../skill.ts'
import type { NamedTasks, Task } from './task-schema.ts'

/** One wording of a task: all scenarios that are made from it. It belongs to one split. */
export interface ScenarioFamily {
  readonly id: string
  readonly name: string // of its task
  readonly file: number // index into the definition's scenario files
  readonly task: Task
  readonly pieces: readonly Piece[]
  readonly split: Split
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly menu: readonly string[]
}

export interface Bounds {
  readonly least: number
  readonly most: number
  readonly shown: number
}

/** All wordings of the tasks that the catalogue can serve and whose plans have so many steps, in the files' order. */
export const scenarioFamilies = (
  files: readonly NamedTasks[],
  tools: readonly ToolSchema[],
  { least, most, shown }: Bounds,
): ScenarioFamily[] => {
  const names = tools.map(({ name }) => name)
  return files.flatMap(({ content }, file) =>
    Object.entries(content.tasks).flatMap(([name, task]) => {
      const needed = [...new Set(task.steps.flatMap((step) => ('call' in step ? [step.call] : [])))]
      if (task.steps.length < least || task.steps.length > most) return []
      if (!needed.every((tool) => names.includes(tool))) return []
      const tags = { kind: ['steps'], scenario: [name], steps: [String(task.steps.length)], trouble: [task.trouble] }
      const menu = menuOf(name, needed, names, shown)
      return splitsOf(name, task.say).map(({ say, split }) => ({
        id: `steps:${name}:${createHash('sha256').update(say).digest('hex').slice(0, 8)}`,
        name,
        file,
        task,
        pieces: parseTemplate(say),
        split,
        tags,
        menu,
      }))
    }),
  )
}

/** The needed tools and others up to `shown`, always the same ones for a task: its prompts begin alike. */
const menuOf = (task: string, needed: readonly string[], names: readonly string[], shown: number): string[] => {
  const random = mulberry32(seedFrom('scenario menu', task, ...names))
  const others = shuffle(
    random,
    names.filter((name) => !needed.includes(name)),
  )
  return shuffle(random, [...needed, ...others.slice(0, Math.max(0, shown - needed.length))])
}

/**
 * Every split has wordings of every task, in the order of a stable hash: of eight one each for dev and sealed, and two for the gate, since
 * its verdict needs ten families.
 */
const splitsOf = (task: string, says: readonly string[]): { say: string; split: Split }[] => {
  const share = Math.max(1, Math.round(says.length / 8))
  const order: readonly Split[] = (['dev', 'gate', 'gate', 'sealed'] as const).flatMap((split) =>
    Array<Split>(share).fill(split),
  )
  const ranked = [...says].sort((a, b) => position(`scenario:${task}:${a}`) - position(`scenario:${task}:${b}`))
  const splits = new Map(ranked.map((say, at) => [say, order[at] ?? 'train']))
  return says.map((say) => ({ say, split: splits.get(say) ?? 'train' }))
}
