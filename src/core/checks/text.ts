import { excerpt } from '../excerpt.ts'
import type { LinearPattern } from '../pattern.ts'
import type { Judged } from './compare.ts'

const yes = (reason: string): Judged => ({ score: 1, reason })
const no = (reason: string): Judged => ({ score: 0, reason })
const quoted = (text: string) => JSON.stringify(excerpt(text, 60))

/** A pattern occurs somewhere in the text; with `absent` it must not. */
export const checkPattern = (text: string, pattern: LinearPattern, { absent = false } = {}): Judged => {
  const found = pattern.test(text)
  if (found !== absent) return yes(found ? `matches ${quoted(pattern.source)}` : `free of ${quoted(pattern.source)}`)
  return no(`${quoted(text)} ${absent ? 'matches' : 'does not match'} ${quoted(pattern.source)}`)
}

/** Texts that must all occur, whatever their case; the score is the share that does. With `absent` none may. */
export const checkContains = (text: string, wanted: readonly string[], { absent = false } = {}): Judged => {
  const folded = text.toLowerCase()
  const found = wanted.filter((each) => folded.includes(each.toLowerCase()))
  if (absent) return found.length === 0 ? yes('holds nothing unwanted') : no(`holds ${quoted(found.join(', '))}`)
  const missing = wanted.filter((each) => !found.includes(each))
  if (missing.length === 0) return yes('holds all that it must')
  return { score: Math.min(found.length / wanted.length, 0.99), reason: `lacks ${quoted(missing.join(', '))}` }
}

/** What a length is counted in. */
export const lengthUnits = ['characters', 'words', 'sentences', 'lines'] as const
/** One of `lengthUnits`. */
export type LengthUnit = (typeof lengthUnits)[number]

/** So much text as wanted, both ends included. */
export const checkLength = (text: string, unit: LengthUnit, [least, most]: readonly [number, number]): Judged => {
  const length = lengthOf(text, unit)
  if (length >= least && length <= most) return yes(`${length} ${unit}`)
  return no(`${length} ${unit}, and ${least} to ${most} are wanted`)
}

const lengthOf = (text: string, unit: LengthUnit): number => {
  if (unit === 'characters') return [...text.trim()].length
  if (unit === 'lines') return text.split('\n').filter((line) => line.trim() !== '').length
  return unit === 'words' ? wordsOf(text).length : sentencesOf(text).length
}

const segments = (text: string, granularity: 'word' | 'sentence') =>
  new Intl.Segmenter('en', { granularity }).segment(text.slice(0, longestRead))

/** A student may answer with megabytes: no text is read further. */
const longestRead = 50_000

/** The words of a text, in any script. */
export const wordsOf = (text: string): string[] =>
  [...segments(text, 'word')].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment)

/** The sentences of a text, with the white space around them taken off. */
export const sentencesOf = (text: string): string[] =>
  [...segments(text, 'sentence')]
    .map(({ segment }) => segment.trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
