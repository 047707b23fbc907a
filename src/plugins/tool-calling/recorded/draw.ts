import { mulberry32, requireKnownTags, type SpecPart, type Split, seedFrom, shuffle } from '../../../skill.ts'
import type { Compiled } from '../compiled.ts'
import type { Definition } from '../definition.ts'
import { fits } from '../plan.ts'
import { recordingsOf } from './load.ts'
import type { Recording } from './recording.ts'

/**
 * The recordings among a part's rows: their share where something else can give rows too, all of them where nothing
 * can. What they are too few for is left to the others.
 */
export const recorded = (
  part: SpecPart,
  split: Split,
  { families, scenarios, dimensions }: Pick<Compiled, 'families' | 'scenarios' | 'dimensions'>,
  { data, tools }: Definition,
  seed: number,
): { readonly part: SpecPart; readonly recordings: readonly Recording[] } => {
  if (!data || part.rows === 0) return { part, recordings: [] }
  requireKnownTags(part.where, dimensions)
  const others =
    families.some((family) => family.splits.includes(split) && fits(family.tags, part.where)) ||
    scenarios.some((family) => family.split === split && fits(family.tags, part.where))
  const share = others ? Math.min(1, Math.max(...data.map((file) => file.share))) : 1
  const fitting = recordingsOf(data, tools, split).filter(({ tags }) => fits(tags, part.where))
  const unique = [...new Map(fitting.map((item) => [item.id, item])).values()]
  const recordings = shuffle(mulberry32(seedFrom('recorded', seed)), unique).slice(0, Math.round(part.rows * share))
  return { part: { ...part, rows: others ? part.rows - recordings.length : 0 }, recordings }
}
