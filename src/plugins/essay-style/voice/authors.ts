import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Counts, countsOf, sumOf } from './counts.ts'
import { type Scale, scaleOf } from './distance.ts'
import { passagesOf } from './passages.ts'
import { type Piece, readWriting } from './read.ts'

/** Someone's writing, counted. `counts` has an entry a piece. */
export interface Author {
  readonly name: string
  readonly pieces: readonly Piece[]
  readonly counts: readonly Counts[]
}

const folder = fileURLToPath(new URL('../authors/', import.meta.url))

/** Names of the sample authors that come along. */
export const sampleNames = (): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()

/** A folder as a person names it: a path, or the name of a sample author. */
export const folderOf = (name: string, cwd: string): string => {
  const given = path.resolve(cwd, name)
  return !existsSync(given) && sampleNames().includes(name) ? path.join(folder, name) : given
}

export const authorOf = (name: string, pieces: readonly Piece[]): Author => ({
  name,
  pieces,
  counts: pieces.map(({ text }) => countsOf(text)),
})

export const pooled = ({ counts }: Author): Counts => sumOf(counts)

let samples: Promise<readonly Author[]> | undefined

/** The sample authors, read and counted once a process. */
export const sampleAuthors = (): Promise<readonly Author[]> => {
  samples ??= Promise.all(
    sampleNames().map(async (name) => authorOf(name, (await readWriting(path.join(folder, name))).pieces)),
  )
  return samples
}

/** Words of the passages that the scale is made from. */
const scaleWords = 1000

let scale: Promise<Scale> | undefined

/** What a feature's rate is held against: passages of all sample authors, so that distances of different folders compare. */
export const sampleScale = (): Promise<Scale> => {
  scale ??= sampleAuthors().then((authors) => scaleOf(authors.flatMap(passageCounts(scaleWords))))
  return scale
}

const passageCounts =
  (words: number) =>
  ({ pieces }: Author) =>
    pieces.flatMap(({ text }) => passagesOf(text, words)).map(countsOf)

/** The authors without the one whose texts these are: a sample folder is not its own "other author". */
export const othersThan = ({ pieces }: Pick<Author, 'pieces'>, authors: readonly Author[]): Author[] => {
  const own = new Set(pieces.map(({ text }) => text))
  return authors.filter((author) => !author.pieces.some(({ text }) => own.has(text)))
}
