import { z } from 'zod'
import { JsonlIndex } from '../../core/jsonl-index.ts'
import { defineCommand } from '../command.ts'
import { count, table, tagsText } from '../format.ts'
import { parseTags, runField, workspaceField, workspaceOf } from '../inputs.ts'
import { oneLine } from '../one-line.ts'
import { lastRound } from './rounds.ts'
import { fileOf, hasTags, rowSets, type ShownRow, shownRow } from './rows.ts'

const input = z.strictObject({
  run: runField,
  round: z.int().min(1).max(9999).optional().describe('the last one that has rows by default'),
  set: z
    .enum(rowSets)
    .default('items')
    .describe('made items, rejected ones with reasons, rows that were trained, pairs, practice replies'),
  search: z.string().optional().describe('only rows that hold this text').meta({ value: 'TEXT', remote: 'text' }),
  where: z
    .array(z.string())
    .default([])
    .describe('only rows of a tag, as in kind=ask; may be given several times')
    .meta({ value: 'DIMENSION=VALUE', remote: 'text' }),
  offset: z.int().min(0).default(0).describe('rows to leave out'),
  limit: z.int().min(1).max(500).default(50).describe('rows to show'),
  full: z.boolean().default(false).describe('with the whole row, as it lies in the file'),
  workspace: workspaceField,
})

export interface ItemsPage {
  readonly run: string
  readonly round: number
  readonly set: string
  readonly all: number // rows of the file
  readonly total: number // rows that fit
  readonly offset: number
  readonly rows: readonly (ShownRow & { readonly whole?: unknown })[]
}

/** A page of a round's rows. Searches read the file once; turning pages reads the page. */
export const command = defineCommand<typeof input, ItemsPage>({
  input,
  positional: ['run'],
  async run(input, context) {
    const files = await workspaceOf(input, context).find(input.run)
    const round = input.round ?? (await lastRound(files, input.set))
    const index = await JsonlIndex.of(fileOf(files.round(round), input.set))
    const { offset, limit, set, full } = input
    const found = await rowsThatFit(index, input)
    const rows = found
      ? await Promise.all(
          found.slice(offset, offset + limit).map(async (row) => shown((await index.texts(row, 1))[0]!, row, full)),
        )
      : (await index.texts(offset, limit)).map((text, at) => shown(text, offset + at, full))
    return { run: files.name, round, set, all: index.rows, total: found?.length ?? index.rows, offset, rows }
  },
  render({ rows, total, all, round, set }, { colors }) {
    const head = ['id', 'tags', 'text', 'reasons'].map((word) => colors.dim(word))
    const lines = rows.map((row) => [
      row.id,
      tagsText(row.tags),
      oneLine(row.text, 60),
      oneLine(row.reasons?.join('; ') ?? '', 60),
    ])
    return [
      table(head, lines),
      `round ${round}, ${set}: ${rows.length} of ${count(total)} rows${total < all ? ` (${count(all)} in all)` : ''}`,
    ].join('\n')
  },
})

const shown = (text: string, row: number, full: boolean) => {
  const whole = JSON.parse(text) as unknown
  return { ...shownRow(whole, row), ...(full && { whole }) }
}

/** undefined: all of them. */
const rowsThatFit = async (
  index: JsonlIndex,
  { search, where }: { search?: string; where: readonly string[] },
): Promise<readonly number[] | undefined> => {
  const tags = parseTags(where)
  const wanted = search?.trim().toLowerCase() ?? ''
  if (wanted === '' && where.length === 0) return undefined
  return index.find(JSON.stringify([wanted, where]), (text) => {
    if (wanted !== '' && !text.toLowerCase().includes(wanted)) return false
    return where.length === 0 || hasTags(shownRow(JSON.parse(text), 0).tags, tags)
  })
}
