import {
  type GenerateContext,
  type GenerationSpec,
  mulberry32,
  pick,
  type Random,
  type SpecPart,
  sample,
  seedFrom,
} from '../../skill.ts'
import { speak } from './brainstorm.ts'
import type { Definition } from './definition.ts'
import { feedbackOf } from './feedback.ts'
import { type Disturbance, disturbances, type Item, type Kind, kinds, type Relation, relations } from './item.ts'
import { type Pools, poolsOf } from './material.ts'
import { writtenByDefault } from './options.ts'
import { type Wish, writtenItems } from './teacher.ts'
import { drawTruth } from './truth.ts'
import { countWords } from './voice/words.ts'

/** Draws of one item before its brainstorm is taken as it is: most fit the contract's length at once. */
const mostDraws = 12

/**
 * Spec in, items out: the same seed gives the same items, and every value comes from the pools of the spec's split. Of the outlines to
 * train on a share is a teacher's, where there is one, out of the author's own texts.
 */
export async function* generate(
  spec: GenerationSpec,
  definition: Definition,
  context: GenerateContext,
): AsyncGenerator<Item> {
  const pools = poolsOf(definition.material, spec.split)
  for (const [at, part] of spec.parts.entries()) {
    let read = 0
    if (spec.split === 'train')
      for await (const item of writtenItems(wishOf(spec.seed, at, part, definition), definition, context)) {
        read += 1
        yield item
      }
    for (let n = 0; n < part.rows; n += 1) {
      context.signal.throwIfAborted()
      if (read > 0 && kindOf(n, part, definition) === 'outline') read -= 1
      else yield itemOf(seedFrom(spec.seed, spec.split, at, n), n, part, definition, pools)
    }
  }
}

/** What of a part a teacher is asked for. How ideas follow from each other is the text's business: a part that wants that gets none. */
const wishOf = (seed: number, at: number, part: SpecPart, definition: Definition): Wish => {
  const { where, rows } = part
  const outlines = Array.from({ length: rows }, (_, n) => kindOf(n, part, definition)).filter(
    (kind) => kind === 'outline',
  )
  const share = where.relation ? 0 : (definition.written ?? writtenByDefault)
  const sizes = sizesOf(definition).filter((size) => !where.ideas || where.ideas.includes(String(size)))
  return {
    rows: sizes.length > 0 ? Math.floor(outlines.length * share) : 0,
    sizes,
    disturbance: where.disturbance,
    seed: seedFrom(seed, 'texts', at),
  }
}

const itemOf = (seed: number, n: number, part: SpecPart, definition: Definition, pools: Pools): Item => {
  const random = mulberry32(seed)
  const kind = kindOf(n, part, definition)
  const [least, most] = definition.contract.brainstorm.words
  let item = draw(random, kind, part, definition, pools)
  for (let draws = 1; draws < mostDraws; draws += 1) {
    const words = countWords(item.brainstorm)
    if (words >= least && words <= most) break
    item = draw(random, kind, part, definition, pools)
  }
  return item
}

/** Kinds in turn by their shares, so that few rows hold all of them; a spec that names kinds gets those. */
const kindOf = (n: number, { where }: SpecPart, { kinds: shares }: Definition): Kind => {
  const allowed = kinds.filter((kind) => (where.kind ? where.kind.includes(kind) : shares[kind] > 0))
  const weight = (kind: Kind) => (shares[kind] > 0 ? shares[kind] : 0.01)
  const total = allowed.reduce((sum, kind) => sum + weight(kind), 0)
  // a low-discrepancy step: any run of rows holds each kind about as often as its share
  const place = ((n * 0.618034 + 0.5) % 1) * total
  const upTo = (at: number) => allowed.slice(0, at + 1).reduce((sum, kind) => sum + weight(kind), 0)
  return allowed.find((_, at) => place < upTo(at)) ?? allowed[0] ?? 'outline'
}

const draw = (random: Random, kind: Kind, part: SpecPart, definition: Definition, pools: Pools): Item => {
  const { where, difficulty = 2 } = part
  const sizes = sizesOf(definition).filter((size) => !where.ideas || where.ideas.includes(String(size)))
  const wished = (where.relation ?? []).filter((each): each is Relation => relations.includes(each as Relation))
  const relation = wished.length > 0 ? pick(random, wished) : undefined
  const truth = drawTruth(random, pools, {
    ideas: pick(random, sizes.length > 0 ? sizes : sizesOf(definition)),
    claims: definition.contract.brainstorm.claims,
    ...(relation && { relation }),
  })
  const wanted = disturbancesOf(random, where.disturbance, difficulty, relation)
  const spoken = speak(random, truth, pools, { disturbances: wanted, thesis: kind !== 'clarify' })
  const tags = {
    kind: [kind],
    disturbance: wanted,
    relation: relations.filter((each) => spoken.ideas.some((idea) => idea.relation === each)),
    ideas: [String(truth.ideas.length)],
  }
  // a move may silence the wished relation: then the item is drawn again without one
  if (relation && !tags.relation.includes(relation))
    return draw(random, kind, { ...part, where: { ...where, disturbance: ['filler'] } }, definition, pools)
  const { text: brainstorm, ...heard } = spoken
  const item = { family: truth.topic, tags, kind, ...truth, ...heard, brainstorm } satisfies Omit<Item, 'id'>
  const feedback = feedbackOf(random, item, pools)
  return {
    id: `${kind}-${seedFrom(brainstorm).toString(36)}`,
    ...item,
    ...(kind === 'clarify' && {
      answer: pick(random, [`That ${truth.thesis}.`, `It should show that ${truth.thesis}.`]),
    }),
    ...(feedback && { feedback }),
  }
}

export const sizesOf = ({ ideas: [least, most] }: Definition): number[] =>
  Array.from({ length: most - least + 1 }, (_, at) => least + at)

const disturbancesOf = (
  random: Random,
  named: readonly string[] | undefined,
  difficulty: number,
  relation: Relation | undefined,
): Disturbance[] => {
  const asked = disturbances.filter((each) => named?.includes(each))
  const forced = asked.length > 0 ? [pick(random, asked)] : []
  // a relation can only be heard where its two ideas stand together
  const free = disturbances.filter(
    (each) => !forced.includes(each) && !(relation && relation !== 'and' && each === 'out-of-order'),
  )
  const count = Math.max(forced.length, difficulty + Math.floor(random() * 2))
  const all = [...forced, ...sample(random, free, count - forced.length)]
  return disturbances.filter((each) => all.includes(each))
}
