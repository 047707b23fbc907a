import { compare } from '../core/compare.ts'
import type { Tags } from '../core/contract.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import { readJsonl } from '../core/jsonl.ts'
import type { RoundSummary } from '../core/round.ts'
import type { RunFiles } from '../core/workspace.ts'

/** One side of a comparison: the replies of a run's student of one round. */
export interface Arm {
  readonly files: RunFiles
  readonly summaries: readonly RoundSummary[]
  readonly round: number
  readonly chosen: boolean // a person named the round
  readonly rows: readonly EvaluationRow[]
}

/** First minus second; the interval is missing under two families. */
export interface Difference {
  readonly difference?: number
  readonly low?: number
  readonly high?: number
  readonly firstRate?: number
  readonly secondRate?: number
  readonly rows: number // scored in both
  readonly families: number
}

/** @throws {WhetError} not-evaluated where the round has no stored replies */
export const armOf = async (
  files: RunFiles,
  summaries: readonly RoundSummary[],
  chosen: number | undefined,
  split: 'gate' | 'dev',
): Promise<Arm> => {
  const round = chosen ?? summaries.at(-1)?.best ?? 0
  const rows = await repliesOf(files, round, split)
  return { files, summaries, round, chosen: chosen !== undefined, rows }
}

export const repliesOf = async (files: RunFiles, round: number, split: 'gate' | 'dev'): Promise<EvaluationRow[]> => {
  const { rows } = await readJsonl<EvaluationRow>(files.round(round).evaluation(split))
  if (rows.length > 0) return rows
  throw new WhetError({
    code: 'not-evaluated',
    message: `Round ${round} of ${files.name} has no ${split} replies yet. \`whet status ${files.name}\` shows its rounds.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { run: files.name, round, split },
  })
}

/** The rows of the items that both have, where the item is the same in every part. */
export const common = (first: readonly EvaluationRow[], second: readonly EvaluationRow[]) => {
  const items = new Map(second.map(({ item }) => [item.id, JSON.stringify(item)]))
  const own = first.filter(({ item }) => items.get(item.id) === JSON.stringify(item))
  const ids = new Set(own.map(({ item }) => item.id))
  const other = second.filter(({ item }) => ids.has(item.id))
  return { first: own, second: other, left: first.length + second.length - own.length - other.length }
}

export const difference = (
  first: readonly EvaluationRow[],
  second: readonly EvaluationRow[],
  criterion: string,
  where?: Tags,
): Difference => {
  const { test, rows, families, candidateRate, incumbentRate } = compare(first, second, {
    of: criterion,
    measure: 'pass-rate',
    ...(where && { where }),
  })
  if (rows === 0 || candidateRate === undefined || incumbentRate === undefined) return { rows, families }
  return {
    difference: candidateRate - incumbentRate,
    ...(test && { low: test.low, high: test.high }),
    firstRate: candidateRate,
    secondRate: incumbentRate,
    rows,
    families,
  }
}
