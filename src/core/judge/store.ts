import { createHash } from 'node:crypto'
import path from 'node:path'
import type { RoleSettings } from '../config-roles.ts'
import { readJson, writeJson } from '../jsonl.ts'
import type { Calibration } from './calibrate.ts'

/** What was found out about one judge. Another model, or the same at another address, is another judge. */
export interface JudgeFile {
  readonly model: string
  readonly where: string // host
  readonly at: string // ISO time
  readonly criteria: readonly Calibration[]
}

const fileOf = (folder: string, { model, baseUrl }: RoleSettings): string => {
  const hash = createHash('sha256').update(`${baseUrl} ${model}`).digest('hex').slice(0, 12)
  return path.join(folder, `judge-${hash}.json`)
}

export const readCalibration = (folder: string, judge: RoleSettings): Promise<JudgeFile | undefined> =>
  readJson<JudgeFile>(fileOf(folder, judge))

/** Criteria that were calibrated before and are not in `criteria` stay. @returns the file */
export const keepCalibration = async (
  folder: string,
  judge: RoleSettings,
  criteria: readonly Calibration[],
  at: Date,
): Promise<string> => {
  const file = fileOf(folder, judge)
  const before = (await readJson<JudgeFile>(file))?.criteria ?? []
  const now = new Set(criteria.map(({ criterion }) => criterion))
  const all = [...before.filter(({ criterion }) => !now.has(criterion)), ...criteria]
  const kept: JudgeFile = {
    model: judge.model,
    where: new URL(judge.baseUrl).host,
    at: at.toISOString(),
    criteria: all,
  }
  await writeJson(file, kept)
  return file
}
