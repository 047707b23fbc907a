import { mulberry32, seedFrom, shuffle } from '../../../skill.ts'
import { type Author, othersThan, pooled, sampleAuthors, sampleScale } from './authors.ts'
import { type Counts, countsOf, sumOf } from './counts.ts'
import { type Distance, distance, distanceWithInterval, type Scale } from './distance.ts'
import { passagesOf } from './passages.ts'

/** Passages of this size are what halves are drawn from, in words. */
const passageWords = 500
const splits = 25

/** How far halves of one author, and two authors, lie apart in texts as large as these. */
export interface Yardstick {
  readonly words: number // on each side
  readonly same: { readonly median: number; readonly most: number } // halves of one sample author, 95th percentile
  readonly different: { readonly median: number; readonly least: number } // of two sample authors, 5th percentile
}

export interface Comparison extends Distance {
  readonly a: { readonly name: string; readonly words: number; readonly pieces: number }
  readonly b: { readonly name: string; readonly words: number; readonly pieces: number }
  readonly yardstick: Yardstick
  readonly reads: 'one voice' | 'two voices' | 'between'
}

/** The distance of two authors' writing, its interval, and what such a distance means among the sample authors. */
export const compareVoices = async (a: Author, b: Author): Promise<Comparison> => {
  const scale = await sampleScale()
  const about = ({ name, pieces, counts }: Author) => ({ name, pieces: pieces.length, words: wordsIn(counts) })
  const [sideA, sideB] = [about(a), about(b)]
  const yardstick = await yardstickOf(Math.min(sideA.words, sideB.words))
  const found = distanceWithInterval(a.counts, b.counts, scale)
  const reads =
    found.distance <= yardstick.same.most
      ? 'one voice'
      : found.distance >= yardstick.different.least
        ? 'two voices'
        : 'between'
  return { a: sideA, b: sideB, ...found, yardstick, reads }
}

const wordsIn = (counts: readonly Counts[]) => counts.reduce((sum, { words }) => sum + words, 0)

/** Drawn from the sample authors: random halves of one, and as many words of two, `words` on each side. */
export const yardstickOf = async (words: number): Promise<Yardstick> => {
  const [authors, scale] = [await sampleAuthors(), await sampleScale()]
  const [same, different] = [sameAuthor(authors, words, scale), differentAuthors(authors, words, scale)]
  return {
    words: Math.round(Math.min(words, ...authors.map(({ counts }) => wordsIn(counts) / 2))),
    same: { median: at(same, 0.5), most: at(same, 0.95) },
    different: { median: at(different, 0.5), least: at(different, 0.05) },
  }
}

const at = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN
}

/** Distances of random halves of each author. @param words on each side, at most half of what there is */
export const sameAuthor = (authors: readonly Author[], words: number, scale: Scale): number[] =>
  authors.flatMap((author) => {
    const parts = passageCountsOf(author)
    return Array.from({ length: splits }, (_, n) => {
      const order = shuffle(mulberry32(seedFrom('halves', author.name, n)), parts)
      const half = Math.min(take(order, words), Math.floor(order.length / 2))
      return distance(sumOf(order.slice(0, half)), sumOf(order.slice(half, 2 * half)), scale)
    })
  })

/** Distances of as many words of two different authors. */
export const differentAuthors = (authors: readonly Author[], words: number, scale: Scale): number[] =>
  pairsOf(authors).flatMap(([a, b]) =>
    Array.from({ length: splits }, (_, n) => {
      const drawn = [a, b].map((author) => {
        const order = shuffle(mulberry32(seedFrom('pair', author.name, n)), passageCountsOf(author))
        return sumOf(order.slice(0, Math.min(take(order, words), Math.floor(order.length / 2))))
      }) as [Counts, Counts]
      return distance(...drawn, scale)
    }),
  )

const pairsOf = (authors: readonly Author[]): [Author, Author][] =>
  authors.flatMap((a, i) => authors.slice(i + 1).map((b): [Author, Author] => [a, b]))

const counted = new WeakMap<Author, Counts[]>()
/** An author's passages, counted once. */
export const passageCountsOf = (author: Author): Counts[] => {
  const known = counted.get(author)
  if (known) return known
  const made = author.pieces.flatMap(({ text }) => passagesOf(text, passageWords)).map(countsOf)
  counted.set(author, made)
  return made
}

/** How many of the passages make up so many words; at least one. */
const take = (passages: readonly Counts[], words: number): number => {
  let [n, sum] = [0, 0]
  while (n < passages.length && sum < words) sum += passages[n++]?.words ?? 0
  return Math.max(1, n)
}

export interface Nearest {
  readonly name: string
  readonly distance: number
}

/** Authors by their distance to a text, the nearest first. */
export const nearestAuthors = (text: Counts, authors: readonly Author[], scale: Scale): Nearest[] =>
  authors
    .map((author) => ({ name: author.name, distance: distance(text, pooled(author), scale) }))
    .sort((x, y) => x.distance - y.distance)

/** The other authors of a voice, the nearest first. */
export const neighboursOf = async (author: Author): Promise<Nearest[]> =>
  nearestAuthors(pooled(author), othersThan(author, await sampleAuthors()), await sampleScale())
