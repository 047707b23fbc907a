import type { GenerateContext, GenerationSpec, ItemBase, Llm, Split } from '../core/contract.ts'
import { NearDuplicates } from '../core/dedupe.ts'
import { WhetError } from '../core/errors.ts'
import type { Deps } from './deps.ts'

export interface Collected {
  readonly items: ItemBase[]
  readonly made: number
  readonly duplicates: number // near-duplicates inside the set
  readonly leaked: number // near-duplicates of an evaluation item
}

/** The words that tell items apart: what the user asks, over all turns of the opening. */
export const textOf = (item: ItemBase, definition: unknown, plugin: Deps['plugin']): string =>
  plugin
    .begin(item, definition)
    .messages.filter((message) => message.role === 'user')
    .map((message) => message.content)
    .join('\n')

/**
 * Runs a spec through the plugin's generator. Near-duplicates inside the set and of `guarded` items (the evaluation
 * splits) are dropped and counted; an id that `taken` holds already is a duplicate too.
 * @param options.apart families of other splits, by name: an item of one of them would be tested on what was trained
 * @throws {WhetError} split-leak
 */
export const collectItems = async (
  spec: GenerationSpec,
  definition: unknown,
  deps: Pick<Deps, 'plugin' | 'signal' | 'emit'>,
  {
    guarded = [],
    taken = new Set(),
    apart = new Map(),
    teacher,
    byHeart,
    embed,
  }: {
    guarded?: readonly ItemBase[]
    taken?: ReadonlySet<string>
    apart?: ReadonlyMap<string, Split>
    teacher?: Llm | undefined
    byHeart?: GenerateContext['byHeart']
    embed?: GenerateContext['embed']
  } = {},
): Promise<Collected> => {
  const { plugin, signal } = deps
  const total = spec.parts.reduce((sum, part) => sum + part.rows, 0)
  const progress = (done: number, of: number, what: string) =>
    deps.emit({ type: 'stage.progress', data: { done, total: of, what } })
  const evaluation = new NearDuplicates()
  for (const item of guarded) evaluation.add(item.id, textOf(item, definition, plugin))
  const seen = new NearDuplicates()
  const ids = new Set(taken)
  const items: ItemBase[] = []
  const counts = { made: 0, duplicates: 0, leaked: 0 }
  const yielded: GenerateContext['yielded'] = (data) => deps.emit({ type: 'teacher.yield', data })
  const taught = teacher && { teacher, yielded, ...(byHeart && { byHeart }), ...(embed && { embed }) }
  for await (const item of plugin.generate(spec, definition, { signal, progress, ...taught })) {
    signal.throwIfAborted()
    counts.made += 1
    const other = apart.get(item.family)
    if (other !== undefined && other !== spec.split) throw splitLeak(item, spec.split, other, plugin.name)
    const text = textOf(item, definition, plugin)
    if (evaluation.find(text)) counts.leaked += 1
    else if (ids.has(item.id) || seen.find(text)) counts.duplicates += 1
    else {
      ids.add(item.id)
      seen.add(item.id, text)
      items.push(item)
    }
    if (counts.made % 500 === 0) progress(counts.made, total, 'items')
  }
  return { items, ...counts }
}

/** The families of items that are there already, by the split that has them. */
export const familiesOf = (items: Readonly<Partial<Record<Split, readonly ItemBase[]>>>): Map<string, Split> =>
  new Map(Object.entries(items).flatMap(([split, rows = []]) => rows.map(({ family }) => [family, split as Split])))

const splitLeak = ({ id, family }: ItemBase, split: Split, other: Split, skill: string) =>
  new WhetError({
    code: 'split-leak',
    message: `The skill ${skill} made the ${split} item ${id} of the family ${JSON.stringify(family.slice(0, 100))}, which ${other} has too. Draw from the pool of spec.split only; \`whet plugin check\` shows all leaks.`,
    fixedBy: 'plugin',
    data: { family, splits: [other, split], item: id },
  })
