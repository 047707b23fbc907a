import { folded, wordsOf } from './corpus/words.ts'

const articles = new Set(['a', 'an', 'the'])

/** Words as answers are compared: lower case, no punctuation, no articles. */
export const answerWords = (text: string): string[] =>
  wordsOf(text.slice(0, 5000))
    .map(folded)
    .filter((word) => !articles.has(word))

/** Harmonic mean of precision and recall over words, each counted as often as both have it. */
export const tokenF1 = (given: string, expected: string): number => {
  const [ours, theirs] = [answerWords(given), answerWords(expected)]
  const left = [...theirs]
  let common = 0
  for (const word of ours) {
    const at = left.indexOf(word)
    if (at < 0) continue
    left.splice(at, 1)
    common += 1
  }
  return common === 0 ? 0 : (2 * common) / (ours.length + theirs.length)
}

/** Whether the words of `part` stand in `text`, side by side and in order. */
export const says = (text: string, part: string): boolean => {
  const [ours, theirs] = [answerWords(text), answerWords(part)]
  if (theirs.length === 0) return false
  return ours.some((_, at) => theirs.every((word, offset) => ours[at + offset] === word))
}

/** What of an answer must stand in a document: numbers, and names, which begin with a capital inside of a sentence. */
export const anchorsOf = (text: string): string[] => {
  const words = [...text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}.,-]*/gu)].map(({ 0: word, index }) => ({
    word: word.replace(/[.,-]+$/, ''),
    index,
  }))
  return words
    .filter(({ word, index }) => /\p{N}/u.test(word) || (/^\p{Lu}/u.test(word) && (index > 0 || words.length <= 6)))
    .filter(({ word, index }) => !(index === 0 && words.length > 1 && articles.has(word.toLowerCase())))
    .map(({ word }) => word)
}
