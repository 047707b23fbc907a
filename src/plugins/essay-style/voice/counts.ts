import { functionWords } from './function-words.ts'
import { sentencesOf, wordsOf } from './words.ts'

/** What is counted besides words: marks per word, and sentences by length. */
const marks = {
  comma: /,/g,
  semicolon: /;/g,
  colon: /:/g,
  dash: /—|–|--|\s-\s/g,
  exclamation: /!/g,
  question: /\?/g,
  quote: /["“”]/g,
  bracket: /\(/g,
} as const
const shortSentence = 8
const longSentence = 30
const longWord = 8

/** Every feature in the order of `Counts.values`. */
export const features: readonly string[] = [
  ...functionWords,
  ...Object.keys(marks),
  'sentences',
  'short sentences',
  'long sentences',
  'letters',
  'long words',
  'contractions',
]
const place = new Map(features.map((name, at) => [name, at]))

/** Style as sums: the counts of two texts together are the sums of their counts. */
export interface Counts {
  readonly words: number
  readonly values: readonly number[] // one a feature
}

export const countsOf = (text: string): Counts => {
  const values = new Array<number>(features.length).fill(0)
  const add = (feature: string, times: number) => {
    const at = place.get(feature)
    if (at !== undefined) values[at]! += times
  }
  const words = wordsOf(text)
  for (const word of words) {
    add(word, 1)
    add('letters', word.length)
    if (word.length >= longWord) add('long words', 1)
    if (word.includes("'") && !word.endsWith("'s")) add('contractions', 1)
  }
  for (const [name, pattern] of Object.entries(marks)) add(name, text.match(pattern)?.length ?? 0)
  for (const length of sentencesOf(text).map((sentence) => wordsOf(sentence).length)) {
    if (length === 0) continue
    add('sentences', 1)
    if (length <= shortSentence) add('short sentences', 1)
    if (length >= longSentence) add('long sentences', 1)
  }
  return { words: words.length, values }
}

export const sumOf = (all: readonly Counts[]): Counts => ({
  words: all.reduce((sum, { words }) => sum + words, 0),
  values: features.map((_, at) => all.reduce((sum, { values }) => sum + (values[at] ?? 0), 0)),
})

/** One text less: what jackknifing leaves out. */
export const without = (all: Counts, one: Counts): Counts => ({
  words: all.words - one.words,
  values: all.values.map((value, at) => value - (one.values[at] ?? 0)),
})

/** Counts per word. */
export const ratesOf = ({ words, values }: Counts): number[] => values.map((value) => (words === 0 ? 0 : value / words))

/** Counts per 1,000 words, by feature. */
export const perThousand = (counts: Counts, feature: string): number => {
  const at = place.get(feature)
  return at === undefined ? 0 : 1000 * (ratesOf(counts)[at] ?? 0)
}
