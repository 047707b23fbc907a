import { flesch } from 'flesch'
import { fleschKincaid } from 'flesch-kincaid'
import { syllable } from 'syllable'
import { detectAll } from 'tinyld'
import type { Judged } from './compare.ts'
import { sentencesOf, wordsOf } from './text.ts'

/** Shorter texts than this have no language that could be told with confidence. */
const fewestWords = 4

/** The text is in this language. @param language ISO 639-1, as in `en` */
export const checkLanguage = (text: string, language: string): Judged => {
  if (wordsOf(text).length < fewestWords)
    return { score: 0, reason: `fewer than ${fewestWords} words tell no language` }
  const found = detectAll(text.slice(0, 5000))
  const [best] = found
  // near relatives are often told a hair apart: what counts is whether the wanted one is about as likely
  const wanted = found.find(({ lang }) => lang === language)
  if (best && wanted && wanted.accuracy >= 0.7 * best.accuracy) return { score: 1, reason: `reads as ${language}` }
  return { score: 0, reason: `reads as ${best?.lang ?? 'no language'}, and ${language} is wanted` }
}

/**
 * English that a reader of at most this school grade can follow (Flesch-Kincaid), or that reads at least so easily
 * (Flesch reading ease, 0 to 100).
 */
export const checkReadability = (
  text: string,
  { grade, ease }: { readonly grade?: number; readonly ease?: number },
): Judged => {
  const words = wordsOf(text)
  const counts = {
    sentence: Math.max(1, sentencesOf(text).length),
    word: words.length,
    syllable: words.reduce((sum, word) => sum + syllable(word), 0),
  }
  if (counts.word === 0) return { score: 0, reason: 'there are no words to read' }
  const [reached, easy] = [fleschKincaid(counts), flesch(counts)]
  if (grade !== undefined && reached > grade)
    return { score: 0, reason: `grade ${reached.toFixed(1)}, and at most ${grade} is wanted` }
  if (ease !== undefined && easy < ease)
    return { score: 0, reason: `reading ease ${easy.toFixed(0)}, and at least ${ease} is wanted` }
  return { score: 1, reason: `grade ${reached.toFixed(1)}, reading ease ${easy.toFixed(0)}` }
}
