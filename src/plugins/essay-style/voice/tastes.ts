import type { Author } from './authors.ts'
import { functionWords } from './function-words.ts'
import { wordsOf } from './words.ts'

/** A content word, per 1,000 words, beside the other authors. */
export interface WordUse {
  readonly word: string
  readonly own: number
  readonly others: number
}

const known = new Set(functionWords)
const shown = 12
/** A taste shows in several pieces; a word of one piece is its topic. */
const pieceShare = 0.25
/** A word that half of the others' pieces have is one that a writer of English could have used. */
const commonShare = 0.4

/** Content words that an author uses far more, or far less, than the others do, by a smoothed log ratio of rates. */
export const tastesOf = (author: Author, others: readonly Author[]): { favourite: WordUse[]; avoided: WordUse[] } => {
  const [own, theirs] = [usesOf([author]), usesOf(others)]
  const uses = [...new Set([...own.words.keys(), ...theirs.words.keys()])].map((word) => {
    const [mine, other] = [own.words.get(word), theirs.words.get(word)]
    const [a, b] = [rate(mine?.times, own.total), rate(other?.times, theirs.total)]
    return { word, own: a, others: b, ratio: Math.log((a + 0.05) / (b + 0.05)), mine, other }
  })
  const told = (found: typeof uses) => found.slice(0, shown).map(({ word, own, others }) => ({ word, own, others }))
  return {
    favourite: told(
      uses.filter(({ mine }) => (mine?.pieces ?? 0) >= pieceShare * own.pieces).sort((x, y) => y.ratio - x.ratio),
    ),
    avoided: told(
      uses.filter(({ other }) => (other?.pieces ?? 0) >= commonShare * theirs.pieces).sort((x, y) => x.ratio - y.ratio),
    ),
  }
}

const rate = (times: number | undefined, total: number) => (1000 * (times ?? 0)) / Math.max(1, total)

const usesOf = (authors: readonly Author[]) => {
  const words = new Map<string, { times: number; pieces: number }>()
  let [total, pieces] = [0, 0]
  for (const { text } of authors.flatMap((author) => [...author.pieces])) {
    const all = wordsOf(text)
    const seen = new Set<string>()
    pieces += 1
    total += all.length
    for (const word of all) {
      if (known.has(word) || word.length < 3) continue
      const use = words.get(word) ?? { times: 0, pieces: 0 }
      words.set(word, { times: use.times + 1, pieces: use.pieces + (seen.has(word) ? 0 : 1) })
      seen.add(word)
    }
  }
  return { words, total, pieces }
}
