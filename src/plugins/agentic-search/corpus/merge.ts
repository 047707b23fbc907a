import type { Ranked } from './search-index.ts'

/** How deep each ranking is read for a merged one. */
export const mergedDepth = 100
/** The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009). */
const constant = 60

/**
 * Reciprocal rank fusion: a document scores 1 / (60 + rank) in each ranking that has it, whatever the rankings' own scores mean. It is
 * shown by the passage of the ranking where it stands highest. Equal scores by id.
 */
export const merged = (rankings: readonly (readonly Ranked[])[], limit: number): Ranked[] => {
  const all = new Map<string, { id: string; rowid: number; score: number; rank: number }>()
  for (const ranking of rankings)
    for (const [at, { id, rowid }] of ranking.entries()) {
      const rank = at + 1
      const known = all.get(id)
      if (!known) all.set(id, { id, rowid, rank, score: 1 / (constant + rank) })
      else {
        known.score += 1 / (constant + rank)
        if (rank < known.rank) Object.assign(known, { rank, rowid })
      }
    }
  return [...all.values()]
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
    .map(({ id, rowid, score }) => ({ id, rowid, score }))
}
