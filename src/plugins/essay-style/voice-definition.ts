import path from 'node:path'
import { z } from 'zod'
import type { DefineContext } from '../../skill.ts'
import { fingerprintsOf } from './fingerprints.ts'
import { type Author, authorOf, folderOf, othersThan, pooled, sampleAuthors, sampleScale } from './voice/authors.ts'
import { requireEnough } from './voice/enough.ts'
import { mixtureOf } from './voice/mixture.ts'
import { readWriting } from './voice/read.ts'
import { Source, sourceOf } from './voice/source.ts'
import { countWords, sentencesOf } from './voice/words.ts'

const Counts = z.strictObject({ words: z.number(), values: z.array(z.number()).readonly() })
const Hand = z.strictObject({ name: z.string(), pieces: z.array(Counts).readonly() })

/** The author's voice and the others it is told from, as counts: no text is in it. */
export const FrozenVoice = z.strictObject({
  author: Hand,
  others: z.array(Hand).readonly(),
  scale: z.strictObject({ mean: z.array(z.number()).readonly(), sd: z.array(z.number()).readonly() }),
  fingerprints: z.string(),
  foreign: z.array(z.string()), // sentences of the others, for the mistake of writing in their voice
  notes: z.array(z.string()), // what a reader of the report should know of the folder
  source: Source.optional(), // where the texts themselves are, for a teacher and a judge
})
export type FrozenVoice = z.infer<typeof FrozenVoice>

const foreignEach = 8

/** Plain sentences of 10 to 18 words, a few of each author. */
const foreignSentences = (others: readonly Author[]): string[] =>
  others.flatMap(({ pieces }) =>
    pieces
      .flatMap(({ text }) => sentencesOf(text))
      .filter(
        (sentence) => /^[A-Z][^"“”#*_]*\.$/.test(sentence) && countWords(sentence) >= 10 && countWords(sentence) <= 18,
      )
      .slice(0, foreignEach),
  )

/** Pieces of each hand that the voice map shows. */
const shownPieces = 30

/** @throws {WhetError} writing-not-found, writing-empty, writing-not-english, writing-too-small (exit 2) */
export const defineVoice = async (name: string, { baseDir, signal, progress }: DefineContext): Promise<FrozenVoice> => {
  const folder = folderOf(name, baseDir)
  const writing = await readWriting(folder, { signal, progress })
  requireEnough(writing)
  const author = authorOf(path.basename(folder), writing.pieces)
  const others = othersThan(author, await sampleAuthors())
  const mixture = await mixtureOf(author)
  const hand = ({ name: called, counts, pieces }: Author) => ({
    name: called,
    pieces: pieces.length <= shownPieces ? [...counts] : merged(counts, shownPieces, pooled),
  })
  return {
    author: hand(author),
    others: others.map(hand),
    scale: await sampleScale(),
    fingerprints: fingerprintsOf([author, ...others].flatMap(({ pieces }) => pieces.map(({ text }) => text))),
    foreign: foreignSentences(others),
    notes: [
      ...(mixture ? [`The texts of ${author.name} seem to be by two hands. ${mixture.evidence}`] : []),
      ...writing.notes.map(({ file, kind, what }) => `${file || path.basename(folder)}, ${kind}: ${what}`),
    ].slice(0, 20),
    source: sourceOf(writing),
  }
}

type Pieces = Author['counts']
/** Many pieces as fewer, by adding neighbours up. */
const merged = (counts: Pieces, into: number, add: (author: Author) => Pieces[number]): Pieces[number][] => {
  const size = Math.ceil(counts.length / into)
  return Array.from({ length: Math.ceil(counts.length / size) }, (_, at) =>
    add({ name: '', pieces: [], counts: counts.slice(at * size, (at + 1) * size) }),
  )
}
