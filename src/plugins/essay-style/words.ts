import { functionWords } from './voice/function-words.ts'
import { wordsOf } from './voice/words.ts'

const small = new Set([...functionWords, 'ok', 'um', 'uh', 'hm', 'right', 'thing', 'like', 'mean', 'said'])

/** Plurals and verb endings do not tell words apart: "hides" is "hide". */
export const stem = (word: string): string => {
  const bare = word.replace(/'s$/, '').normalize('NFKD').replace(/\p{M}/gu, '')
  return bare.length > 3
    ? bare
        .replace(/(?:ies|ied)$/, 'y')
        .replace(/(?<=ch|sh|ss|x)es$/, '')
        .replace(/(?<!s)s$/, '')
    : bare
}

/** The words of a text that carry its content, stemmed, in order. */
export const contentWords = (text: string): string[] =>
  wordsOf(text)
    .filter((word) => !small.has(word) && word.length > 1)
    .map(stem)

/** The share of `wanted` that `have` holds; 1 where nothing is wanted. */
export const shareIn = (wanted: readonly string[], have: ReadonlySet<string>): number =>
  wanted.length === 0 ? 1 : wanted.filter((word) => have.has(word)).length / wanted.length

/** Whether a phrase stands in a text as whole words, whatever the case and marks. */
export const holds = (text: string, phrase: string): boolean =>
  ` ${wordsOf(text).join(' ')} `.includes(` ${wordsOf(phrase).join(' ')} `)

export const firstHeld = (text: string, phrases: readonly string[]): string | undefined => {
  const folded = ` ${wordsOf(text).join(' ')} `
  return phrases.find((phrase) => folded.includes(` ${wordsOf(phrase).join(' ')} `))
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
