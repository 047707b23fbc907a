import type { RegExpEngine } from 'ajv/dist/types/index.js'
import {
  compileSchema,
  type LinearPattern,
  type Piece,
  parseTemplate,
  type Split,
  slotsOf,
  splitOf,
  splitPool,
  type ValueSource,
  valueSource,
} from '../../skill.ts'
import type { Definition } from './definition.ts'
import { slotsByPool } from './pools.ts'
import { familySlot, isShared, slotsOfSay, sourceOf } from './source.ts'
import type { Row } from './table.ts'

/** A validator whose patterns are matched in linear time. @throws {Error} the schema is at fault */
export const schemaValidator = (schema: object, pattern: (source: string) => LinearPattern) => {
  const engine = Object.assign((source: string) => pattern(source), { code: 'linear' }) as unknown as RegExpEngine
  return compileSchema(schema, { code: { regExp: engine } })
}

/** A wording with what it is made of. */
export interface Wording {
  readonly text: string
  readonly pieces: readonly Piece[]
  readonly slots: readonly string[]
}

/** A request template of one split. */
export interface Say extends Wording {
  readonly phrases: readonly string[]
  readonly columns: readonly string[]
  readonly family: string | undefined // the slot that makes the family
}

/** All that items of one split are made of. */
export interface Material {
  readonly says: readonly Say[]
  readonly rows: readonly Row[]
  readonly values: ValueSource
  /** Wordings of a slot by label. */
  wordings(slot: string): Readonly<Record<string, readonly Wording[]>>
}

const familyKey = (name: string) => `family:${name}`

export const wordingOf = (text: string): Wording => {
  const pieces = parseTemplate(text)
  return { text, pieces, slots: slotsOf(pieces) }
}

export const materialOf = ({ content, rows, columns }: Definition, split: Split): Material => {
  const says = content.say.map((say): Say => {
    const { phrases, columns: used } = slotsOfSay(say, content, columns)
    return { ...wordingOf(say), phrases, columns: used, family: familySlot(say, content, columns) }
  })
  // a request that nothing else keeps to its split is a wording of its own
  const lone = says.filter(({ phrases, columns: used }) => phrases.length === 0 && used.length === 0)
  const ownLone = splitPool(lone, ({ text }) => familyKey(text))[split]
  const phrases = new Map(
    Object.entries(content.phrases).map(([name, labels]) => [
      name,
      Object.fromEntries(
        Object.entries(labels).map(([label, wordings]) => [label, ofSplit(wordings, name, split).map(wordingOf)]),
      ),
    ]),
  )
  return {
    says: says.filter((say) => !lone.includes(say) || ownLone.includes(say)),
    rows: rowsOf(rows, split),
    values: valueSource({ pools: slotsByPool(content.pools), values: content.values }, split),
    wordings: (slot) => phrases.get(sourceOf(slot, content, columns)?.name ?? '') ?? {},
  }
}

const ofSplit = (wordings: readonly string[], slot: string, split: Split): string[] => {
  const own = splitPool([...new Set(wordings.filter((wording) => !isShared(wording)))], (wording) =>
    familyKey(`${slot}:${wording}`),
  )
  return [...wordings.filter(isShared), ...own[split]]
}

/** The rows of a split: all rows of one family stay together. */
const rowsOf = (rows: readonly Row[], split: Split): Row[] => {
  const families = [...new Set(rows.map(rowFamily))]
  const own = new Set(
    families.length < 100
      ? splitPool(families, familyKey)[split]
      : families.filter((name) => splitOf(familyKey(name)) === split),
  )
  return rows.filter((row) => own.has(rowFamily(row)))
}

/** What a row is known by: its `family`, its file, or all that it says. */
export const rowFamily = (row: Row): string => String(row.family ?? row.file ?? row.id ?? JSON.stringify(row))
