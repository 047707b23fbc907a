import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { readJsonl } from '../../core/jsonl.ts'
import type { RunFiles } from '../../core/workspace.ts'
import { fileOf, type RowSet } from './rows.ts'

/** Numbers of a run's rounds, from 0. */
export const roundNumbers = async ({ dir }: RunFiles): Promise<number[]> =>
  (await readdir(dir))
    .flatMap((name) => /^round-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

/** The last round that has such rows; 1 where none has. */
export const lastRound = async (files: RunFiles, set: RowSet): Promise<number> =>
  (await roundNumbers(files)).findLast((round) => round > 0 && existsSync(fileOf(files.round(round), set))) ?? 1

/** A round's replies to dev. Of gate only rates leave the run. */
export const devRows = async (files: RunFiles, round: number): Promise<EvaluationRow[]> =>
  (await readJsonl<EvaluationRow>(files.round(round).evaluation('dev'))).rows

/** Rounds that have replies to dev. */
export const evaluatedRounds = async (files: RunFiles): Promise<number[]> =>
  (await roundNumbers(files)).filter((round) => existsSync(files.round(round).evaluation('dev')))

export type CellStatus = 'pass' | 'warn' | 'fail' | 'ungraded' | 'error' | 'not-applicable'

/** What a row says about one criterion, or about all of them: the worst. */
export const statusOf = (row: EvaluationRow, criterion?: string): CellStatus => {
  if (row.error) return 'error'
  const verdicts = criterion === undefined ? Object.values(row.grade.criteria) : [row.grade.criteria[criterion]]
  const found = new Set(verdicts.map((verdict) => verdict?.status ?? 'ungraded'))
  return (['fail', 'warn', 'ungraded', 'pass'] as const).find((status) => found.has(status)) ?? 'not-applicable'
}
