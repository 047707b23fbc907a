/** How much of a label can be read off the surface of a reply: what a student learns from such a set is the surface. */
import type { AssistantTurn } from './contract.ts'
import { formOf, type PreferenceRow } from './pairs.ts'

/** Accuracy of the best rule that knows one thing only; 0.5 is chance where both labels are as many. */
export interface PairLint {
  readonly rows: number
  readonly good: number
  readonly length: number // replies of so many characters and more are good, or bad
  readonly form: number // calls are good, or bad
  readonly word: { readonly word: string; readonly accuracy: number } | null // replies with this word are good, or bad
  readonly warnings: readonly string[]
}

/** A surface that decides more rows than this is worth a warning. */
const tell = 0.8
/** Words of fewer rows than this share say nothing of the set. */
const rareWord = 0.02

/** How well length, form or one word alone would tell good replies from bad ones, with a warning for each that does. */
export const lintPairs = (rows: readonly PreferenceRow[]): PairLint => {
  const replies = rows.map(({ completion: [turn], label }) => ({ label, text: textOf(turn), form: formOf(turn) }))
  const length = byThreshold(replies.map(({ label, text }) => ({ label, value: text.length })))
  const form = byPresence(replies.map(({ label, form: is }) => ({ label, has: is === 'calls' })))
  const word = bestWord(replies)
  const warnings = [
    ...(length > tell ? [`the length of a reply alone tells ${percent(length)} of the labels`] : []),
    ...(form > tell ? [`calls against text alone tells ${percent(form)} of the labels`] : []),
    ...(word && word.accuracy > tell
      ? [`the word "${word.word}" alone tells ${percent(word.accuracy)} of the labels`]
      : []),
  ]
  return { rows: rows.length, good: rows.filter(({ label }) => label).length, length, form, word, warnings }
}

const percent = (share: number) => `${Math.round(share * 100)} %`

/** A reply as the student writes it, near enough to count and to look for words. */
export const textOf = ({ content, toolCalls = [] }: AssistantTurn): string =>
  [content, ...toolCalls.map(({ name, arguments: args }) => JSON.stringify({ name, arguments: args }))].join('\n')

interface Labelled {
  readonly label: boolean
}

const share = (right: number, of: number) => (of === 0 ? 0.5 : Math.max(right, of - right) / of)

const byPresence = (rows: readonly (Labelled & { readonly has: boolean })[]): number =>
  share(rows.filter(({ label, has }) => label === has).length, rows.length)

/** The best of all rules `value >= threshold`. */
const byThreshold = (rows: readonly (Labelled & { readonly value: number })[]): number => {
  const sorted = [...rows].sort((a, b) => a.value - b.value)
  const good = rows.filter(({ label }) => label).length
  let [below, best] = [0, share(good, rows.length)] // good rows below the threshold
  for (const [at, { label, value }] of sorted.entries()) {
    below += Number(label)
    if (sorted[at + 1]?.value === value) continue
    best = Math.max(best, share(good - below + (at + 1 - below), rows.length))
  }
  return best
}

const bestWord = (rows: readonly (Labelled & { readonly text: string })[]): PairLint['word'] => {
  const counts = new Map<string, { good: number; bad: number }>()
  for (const { label, text } of rows)
    for (const word of new Set(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [])) {
      const count = counts.get(word) ?? { good: 0, bad: 0 }
      counts.set(word, label ? { ...count, good: count.good + 1 } : { ...count, bad: count.bad + 1 })
    }
  const bad = rows.filter(({ label }) => !label).length
  let best: PairLint['word'] = null
  for (const [word, count] of counts) {
    if (count.good + count.bad < rareWord * rows.length) continue
    const accuracy = share(count.good + (bad - count.bad), rows.length)
    if (!best || accuracy > best.accuracy) best = { word, accuracy }
  }
  return best
}
