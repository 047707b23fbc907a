import {
  type GenerateContext,
  type GenerationSpec,
  mulberry32,
  type Random,
  requireKnownTags,
  type SpecPart,
  seedFrom,
  shuffle,
  type Tags,
} from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { Item, Kind } from './item.ts'
import { type Opened, openDefinition } from './library.ts'
import { writtenByDefault } from './options.ts'
import { writtenItems } from './teacher.ts'

export const dimensionsOf = ({ shares, hops }: Definition) => ({ kind: Object.keys(shares), hops })

/**
 * Questions of the split's own clusters of documents, spread over the kinds by their shares and the part's difficulty, and over the clusters
 * evenly. Fewer than asked for where the documents give no more.
 * @throws {WhetError} unknown-tag · corpus-gone
 */
export async function* generate(
  spec: GenerationSpec,
  definition: Definition,
  context: GenerateContext,
): AsyncGenerator<Item> {
  const opened = openDefinition(definition)
  await opened.prepare(context.signal, (what) => context.progress(0, 0, what))
  const used = new Set<string>()
  for (const [at, part] of spec.parts.entries()) {
    requireKnownTags(part.where, dimensionsOf(definition))
    const random = mulberry32(seedFrom(spec.seed, spec.split, at))
    const clusters = opened.catalog.clustersOf(spec.split)
    let written = 0
    const toWrite = spec.split === 'train' ? rowsToWrite(part, definition) : 0
    // dice of its own: whatever the teacher does, the questions by construction stay the same
    const writing = { definition, opened, random: mulberry32(seedFrom(spec.seed, 'written', at)), context }
    for await (const item of writtenItems(clusters, toWrite, writing)) {
      written += 1
      used.add(item.id)
      yield item
    }
    const drawing = { opened, signal: context.signal, random, used, written }
    for await (const item of drawPart(part, clusters, definition, drawing)) {
      context.signal.throwIfAborted()
      yield item
    }
  }
}

/** Plain questions that a teacher writes where there is one, of those that the part asks for. */
const rowsToWrite = ({ rows, where }: SpecPart, { shares, written = writtenByDefault }: Definition): number => {
  const wanted = Object.keys(shares).filter((kind) => !where.kind || where.kind.includes(kind))
  if (!wanted.includes('fact') || (where.hops && !where.hops.includes('1'))) return 0
  const all = wanted.reduce((sum, kind) => sum + (shares[kind] || 1), 0)
  return Math.floor((rows * (shares.fact || 1) * written) / all)
}

interface Drawing {
  readonly opened: Opened
  readonly signal: AbortSignal
  readonly random: Random
  readonly used: Set<string> // ids that were given
  readonly written: number // plain questions that the part has already
}

/** Kinds that one look answers, and kinds that take several documents or other words than the document's: three times their share where a part asks for them. */
const kindsOf: Readonly<Record<1 | 3, readonly Kind[]>> = {
  1: ['fact', 'near-title', 'in-context'],
  3: ['mismatch', 'two-hop', 'aggregation', 'temporal', 'negation'],
}
const emphasis = 3

async function* drawPart(
  part: SpecPart,
  clusters: readonly string[],
  { shares }: Definition,
  drawing: Drawing,
): AsyncGenerator<Item> {
  const wanted = Object.keys(shares).filter((kind) => !part.where.kind || part.where.kind.includes(kind)) as Kind[]
  const stressed = part.difficulty === 1 || part.difficulty === 3 ? kindsOf[part.difficulty] : []
  const sources = wanted.map((kind) => ({
    kind,
    share: (shares[kind] || 1) * (stressed.includes(kind) ? emphasis : 1),
    next: drawer(kind, clusters, part.where, drawing),
  }))
  let left = part.rows - drawing.written
  let live = sources
  const given = new Map<Kind, number>([['fact', drawing.written]])
  while (left > 0 && live.length > 0) {
    // the kind that is furthest behind its share
    const source = live.reduce((a, b) =>
      (given.get(b.kind) ?? 0) / b.share < (given.get(a.kind) ?? 0) / a.share ? b : a,
    )
    const { value, done } = await source.next.next()
    if (done) live = live.filter((each) => each !== source)
    else {
      given.set(source.kind, (given.get(source.kind) ?? 0) + 1)
      left -= 1
      yield value
    }
  }
}

/** Items of one kind, one a cluster in turn, until there are no more. */
async function* drawer(
  kind: Kind,
  clusters: readonly string[],
  where: Tags,
  { opened, signal, random, used }: Drawing,
): AsyncGenerator<Item> {
  const order = shuffle(random, clusters)
  for (let any = true; any; ) {
    any = false
    for (const cluster of order) {
      const made = await opened.drafts(kind, cluster, signal)
      const fitting = made.filter((item) => !used.has(item.id) && fits(item.tags, where))
      const item = fitting[Math.floor(random() * fitting.length)]
      if (!item) continue
      any = true
      used.add(item.id)
      yield item
    }
  }
}

const fits = (tags: Tags, where: Tags): boolean =>
  Object.entries(where).every(([dimension, values]) => values.some((value) => tags[dimension]?.includes(value)))
