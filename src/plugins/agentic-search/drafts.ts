import { createHash } from 'node:crypto'
import { ambiguous, unanswerable } from './drafts/no-answer.ts'
import { fact, inContext, mismatch, nearTitle } from './drafts/one-document.ts'
import type { Library, Maker, Parts } from './drafts/parts.ts'
import { aggregation, comparison, negation, temporal, twoHop } from './drafts/several-documents.ts'
import { Item, type Kind } from './item.ts'

/** Every question of a kind that a cluster of documents gives, the same at each call. */
export const draftsOf = async (kind: Kind, cluster: string, library: Library): Promise<Item[]> => {
  const entries = library.catalog.clusters.get(cluster) ?? []
  const items: Item[] = []
  for await (const parts of makers[kind](entries, library)) items.push(itemOf(parts, cluster))
  return items
}

export const itemOf = (parts: Parts, cluster: string): Item => {
  const { kind, question, context, needs, hidden = [] } = parts
  const id = createHash('sha256')
    .update(JSON.stringify([kind, question, context ?? '', hidden]))
    .digest('hex')
    .slice(0, 12)
  const hops = kind === 'in-context' ? 0 : new Set(needs.map(({ document }) => document)).size
  const tags = { kind: [kind], hops: [String(Math.min(3, hops))] }
  const rest = { looks: [], evidence: [], canaries: [], names: [], hidden: [] }
  return Item.parse({ id: `${kind}-${id}`, family: cluster, tags, ...rest, ...parts }) // its keys in the schema's order
}

const makers: Readonly<Record<Kind, Maker>> = {
  fact,
  'near-title': nearTitle,
  mismatch,
  comparison,
  'two-hop': twoHop,
  aggregation,
  temporal,
  negation,
  ambiguous,
  'in-context': inContext,
  unanswerable,
}
