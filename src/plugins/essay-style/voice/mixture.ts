import { mulberry32, sample, seedFrom } from '../../../skill.ts'
import { type Author, sampleAuthors, sampleScale } from './authors.ts'
import { type Counts, countsOf, sumOf } from './counts.ts'
import { cosineDistance, distance, type Scale, zOf } from './distance.ts'
import { passagesOf } from './passages.ts'

/** Signs that a folder holds two hands. */
export interface Mixture {
  readonly distance: number // of the two groups
  readonly usual: number // the largest that one sample author's texts come apart by, grouped the same way
  readonly groups: readonly [readonly string[], readonly string[]] // files, by where most of their words are
  readonly evidence: string
}

const unitWords = 1000
const fewestUnits = 8
const mostUnits = 60
const draws = 6

interface Unit {
  readonly file: string
  readonly counts: Counts
}

/**
 * Parts the passages into the two groups that lie furthest apart, and asks whether the passages of one author ever come apart
 * so far. Undefined where there are too few words to tell, or one hand is enough to explain them.
 */
export const mixtureOf = async (author: Author): Promise<Mixture | undefined> => {
  const scale = await sampleScale()
  const units = sample(mulberry32(seedFrom('mixture')), unitsOf(author), mostUnits)
  if (units.length < fewestUnits) return undefined
  const found = parted(units, scale)
  const usual = Math.max(...(await usualParting(units.length, scale)))
  if (!found || found.distance <= usual) return undefined
  const groups = filesOf(units, found.second)
  const list = (files: readonly string[]) =>
    `${files.slice(0, 4).join(', ')}${files.length > 4 ? ` and ${files.length - 4} more` : ''}`
  return {
    distance: found.distance,
    usual,
    groups,
    evidence: `Parted in two, they lie ${found.distance.toFixed(2)} apart; texts of one author come apart by at most ${usual.toFixed(2)}. One group: ${list(groups[0])}. The other: ${list(groups[1])}.`,
  }
}

const cut = new WeakMap<Author, Unit[]>()

/** An author's passages, cut and counted once. */
const unitsOf = (author: Author): Unit[] => {
  const known = cut.get(author)
  if (known) return known
  const made = author.pieces.flatMap(({ name, text }) =>
    passagesOf(text, unitWords).map((passage) => ({ file: name, counts: countsOf(passage) })),
  )
  cut.set(author, made)
  return made
}

const usual = new Map<number, Promise<number[]>>()

/** How far so many passages of one sample author come apart: the same for every folder of that size. */
const usualParting = (n: number, scale: Scale): Promise<number[]> => {
  const known = usual.get(n) ?? drawUsual(n, scale)
  usual.set(n, known)
  return known
}

const drawUsual = async (n: number, scale: Scale): Promise<number[]> =>
  (await sampleAuthors()).flatMap((other) =>
    Array.from({ length: draws }, (_, draw) => {
      const random = mulberry32(seedFrom('usual', other.name, draw))
      return parted(sample(random, unitsOf(other), n), scale)?.distance ?? 0
    }),
  )

/** Spherical 2-means from the two passages that are least alike. @returns the places in the second group */
export const parted = (units: readonly Unit[], scale: Scale): { distance: number; second: Set<number> } | undefined => {
  const vectors = units.map(({ counts }) => zOf(counts, scale))
  let seeds = furthest(vectors)
  let second = new Set<number>()
  for (let step = 0; step < 20; step += 1) {
    const next = new Set(
      vectors.flatMap((vector, at) =>
        cosineDistance(vector, seeds[1]) < cosineDistance(vector, seeds[0]) ? [at] : [],
      ),
    )
    if (next.size < 2 || next.size > units.length - 2) return undefined
    if (next.size === second.size && [...next].every((at) => second.has(at))) break
    second = next
    seeds = [mean(vectors, (at) => !second.has(at)), mean(vectors, (at) => second.has(at))]
  }
  const pool = (inside: boolean) =>
    sumOf(units.filter((_, at) => second.has(at) === inside).map(({ counts }) => counts))
  return { distance: distance(pool(false), pool(true), scale), second }
}

const furthest = (vectors: readonly number[][]): [readonly number[], readonly number[]] => {
  let [best, pair]: [number, [readonly number[], readonly number[]]] = [-1, [vectors[0]!, vectors[1]!]]
  for (const [i, a] of vectors.entries())
    for (const b of vectors.slice(i + 1)) {
      const apart = cosineDistance(a, b)
      if (apart > best) [best, pair] = [apart, [a, b]]
    }
  return pair
}

const mean = (vectors: readonly number[][], inside: (at: number) => boolean): number[] => {
  const rows = vectors.filter((_, at) => inside(at))
  return rows[0]!.map((_, at) => rows.reduce((sum, row) => sum + row[at]!, 0) / rows.length)
}

const filesOf = (units: readonly Unit[], second: ReadonlySet<number>): [string[], string[]] => {
  const votes = new Map<string, number>()
  for (const [at, { file }] of units.entries()) votes.set(file, (votes.get(file) ?? 0) + (second.has(at) ? 1 : -1))
  const side = (is: (vote: number) => boolean) =>
    [...votes]
      .filter(([, vote]) => is(vote))
      .map(([file]) => file)
      .sort()
  return [side((vote) => vote <= 0), side((vote) => vote > 0)]
}
