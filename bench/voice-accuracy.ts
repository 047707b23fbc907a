import { type Author, sampleAuthors } from '../src/plugins/essay-style/voice/authors.ts'
import { differentAuthors, passageCountsOf, sameAuthor } from '../src/plugins/essay-style/voice/compare.ts'
import { type Counts, countsOf, sumOf } from '../src/plugins/essay-style/voice/counts.ts'
import { cosineDistance, scaleOf, zOf } from '../src/plugins/essay-style/voice/distance.ts'
import { passagesOf } from '../src/plugins/essay-style/voice/passages.ts'
import type { Piece } from '../src/plugins/essay-style/voice/read.ts'

const passageWords = 500

export interface Attribution {
  readonly right: number
  readonly of: number
  readonly confused: Readonly<Record<string, number>> // `author > taken for`
}

/**
 * Names the author of held-out passages of 500 words among the sample authors. Pieces are held out whole, in `folds` turns;
 * scale and profiles are made from the other pieces only.
 */
export const attribution = async (folds: number): Promise<Attribution> => {
  const authors = await sampleAuthors()
  const confused: Record<string, number> = {}
  let [right, of] = [0, 0]
  for (let fold = 0; fold < folds; fold += 1) {
    const held = (at: number) => at % folds === fold
    const known = authors.map((author) => partOf(author, (at) => !held(at)))
    const scale = scaleOf(known.flat())
    const profiles = known.map((passages) => zOf(sumOf(passages), scale))
    for (const [own, author] of authors.entries())
      for (const passage of partOf(author, held)) {
        const distances = profiles.map((profile) => cosineDistance(zOf(passage, scale), profile))
        const nearest = distances.indexOf(Math.min(...distances))
        of += 1
        if (nearest === own) right += 1
        else {
          const key = `${author.name} > ${authors[nearest]?.name}`
          confused[key] = (confused[key] ?? 0) + 1
        }
      }
  }
  return { right, of, confused }
}

const partOf = ({ pieces }: Author, inside: (at: number) => boolean): Counts[] =>
  pieces.filter((_, at) => inside(at)).flatMap(countsIn)

const counted = new WeakMap<Piece, Counts[]>()
/** A piece's passages, counted once for all turns. */
const countsIn = (piece: Piece): Counts[] => {
  const known = counted.get(piece) ?? passagesOf(piece.text, passageWords).map(countsOf)
  counted.set(piece, known)
  return known
}

/** How often random halves of one author lie nearer to each other than as many words of two authors do, all pairs of draws. */
export const separation = async (words: number): Promise<{ nearer: number; of: number }> => {
  const authors = await sampleAuthors()
  const scale = scaleOf(authors.flatMap(passageCountsOf))
  const [same, different] = [sameAuthor(authors, words, scale), differentAuthors(authors, words, scale)]
  const nearer = same.reduce((sum, one) => sum + different.filter((other) => one < other).length, 0)
  return { nearer, of: same.length * different.length }
}
