import { z } from 'zod'
import type { Tags } from '../../core/contract.ts'
import { requestOf } from '../../core/excerpt.ts'
import type { RoundSummary } from '../../core/round.ts'
import { readSummaries } from '../../graph/status.ts'
import { defineCommand } from '../command.ts'
import { count, table, tagsText } from '../format.ts'
import { parseTags, runField, workspaceField, workspaceOf } from '../inputs.ts'
import { oneLine } from '../one-line.ts'
import { roundText } from '../report/text.ts'
import { type CellStatus, devRows, evaluatedRounds, statusOf } from './rounds.ts'
import { hasTags } from './rows.ts'

const input = z.strictObject({
  run: runField,
  criterion: z
    .string()
    .optional()
    .describe('only this one decides; all of them by default')
    .meta({ value: 'NAME', remote: 'text' }),
  only: z
    .enum(['all', 'changed', 'failing', 'worse'])
    .default('all')
    .describe('items whose verdict moved, that fail now, or that got worse in the last round'),
  search: z
    .string()
    .optional()
    .describe('only items whose request or id holds this text')
    .meta({ value: 'TEXT', remote: 'text' }),
  where: z
    .array(z.string())
    .default([])
    .describe('only items of a tag, as in kind=ask')
    .meta({ value: 'DIMENSION=VALUE', remote: 'text' }),
  offset: z.int().min(0).default(0).describe('items to leave out'),
  limit: z.int().min(1).max(500).default(50).describe('items to show'),
  workspace: workspaceField,
})

interface MatrixItem {
  readonly id: string
  readonly tags: Tags
  readonly request: string
  readonly cells: readonly (CellStatus | null)[] // one a round of `rounds`; null: not answered
}

/** Dev items by round, and pass rates by tag and round. */
export interface Matrix {
  readonly run: string
  readonly rounds: readonly number[]
  readonly criteria: readonly string[]
  readonly total: number // items that fit
  readonly offset: number
  readonly items: readonly MatrixItem[]
  readonly heat: readonly {
    readonly where: Tags
    readonly rates: readonly ({ readonly rate?: number; readonly passes: number; readonly n: number } | null)[]
  }[]
}

export const command = defineCommand<typeof input, Matrix>({
  input,
  positional: ['run'],
  async run(input, context) {
    const files = await workspaceOf(input, context).find(input.run)
    const rounds = await evaluatedRounds(files)
    const byItem = new Map<
      string,
      { -readonly [K in keyof MatrixItem]: MatrixItem[K] } & { cells: (CellStatus | null)[] }
    >()
    const criteria = new Set<string>()
    for (const [column, round] of rounds.entries())
      for (const row of await devRows(files, round)) {
        for (const name of Object.keys(row.grade.criteria)) criteria.add(name)
        const known = byItem.get(row.item.id) ?? {
          id: row.item.id,
          tags: row.item.tags,
          request: requestOf(row.transcript),
          cells: rounds.map(() => null),
        }
        known.cells[column] = statusOf(row, input.criterion)
        if (known.request === '') known.request = requestOf(row.transcript)
        byItem.set(row.item.id, known)
      }
    const wanted = parseTags(input.where)
    const text = input.search?.trim().toLowerCase() ?? ''
    const items = [...byItem.values()].filter(
      (item) =>
        hasTags(item.tags, wanted) &&
        moved(item.cells, input.only) &&
        (text === '' || `${item.id}\n${item.request}`.toLowerCase().includes(text)),
    )
    const { offset, limit } = input
    const heat = heatOf(await readSummaries(files), rounds, input.criterion ?? [...criteria][0])
    return {
      run: files.name,
      rounds,
      criteria: [...criteria],
      total: items.length,
      offset,
      items: items.slice(offset, offset + limit),
      heat,
    }
  },
  render({ rounds, items, total }, { colors }) {
    const marks: Record<string, string> = { pass: colors.green('✓'), fail: colors.red('✗'), warn: colors.yellow('~') }
    const head = ['item', 'tags', 'request', ...rounds.map(roundText)].map((word) => colors.dim(word))
    const lines = items.map((item) => [
      item.id,
      tagsText(item.tags),
      oneLine(item.request, 50),
      ...item.cells.map((cell) => marks[cell ?? ''] ?? '·'),
    ])
    return [table(head, lines), `${items.length} of ${count(total)} dev items`].join('\n')
  },
})

const moved = (cells: readonly (CellStatus | null)[], only: string): boolean => {
  const answered = cells.filter((cell) => cell !== null)
  const [before, last] = [answered.at(-2), answered.at(-1)]
  if (only === 'failing') return last === 'fail'
  if (only === 'worse') return before === 'pass' && last !== undefined && last !== 'pass'
  return only === 'all' || new Set(answered).size > 1
}

const heatOf = (
  summaries: readonly RoundSummary[],
  rounds: readonly number[],
  criterion: string | undefined,
): Matrix['heat'] => {
  const tags = new Map<string, Tags>()
  const rateOf = (round: number, key: string) => {
    const rate = summaries
      .find((each) => each.round === round)
      ?.tags.dev.find((each) => each.criterion === criterion && tagsText(each.where) === key)
    return rate ? { passes: rate.passes, n: rate.n, ...(rate.rate !== undefined && { rate: rate.rate }) } : null
  }
  for (const summary of summaries)
    for (const each of summary.tags.dev) if (each.criterion === criterion) tags.set(tagsText(each.where), each.where)
  return [...tags].map(([key, where]) => ({ where, rates: rounds.map((round) => rateOf(round, key)) }))
}
