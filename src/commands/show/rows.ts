import type { ItemBase, Message, Tags } from '../../core/contract.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { excerpt, replyOf, requestOf } from '../../core/excerpt.ts'
import type { RoundFiles } from '../../core/workspace.ts'

/** The files of a round that hold rows. All of them are made of training items. */
export const rowSets = ['items', 'rejected', 'training', 'pairs', 'practice'] as const
export type RowSet = (typeof rowSets)[number]

export const fileOf = (round: RoundFiles, set: RowSet): string =>
  ({
    items: round.items,
    rejected: round.rejected,
    training: round.sft,
    pairs: round.kto,
    practice: round.practice,
  })[set]

/** A row as a person reads it in a list. */
export interface ShownRow {
  readonly row: number // from 0, in its file
  readonly id: string
  readonly tags: Tags
  readonly text: string // what is asked
  readonly reply?: string // what is to be learned, or what the student said
  readonly label?: 'good' | 'bad' // of a pair's reply
  readonly reasons?: readonly string[] // why it was rejected, or what it failed
  readonly editedBy?: string // the person who changed its item
}

/** Any row of a round's files. */
interface AnyRow extends Partial<ItemBase>, Partial<Omit<EvaluationRow, 'item'>> {
  readonly item?: ItemBase
  readonly reasons?: readonly string[]
  readonly prompt?: readonly Message[]
  readonly completion?: readonly Message[]
  readonly label?: boolean
  readonly editedBy?: string
}

/** What lists, searches and filters read of a row. A row of an unknown shape is shown by its longest text. */
export const shownRow = (value: unknown, row: number, most = 300): ShownRow => {
  const any = (value ?? {}) as AnyRow
  const item = any.item ?? (any as Partial<ItemBase>)
  const reply = any.completion ? replyOf(any.completion) : any.transcript ? replyOf(any.transcript) : undefined
  const reasons = any.reasons ?? failedReasons(any)
  return {
    row,
    id: String(item.id ?? any.id ?? row),
    tags: item.tags ?? {},
    text: excerpt(
      any.prompt ? requestOf(any.prompt) : any.transcript?.length ? requestOf(any.transcript) : longestText(item),
      most,
    ),
    ...(reply !== undefined && { reply: excerpt(reply, most) }),
    ...(any.label !== undefined && { label: any.label ? ('good' as const) : ('bad' as const) }),
    ...(any.editedBy !== undefined && { editedBy: any.editedBy }),
    ...(reasons && reasons.length > 0 && { reasons: reasons.map((reason) => excerpt(reason, most)) }),
  }
}

const failedReasons = ({ grade }: AnyRow): string[] | undefined =>
  grade &&
  Object.entries(grade.criteria ?? {}).flatMap(([criterion, verdict]) =>
    verdict.status === 'fail' || verdict.status === 'warn' ? [`${criterion}: ${verdict.reason}`] : [],
  )

/** The request of an item whose shape only its skill knows: `request`, else its longest text. */
const longestText = (item: object): string => {
  const { id: _id, family: _family, request, ...rest } = item as Record<string, unknown>
  if (typeof request === 'string') return request
  const texts = Object.values(rest).filter((value) => typeof value === 'string')
  return texts.sort((a, b) => b.length - a.length)[0] ?? ''
}

/** Whether a row has, in every dimension asked for, one of the values. */
export const hasTags = (tags: Tags, where: Tags): boolean =>
  Object.entries(where).every(([dimension, values]) =>
    (Object.hasOwn(tags, dimension) ? tags[dimension]! : []).some((value) => values.includes(value)),
  )
