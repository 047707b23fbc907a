import { folded, wordsOf } from './corpus/words.ts'
import type { Item } from './item.ts'

const longestQuery = 12 // words
const wordsIn = (text: string) => wordsOf(text.slice(0, 20_000)).map(folded)

/** The share of queries that a good searcher could have typed, and what is wrong with the first other one. */
export const judgeQueries = (queries: readonly string[], item: Item): { score: number; reason: string } => {
  const faults = queries.map((query, at) => faultOf(query, queries.slice(0, at), item))
  const first = faults.find((fault) => fault !== undefined)
  const good = faults.filter((fault) => fault === undefined).length
  return { score: good / queries.length, reason: first ?? 'a few fitting words each' }
}

const faultOf = (
  query: string,
  before: readonly string[],
  { question, needs, looks, answers }: Item,
): string | undefined => {
  const words = wordsIn(query)
  const sorted = (text: string) => [...new Set(wordsIn(text))].sort().join(' ')
  if (before.some((earlier) => sorted(earlier) === sorted(query))) return 'the same query again'
  const asked = new Set(wordsIn(question))
  const echoed = [...asked].filter((word) => words.includes(word)).length
  const good = [...needs, ...looks].flatMap(({ queries }) => queries).some((gold) => sorted(gold) === sorted(query))
  if (good) return undefined
  if (answers.some((answer) => sorted(answer) === sorted(query)))
    return 'a search for the answer, which was found already'
  if (asked.size >= 5 && echoed === asked.size) return 'the whole question as a query'
  return words.length > longestQuery ? `${words.length} words in one query` : undefined
}
