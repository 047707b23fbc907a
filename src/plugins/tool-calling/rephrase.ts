import { canonical, mulberry32, render, type SlotValues, type Split, seedFrom, shuffle } from '../../skill.ts'
import { type AnyItem, isSingle } from './any-item.ts'
import { compiled } from './compiled.ts'
import type { Definition } from './definition.ts'
import type { Family } from './family.ts'
import { idOf, truthOf } from './generate.ts'
import type { Item } from './item.ts'
import { roughen } from './noise.ts'

/**
 * The same request in the words of other families of the split, with the same values, tools and truth. Refusals have none:
 * another request that no tool serves is another request.
 */
export const rephrase = (
  item: AnyItem,
  definition: Definition,
  { split, count }: { readonly split: Split; readonly count: number },
): Item[] => {
  if (!isSingle(item) || item.kind === 'decline' || !item.values) return []
  const { families } = compiled(definition)
  const own = families.find(({ id }) => id === item.family)
  if (!own) return []
  const random = mulberry32(seedFrom('rephrase', item.id))
  const truth = canonical(item.truth)
  const values = item.values
  const others = families.filter(
    (family) =>
      family.id !== own.id &&
      family.kind === own.kind &&
      family.pack === own.pack &&
      family.splits.includes(split) &&
      saysWith(family, own, values) &&
      canonical(truthOf(family, values).truth) === truth,
  )
  return shuffle(random, others)
    .slice(0, count)
    .map((family) => {
      const request = roughen(render(family.pieces, values, random), family.pieces, random)
      return { ...item, id: idOf(family.id, item.menu, request), family: family.id, tags: tagsOf(family), request }
    })
}

const tagsOf = ({ tags }: Family) => tags as Item['tags']

/** Whether a wording has no slot but those whose values are known, drawn from the same pools. */
const saysWith = (family: Family, own: Family, values: SlotValues): boolean =>
  family.draws.every(
    ({ slot, value }) =>
      Object.hasOwn(values, slot) && own.draws.some((draw) => draw.slot === slot && draw.value === value),
  )
