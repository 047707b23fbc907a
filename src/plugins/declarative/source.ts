import { parseTemplate, slotsOf } from '../../skill.ts'
import type { SkillFile } from './format.ts'

/** Where a slot gets its value from: labelled wordings, values of pools, or a column of the rows. */
export type Source =
  | { readonly kind: 'phrases'; readonly name: string }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'column'; readonly name: string }

const has = (record: object, name: string) => Object.hasOwn(record, name)

/** @returns undefined for a slot that nothing gives a value */
export const sourceOf = (slot: string, content: SkillFile, columns: readonly string[]): Source | undefined => {
  const name = content.slots[slot] ?? slot
  if (has(content.phrases, name)) return { kind: 'phrases', name }
  if (has(content.values, name) || has(content.pools, name)) return { kind: 'value', name }
  return columns.includes(name) ? { kind: 'column', name } : undefined
}

/** All names that a slot may have. */
export const slotNames = (content: SkillFile, columns: readonly string[]): string[] => [
  ...new Set([
    ...Object.keys(content.slots),
    ...Object.keys(content.phrases),
    ...Object.keys(content.values),
    ...Object.keys(content.pools),
    ...columns,
  ]),
]

/** The slots of a request template by what they are. */
export const slotsOfSay = (say: string, content: SkillFile, columns: readonly string[]) => {
  const slots = slotsOf(parseTemplate(say))
  const of = (kind: Source['kind']) => slots.filter((slot) => sourceOf(slot, content, columns)?.kind === kind)
  return { phrases: of('phrases'), values: of('value'), columns: of('column') }
}

/** The empty wording says nothing: all splits share it. */
export const isShared = (wording: string): boolean => wording.trim() === ''

/** The slot whose wordings are the families of a request; undefined where its row or the request itself is. */
export const familySlot = (say: string, content: SkillFile, columns: readonly string[]): string | undefined => {
  const { phrases, columns: used } = slotsOfSay(say, content, columns)
  if (content.family !== undefined && phrases.includes(content.family)) return content.family
  if (used.length > 0) return undefined
  const order = Object.keys(content.phrases)
  const place = (slot: string) => order.indexOf(content.slots[slot] ?? slot)
  return [...phrases].sort((a, b) => place(a) - place(b))[0]
}

/** Dimensions by name: the slot of phrases or the column that gives the tag. */
export const dimensionSlots = (content: SkillFile): Readonly<Record<string, string>> =>
  content.dimensions ?? Object.fromEntries(Object.keys(content.phrases).map((name) => [name, name]))
