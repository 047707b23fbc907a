import { rubric } from './rubric.ts'

const sentences = (text: string): string[] =>
  text
    .replaceAll('’', "'")
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter(Boolean)

/** Longer than this and a text is read no further: a student may answer with megabytes. */
const maxCharacters = 4_000

const isAsking = (sentence: string): boolean => {
  const { asking, requesting } = rubric().language
  return sentence.endsWith('?') ? asking.test(sentence) || requesting.test(sentence) : requesting.test(sentence)
}

/** Whether some sentence asks the user for something; with `names`, for a thing that goes by one of them. */
export const asks = (text: string, names?: readonly string[]): boolean =>
  sentences(text.slice(0, maxCharacters)).some(
    (sentence) => isAsking(sentence) && (!names || names.some((name) => mentions(sentence, name))),
  )

/** Whether some sentence says that it cannot be done. A question is no refusal. */
export const refuses = (text: string): boolean =>
  sentences(text.slice(0, maxCharacters)).some(
    (sentence) => !sentence.endsWith('?') && rubric().language.refusing.some((pattern) => pattern.test(sentence)),
  )

const mentions = (sentence: string, name: string): boolean => {
  const [hay, needle] = [sentence.toLowerCase(), name.toLowerCase()]
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + 1))
    if (!isWord(hay[at - 1]) && !isWord(hay[at + needle.length])) return true
  return false
}

const isWord = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character)
