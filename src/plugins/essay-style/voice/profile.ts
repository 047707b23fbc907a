import { flesch } from 'flesch'
import { syllable } from 'syllable'
import { type Author, othersThan, pooled, sampleAuthors, sampleScale } from './authors.ts'
import { type Counts, features, perThousand, ratesOf, sumOf } from './counts.ts'
import { functionWords, functionWordsVersion } from './function-words.ts'
import { tastesOf, type WordUse } from './tastes.ts'
import { countWords, sentencesOf, wordsOf } from './words.ts'

/** A rate per 1,000 words beside the mean of the other authors. */
export interface Rate {
  readonly what: string
  readonly own: number
  readonly others: number
}

export interface VoiceProfile {
  readonly version: number // of the function words: profiles of two versions do not compare
  readonly author: string
  readonly pieces: number
  readonly words: number
  readonly sentences: {
    readonly mean: number // words
    readonly median: number
    readonly sd: number
    readonly histogram: readonly { readonly upTo: number | null; readonly share: number }[] // words; null: longer
  }
  readonly readingEase: number // Flesch: 0 hard, 100 easy
  readonly marks: readonly Rate[]
  readonly person: readonly Rate[]
  readonly past: number // share of past among finite forms of be, have and do
  readonly contractions: Rate
  readonly similes: Rate // "like a", "as if", "as ... as"
  readonly more: readonly Rate[] // function words used more than by others
  readonly less: readonly Rate[]
  readonly openings: readonly { readonly word: string; readonly share: number }[] // of sentences
  readonly closings: { readonly question: number; readonly exclamation: number; readonly short: number } // shares of paragraphs
  readonly favourite: readonly WordUse[]
  readonly avoided: readonly WordUse[]
}

const edges = [5, 10, 15, 20, 30, 45]
const persons: Readonly<Record<string, readonly string[]>> = {
  'I, me, my': ['i', 'me', 'my', 'myself', "i'm", "i've", "i'd", "i'll"],
  'we, us, our': ['we', 'us', 'our', 'ours', 'ourselves'],
  'you, your': ['you', 'your', 'yours', 'yourself', "you're"],
  'he, she, they': ['he', 'she', 'they', 'him', 'her', 'them', 'his', 'their'],
}
const past = ['was', 'were', 'had', 'did', "didn't", "wasn't"]
const present = ['is', 'are', 'am', 'has', 'have', 'does', 'do', "don't", "isn't", "doesn't", "it's"]
const marks = ['comma', 'semicolon', 'colon', 'dash', 'exclamation', 'question', 'quote', 'bracket']
const simile = /\blike (?:an?|the)\b|\bas (?:if|though)\b|\bas \w+ as\b/gi
const shown = 8

/** All that a person reads of a voice. The others are the sample authors. */
export const profileOf = async (author: Author): Promise<VoiceProfile> => {
  const others = othersThan(author, await sampleAuthors())
  const [own, pool] = [pooled(author), sumOf(others.flatMap(({ counts }) => [...counts]))]
  const text = author.pieces.map((piece) => piece.text)
  const sentences = text.flatMap(sentencesOf)
  const rate = (what: string, words: readonly string[]): Rate => ({
    what,
    own: words.reduce((sum, word) => sum + perThousand(own, word), 0),
    others: words.reduce((sum, word) => sum + perThousand(pool, word), 0),
  })
  return {
    version: functionWordsVersion,
    author: author.name,
    pieces: author.pieces.length,
    words: own.words,
    sentences: lengthsOf(sentences),
    readingEase: ease(own, sentences.length, text),
    marks: marks.map((mark) => rate(mark, [mark])),
    person: Object.entries(persons).map(([what, words]) => rate(what, words)),
    past: share(own, past, present),
    contractions: rate('contractions', ['contractions']),
    similes: {
      what: 'similes',
      own: matchesPerThousand(text, own.words),
      others: matchesPerThousand(
        others.flatMap(({ pieces }) => pieces.map((piece) => piece.text)),
        pool.words,
      ),
    },
    ...(await distinctive(own, rate)),
    openings: openingsOf(sentences),
    closings: closingsOf(text),
    ...tastesOf(author, others),
  }
}

const lengthsOf = (sentences: readonly string[]): VoiceProfile['sentences'] => {
  const lengths = sentences
    .map(countWords)
    .filter((n) => n > 0)
    .sort((a, b) => a - b)
  const n = Math.max(1, lengths.length)
  const mean = lengths.reduce((sum, length) => sum + length, 0) / n
  const bins = [...edges, null].map((upTo, at) => {
    const from = at === 0 ? 0 : (edges[at - 1] ?? 0)
    return { upTo, share: lengths.filter((length) => length > from && (upTo === null || length <= upTo)).length / n }
  })
  return {
    mean,
    median: lengths[Math.floor(n / 2)] ?? 0,
    sd: Math.sqrt(lengths.reduce((sum, length) => sum + (length - mean) ** 2, 0) / Math.max(1, n - 1)),
    histogram: bins,
  }
}

const ease = ({ words }: Counts, sentences: number, texts: readonly string[]): number => {
  const syllables = texts.reduce((sum, text) => sum + wordsOf(text).reduce((n, word) => n + syllable(word), 0), 0)
  return words === 0 ? 0 : flesch({ sentence: Math.max(1, sentences), word: words, syllable: syllables })
}

const share = (counts: Counts, some: readonly string[], others: readonly string[]): number => {
  const sum = (words: readonly string[]) => words.reduce((total, word) => total + perThousand(counts, word), 0)
  return sum(some) / Math.max(1e-9, sum(some) + sum(others))
}

const matchesPerThousand = (texts: readonly string[], words: number): number =>
  (1000 * texts.reduce((sum, text) => sum + (text.match(simile)?.length ?? 0), 0)) / Math.max(1, words)

/** Function words that lie furthest from the reference, in its standard deviations. */
const distinctive = async (own: Counts, rate: (what: string, words: readonly string[]) => Rate) => {
  const { mean, sd } = await sampleScale()
  const rates = ratesOf(own)
  const known = new Set(functionWords)
  const ranked = features
    .map((what, at) => ({ what, z: sd[at] === 0 ? 0 : (rates[at]! - mean[at]!) / sd[at]! }))
    .filter(({ what, z }) => known.has(what) && z !== 0)
    .sort((a, b) => b.z - a.z)
  const told = (all: typeof ranked) => all.slice(0, shown).map(({ what }) => rate(what, [what]))
  return { more: told(ranked.filter(({ z }) => z > 0)), less: told(ranked.filter(({ z }) => z < 0).reverse()) }
}

const openingsOf = (sentences: readonly string[]): VoiceProfile['openings'] => {
  const counts = new Map<string, number>()
  for (const sentence of sentences) {
    const [first] = wordsOf(sentence)
    if (first) counts.set(first, (counts.get(first) ?? 0) + 1)
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, shown)
    .map(([word, n]) => ({ word, share: n / Math.max(1, sentences.length) }))
}

const closingsOf = (texts: readonly string[]): VoiceProfile['closings'] => {
  const last = texts.flatMap((text) => text.split(/\n\s*\n/)).flatMap((paragraph) => sentencesOf(paragraph).slice(-1))
  const of = (test: (sentence: string) => boolean) => last.filter(test).length / Math.max(1, last.length)
  return {
    question: of((sentence) => /\?["'”’)]*$/.test(sentence)),
    exclamation: of((sentence) => /!["'”’)]*$/.test(sentence)),
    short: of((sentence) => countWords(sentence) <= 8),
  }
}
