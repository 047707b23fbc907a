import { canonical } from './canonical.ts'
import { sentencesOf } from './checks/text.ts'
import { coinedWords } from './coined.ts'
import { type JsonPath, type Location, withValue } from './json-path.ts'
import { pick, type Random, shuffle } from './random.ts'

/** The plausible ways in which a reply goes wrong, by name. */
export const mistakeKinds = [
  'drop',
  'swap',
  'invent',
  'wrong-type',
  'wrong-label',
  'wrong-order',
  'too-long',
  'preamble',
  'refuse',
] as const
/** One of `mistakeKinds`. */
export type MistakeKind = (typeof mistakeKinds)[number]

/** Where a reply goes wrong, and what stands there then. */
export interface MistakeOptions {
  readonly at?: JsonPath // which place of a record goes wrong; any fitting one where left out
  readonly labels?: readonly unknown[] // what a wrong label is drawn from
}

/**
 * The reply with one mistake in it. Records are changed at one place; text by its sentences.
 * @returns undefined where this reply cannot go wrong in this way
 */
export const makeMistake = (
  kind: MistakeKind,
  gold: unknown,
  random: Random,
  options: MistakeOptions = {},
): string | undefined => {
  const wrong =
    typeof gold === 'string' ? textMistakes[kind](gold, random, options) : inRecord(kind, gold, random, options)
  return wrong === undefined || wrong.trim() === written(gold).trim() ? undefined : wrong
}

/** A reply as the student writes it: text as it is, anything else as JSON. */
export const written = (gold: unknown): string => (typeof gold === 'string' ? gold : (JSON.stringify(gold) ?? ''))

const openings = ['Sure! Here is the answer:', 'Here you go:', 'Of course. The answer is:', 'Based on your message:']
const refusals = ["I'm sorry, I can't help with that.", 'I cannot do that.', 'I am not able to answer this request.']
const fillers = [
  'Please let me know if there is anything else that I can do for you.',
  'I hope that this helps and that everything is clear now.',
  'As always, feel free to ask if you have any further questions about it.',
  'It is worth adding that there is a lot more which could be said here.',
  'In summary, the above should give you all that you need to go on.',
]

const around = {
  preamble: (text: string, random: Random) => `${pick(random, openings)}\n${text}`,
  refuse: (_: string, random: Random) => pick(random, refusals),
  'too-long': (text: string, random: Random) => `${text}\n${shuffle(random, fillers).join(' ')}`,
}

type TextMistake = (text: string, random: Random, options: MistakeOptions) => string | undefined

const textMistakes: Readonly<Record<MistakeKind, TextMistake>> = {
  ...around,
  drop: (text, random) => {
    const sentences = sentencesOf(text)
    if (sentences.length > 1) return sentences.toSpliced(Math.floor(random() * sentences.length), 1).join(' ')
    const words = text.split(/\s+/)
    return words.length > 1 ? words.toSpliced(Math.floor(random() * words.length), 1).join(' ') : undefined
  },
  swap: (text, random) => {
    const words = text.split(/\s+/)
    const pairs = words.flatMap((word, at) => (at > 0 && word !== words[at - 1] ? [at] : []))
    if (pairs.length === 0) return undefined
    const at = pick(random, pairs)
    return words
      .with(at, words[at - 1] as string)
      .with(at - 1, words[at] as string)
      .join(' ')
  },
  invent: (text, random) => `${text} It was confirmed by ${coined(random)} on ${1 + Math.floor(random() * 28)} May.`,
  'wrong-type': (text) => JSON.stringify({ answer: text }),
  'wrong-label': (text, random, { labels = [] }) => {
    const others = labels.filter((label): label is string => typeof label === 'string' && label !== text)
    return others.length > 0 ? pick(random, others) : undefined
  },
  'wrong-order': (text) => {
    const parts = text.includes('\n') ? text.split('\n').filter(Boolean) : sentencesOf(text)
    return parts.length > 1 ? parts.toReversed().join(text.includes('\n') ? '\n' : ' ') : undefined
  },
}

const inRecord = (kind: MistakeKind, gold: unknown, random: Random, options: MistakeOptions): string | undefined => {
  if (kind === 'preamble' || kind === 'refuse' || kind === 'too-long') return around[kind](written(gold), random)
  const changed = kind === 'swap' ? swapped(gold, random, options) : changedAt(kind, gold, random, options)
  return changed === undefined ? undefined : written(changed)
}

interface Place {
  readonly location: Location
  readonly value: unknown
}

/** The places that a mistake may touch, in a seeded order. */
const placesOf = (gold: unknown, random: Random, { at }: MistakeOptions): Place[] =>
  shuffle(random, at ? [...at.find(gold)] : leavesOf(gold, []))

const leavesOf = (value: unknown, location: Location): Place[] => {
  if (typeof value !== 'object' || value === null) return location.length > 0 ? [{ location, value }] : []
  const inside = Object.entries(value).flatMap(([key, child]) =>
    leavesOf(child, [...location, Array.isArray(value) ? Number(key) : key]),
  )
  return location.length > 0 ? [{ location, value }, ...inside] : inside
}

const changedAt = (kind: MistakeKind, gold: unknown, random: Random, options: MistakeOptions): unknown => {
  for (const { location, value } of placesOf(gold, random, options)) {
    const change = changes[kind as keyof typeof changes](value, random, options)
    if (change === keep) continue
    return withValue(gold, location, () => change)
  }
  return undefined
}

/** Says that a value cannot go wrong in a way; `undefined` would take it out. */
const keep = Symbol('keep')

const changes = {
  drop: (): unknown => undefined,
  invent: (value: unknown, random: Random): unknown => invented(value, random),
  'wrong-type': (value: unknown): unknown => {
    if (typeof value === 'object' && value !== null) return keep
    return typeof value === 'string' ? [value] : String(value)
  },
  'wrong-label': (value: unknown, random: Random, { labels = [] }: MistakeOptions): unknown => {
    const others = labels.filter((label) => canonical(label) !== canonical(value))
    const known = labels.some((label) => canonical(label) === canonical(value))
    return known && others.length > 0 ? pick(random, others) : keep
  },
  'wrong-order': (value: unknown): unknown => {
    if (!Array.isArray(value)) return keep
    const turned = value.toReversed()
    return canonical(turned) === canonical(value) ? keep : turned
  },
}

/** Another value of the same kind, as a student makes one up that has not read well. */
const invented = (value: unknown, random: Random): unknown => {
  if (typeof value === 'number') return value + pick(random, [-2, -1, 1, 2, 10])
  if (typeof value === 'boolean') return !value
  if (value === null) return coined(random)
  if (typeof value !== 'string') return keep
  const digits = [...value].flatMap((character, at) => (/\d/.test(character) ? [at] : []))
  if (digits.length === 0) return coined(random)
  const at = pick(random, digits)
  const digit = (Number(value[at]) + 1 + Math.floor(random() * 9)) % 10
  return value.slice(0, at) + digit + value.slice(at + 1)
}

const coined = (random: Random): string => pick(random, coinedWords(200))

/** Two values of the record in each other's place. */
const swapped = (gold: unknown, random: Random, options: MistakeOptions): unknown => {
  const plain = placesOf(gold, random, options).filter(({ value }) => typeof value !== 'object' && value !== null)
  for (const [index, first] of plain.entries())
    for (const second of plain.slice(index + 1))
      if (typeof first.value === typeof second.value && first.value !== second.value) {
        const once = withValue(gold, first.location, () => second.value)
        return withValue(once, second.location, () => first.value)
      }
  return undefined
}
