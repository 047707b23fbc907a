import { z } from 'zod'
import type { Tags } from '../../core/contract.ts'
import { exitCodes, WhetError } from '../../core/errors.ts'
import { excerpt, replyOf, requestOf } from '../../core/excerpt.ts'
import type { FailureReport } from '../../core/failures.ts'
import { readJson } from '../../core/jsonl.ts'
import { unknownName } from '../../core/nearest.ts'
import type { RunFiles } from '../../core/workspace.ts'
import { defineCommand } from '../command.ts'
import { tagsText } from '../format.ts'
import { runField, workspaceField, workspaceOf } from '../inputs.ts'
import { roundText } from '../report/text.ts'
import { goldOf } from './gold.ts'
import { type CellStatus, devRows, evaluatedRounds, statusOf } from './rounds.ts'

const input = z.strictObject({
  item: z
    .string()
    .max(200)
    .describe('id of a dev item, as reports and `show evaluation` name it')
    .meta({ value: 'ITEM', remote: 'text' }),
  run: runField,
  workspace: workspaceField,
})

/** Texts are what a student, a tool or a user wrote: data, whoever reads them. */
export interface ItemShown {
  readonly run: string
  readonly item: string
  readonly tags: Tags
  readonly request: string
  readonly gold: string | null // the right answer
  readonly replies: readonly {
    readonly round: number
    readonly status: CellStatus
    readonly text: string
    readonly score: number
    readonly criteria: readonly { readonly criterion: string; readonly status: string; readonly reason: string }[]
    readonly ms: number
  }[]
}

export const command = defineCommand<typeof input, ItemShown>({
  input,
  positional: ['item', 'run'],
  async run(input, context) {
    const files = await workspaceOf(input, context).find(input.run)
    const found = []
    const known: string[] = []
    for (const round of await evaluatedRounds(files)) {
      const rows = await devRows(files, round)
      if (round === 0) known.push(...rows.map((row) => row.item.id))
      const row = rows.find((each) => each.item.id === input.item)
      if (row) found.push({ round, row })
    }
    const first = found.find(({ row }) => row.transcript.length > 0)?.row ?? found[0]?.row
    if (!first) throw unknownItem(input.item, known)
    return {
      run: files.name,
      item: input.item,
      tags: first.item.tags,
      request: requestOf(first.transcript),
      gold: (await goldOf(files, first.item)) ?? (await goldInReports(files, input.item)),
      replies: found.map(({ round, row }) => ({
        round,
        status: statusOf(row),
        text: row.error ? excerpt(row.error.message, 300) : replyOf(row.transcript),
        score: row.grade.score,
        criteria: Object.entries(row.grade.criteria).map(([criterion, verdict]) => ({
          criterion,
          status: verdict.status,
          reason: 'reason' in verdict ? excerpt(verdict.reason, 400) : '',
        })),
        ms: row.ms,
      })),
    }
  },
  render({ item, tags, request, gold, replies }, { colors }) {
    return [
      `${colors.bold(item)} · ${tagsText(tags)}`,
      `${colors.dim('asked  ')} ${request}`,
      ...(gold === null ? [] : [`${colors.dim('right  ')} ${gold}`]),
      ...replies.flatMap(({ round, status, text, criteria }) => [
        `${colors.cyan(roundText(round).padEnd(8))} ${status === 'pass' ? colors.green(status) : colors.red(status)} ${text || '(said nothing)'}`,
        ...criteria
          .filter((each) => each.status === 'fail' || each.status === 'warn')
          .map(({ criterion, reason }) => colors.dim(`         ${criterion}: ${reason}`)),
      ]),
    ].join('\n')
  },
})

/** Failure reports keep the right answer of some dev items. */
const goldInReports = async (files: RunFiles, item: string): Promise<string | null> => {
  for (const round of await evaluatedRounds(files)) {
    const report = await readJson<FailureReport>(files.round(round).failures)
    const gold = report?.examples.find(({ id }) => id === item)?.gold
    if (gold !== undefined) return excerpt(gold)
  }
  return null
}

const unknownItem = (item: string, known: readonly string[]) =>
  new WhetError({
    code: 'unknown-item',
    message: `${unknownName('dev item', item, known)} Items of gate and sealed are never shown.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { item: item.slice(0, 200) },
  })
