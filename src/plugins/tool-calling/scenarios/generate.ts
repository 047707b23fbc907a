import { createHash } from 'node:crypto'
import {
  mulberry32,
  parseTemplate,
  render,
  type SlotValues,
  type SpecPart,
  type Split,
  seedFrom,
  shuffle,
  type ValueSource,
  valueSource,
} from '../../../skill.ts'
import type { Definition } from '../definition.ts'
import { apportion, fits } from '../plan.ts'

import type { ScenarioFamily } from './families.ts'
import type { Scenario, Step } from './scenario.ts'
import type { Task, TaskStep } from './task-schema.ts'

/** The rows of one part as scenarios: spread evenly over the tasks, and within a task over its wordings. */
export function* scenarios(
  part: Pick<SpecPart, 'where' | 'rows'>,
  split: Split,
  families: readonly ScenarioFamily[],
  definition: Definition,
  seed: number,
): Generator<Scenario> {
  const fitting = families.filter((family) => family.split === split && fits(family.tags, part.where))
  const tasks = [...new Set(fitting.map(({ name }) => name))]
  const random = mulberry32(seedFrom('scenarios', seed))
  const rows = apportion(
    part.rows,
    tasks.map(() => 1),
    random,
  )
  const planned = tasks.flatMap((task, at) => {
    const own = shuffle(
      random,
      fitting.filter(({ name }) => name === task),
    )
    return Array.from({ length: rows[at] ?? 0 }, (_, row) => own[row % own.length] as ScenarioFamily)
  })
  for (const [row, family] of shuffle(random, planned).entries())
    yield makeScenario(family, sourceOf(definition, family.file, split), definition, mulberry32(seedFrom(seed, row)))
}

const sources = new WeakMap<Definition, Map<string, ValueSource>>()
const sourceOf = (definition: Definition, file: number, split: Split): ValueSource => {
  const known = sources.get(definition) ?? new Map<string, ValueSource>()
  sources.set(definition, known)
  const key = `${file} ${split}`
  const content = definition.scenarios?.files[file]?.content
  if (!content) throw new Error(`the definition has no scenario file ${file}`)
  const source = known.get(key) ?? valueSource(content, split, false)
  known.set(key, source)
  return source
}

const makeScenario = (
  family: ScenarioFamily,
  source: ValueSource,
  definition: Definition,
  random: () => number,
): Scenario => {
  const { task, menu, tags } = family
  const values: Record<string, string> = {}
  const taken = new Set<string>()
  for (const [slot, value] of Object.entries(task.slots)) {
    const drawn = source.draw(value, random, taken)
    taken.add(drawn)
    values[slot] = drawn
  }
  const fill = (text: string) => render(parseTemplate(text), values, random)
  const request = render(family.pieces, values, random)
  const context = definition.scenarios?.context ?? []
  const session = {
    sessionId: `s-${hex(random)}`,
    workspaceId: `w-${hex(random)}`,
    workspace: source.draw(Object.values(task.slots)[0] ?? '', random, taken),
  }
  return {
    id: idOf(family.id, request, values, session.sessionId),
    family: family.id,
    tags: tags as Scenario['tags'],
    request,
    menu: [...menu],
    kind: 'steps',
    trouble: task.trouble,
    about: fill(task.about),
    goal: fill(task.goal),
    ...(context.length > 0 && { session }),
    state: filledState(task, fill),
    faults: task.faults.map((fault) => ({
      call: fault.call,
      with: filled(fault.with, fill),
      without: [...fault.without],
      says: fill(fault.says),
    })),
    plan: planOf(task.steps, fill, fill(task.goal)),
  }
}

const hex = (random: () => number) =>
  Math.floor(random() * 0xffffff)
    .toString(16)
    .padStart(6, '0')

const filled = (texts: Readonly<Record<string, string>>, fill: (text: string) => string) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [fill(key), fill(text)]))

const filledState = ({ state }: Task, fill: (text: string) => string): Scenario['state'] => ({
  files: filled(state.files, fill),
  folders: state.folders.map(fill),
  tags: Object.fromEntries(Object.entries(state.tags).map(([path, tags]) => [fill(path), tags.map(fill)])),
  memory: filled(state.memory, fill),
})

/** The steps with what is known before each: nothing at first, then what the steps before it have found or done. */
const planOf = (steps: readonly TaskStep[], fill: (text: string) => string, goal: string): Step[] => {
  const known: string[] = []
  return steps.map((step) => {
    if ('ask' in step) {
      known.push(fill(step.answer))
      return { ask: fill(step.ask), names: step.names.map(fill), answer: fill(step.answer) }
    }
    if ('say' in step) return { say: fill(step.say), mentions: step.mentions.map(fill) }
    const memory = known.length === 0 ? `Nothing done yet. Asked for: ${goal}` : known.slice(-2).join(' ')
    known.push(fill(step.done))
    return {
      tool: step.call,
      arguments: filled(step.with, fill),
      aim: fill(step.aim),
      memory,
      ...(step.fails && { fails: true as const }),
      ...(step.looks && { looks: true as const }),
      ...(step.destroys && { destroys: true as const }),
    }
  })
}

const idOf = (family: string, request: string, values: SlotValues, session: string): string =>
  `ts-${createHash('sha256')
    .update([family, request, JSON.stringify(values), session].join('\n'))
    .digest('hex')
    .slice(0, 12)}`
