import type { AnySkill, Grade, ItemBase, Split, Tags, Transcript } from '../core/contract.ts'
import { playGold } from '../core/episode.ts'

/** What every plugin is held to, as plain functions: `whet plugin check` and the contract tests both run them. */
export interface Check {
  readonly name: string
  /** What an author does about its findings. */
  readonly mend: string
  /** Findings are worth a look and break nothing. */
  readonly advice?: true
  /** What is wrong, in words; empty when the plugin keeps this part of the contract. */
  run(world: World, figure: (text: string) => void): Promise<string[]>
}

export interface World {
  readonly plugin: AnySkill
  readonly definition: unknown
  readonly signal: AbortSignal
  readonly scratch: string
  readonly items: Readonly<Record<Split, readonly ItemBase[]>> // of a spec that asks for nothing in particular
  generate(split: Split, where: Tags, rows: number, seed?: number): Promise<ItemBase[]>
}

export interface WorldOptions {
  readonly options: unknown // the skill's section of a config
  readonly baseDir: string
  readonly signal?: AbortSignal
  readonly rows?: number // items a split
}

export const splits: readonly Split[] = ['train', 'dev', 'gate', 'sealed']
const defaultRows = 60

/** Defines the skill and makes a sample of its items. */
export const makeWorld = async (
  plugin: AnySkill,
  { options, baseDir, rows = defaultRows, signal = new AbortController().signal }: WorldOptions,
  scratch: string,
): Promise<World> => {
  const context = { baseDir, signal, progress: () => {} }
  const definition = await plugin.define(plugin.options.parse(options), context)
  const generate = async (split: Split, where: Tags, count: number, seed = 1): Promise<ItemBase[]> => {
    const made: ItemBase[] = []
    for await (const item of plugin.generate({ seed, split, parts: [{ where, rows: count }] }, definition, context))
      made.push(item)
    return made
  }
  const items = { train: [], dev: [], gate: [], sealed: [] } as Record<Split, ItemBase[]>
  for (const split of splits) items[split] = await generate(split, {}, rows)
  return { plugin, definition, signal, scratch, items, generate }
}

export const everyItem = ({ items }: World): ItemBase[] => splits.flatMap((split) => [...items[split]])
export const requestOf = ({ plugin, definition }: World, item: ItemBase) =>
  JSON.stringify(plugin.begin(item, definition).messages)
/** Episodes of several steps live on what their calls give; a single exchange is only executed where it is asked for. */
export const playedGold = ({ plugin, definition, signal, scratch }: World, item: ItemBase, execute = false) =>
  playGold(item, {
    plugin,
    definition,
    signal,
    ...((execute || plugin.begin(item, definition).maxSteps > 1) && { scratch }),
  })
export const graded = (
  { plugin, definition, signal }: World,
  item: ItemBase,
  transcript: Transcript,
  endState?: unknown,
): Promise<Grade> => plugin.grade(item, transcript, definition, { signal, endState })

export const criteriaOf = ({ plugin }: World) => plugin.rubrics.flatMap(({ criteria }) => criteria)

/** A check whose findings are collected as they come. */
export const check = (
  name: string,
  mend: string,
  run: (world: World, find: (finding: string) => void, figure: (text: string) => void) => Promise<void> | void,
): Check => ({
  name,
  mend,
  async run(world, figure) {
    const findings: string[] = []
    await run(world, (finding) => findings.push(finding), figure)
    return findings
  },
})

/** Tags that `dimensions()` does not list, in words. */
export const undeclared = (tags: Tags, { plugin, definition }: World): string[] => {
  const dimensions = plugin.dimensions(definition)
  return Object.entries(tags).flatMap(([dimension, values]) =>
    values
      .filter((value) => !dimensions[dimension]?.includes(value))
      .map((value) => `${dimension} "${value}" is not declared`),
  )
}
