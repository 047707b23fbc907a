import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { type Config, parseConfig } from '../core/config.ts'
import type { RoundSummary } from '../core/round.ts'
import type { RunFiles, Workspace } from '../core/workspace.ts'
import { readSummaries } from './status.ts'

/** How long the parts of a run take on this machine, in seconds. */
export interface Pace {
  readonly baseReply: number // of the untouched student, which seldom stops by itself
  readonly reply: number // of a trained one
  readonly row: number // one training row once, made, checked and learned
  readonly measured?: string // the run that it was measured in; absent where it is reckoned from the cores
}

/** Two cores, SmolLM2-135M, six tools (docs/results/2026-11-23-quickstart.md): the slower of two machines, the one without bf16. */
const onTwoCores = { baseReply: 0.9, reply: 0.5, row: 0.77 }
const itsTokens = 512 // student.maxTokens there
const pairOfCores = 2

type For = Pick<Config, 'skill' | 'student'>

/**
 * The pace of the newest run of this skill and base model in the workspace that has trained; without one, reckoned from the cores.
 * Rows and episodes are taken to be as much longer as `student.maxTokens` allows: their own length is not known before they are made.
 */
export const paceOf = async (workspace: Workspace, of: For): Promise<Pace> => {
  for (const run of (await workspace.runs()).reverse()) {
    const files = workspace.run(run)
    const pace = await measuredIn(files, of).catch(() => undefined) // a run that cannot be read has nothing to say
    if (pace) return { ...pace, measured: run }
  }
  const speed = Math.max(1, os.availableParallelism() / pairOfCores)
  const { baseReply, reply, row } = onTwoCores
  const longer = Math.max(1, of.student.maxTokens / itsTokens) / speed
  return { baseReply: baseReply * longer, reply: reply * longer, row: row * longer }
}

const measuredIn = async (files: RunFiles, { skill, student }: For): Promise<Pace | undefined> => {
  const { config } = parseConfig(await readFile(files.config, 'utf8'), files.config)
  if (config.skill !== skill || config.student.base !== student.base) return undefined
  const [baseline, ...rounds] = await readSummaries(files)
  const taught = rounds.findLast(({ rows, seconds }) => rows.trained > 0 && (seconds.train ?? 0) > 0)
  if (!baseline || !taught) return undefined
  const asked = config.evaluation.dev + config.evaluation.gate
  const longer = student.maxTokens / config.student.maxTokens
  const learned = taught.rows.trained * (config.train.sft.epochs ?? 1)
  return {
    baseReply: (longer * secondsOf(baseline, ['evaluate'])) / asked,
    reply: (longer * secondsOf(taught, ['evaluate'])) / asked,
    row: (longer * secondsOf(taught, ['generate', 'validate', 'train'])) / learned,
  }
}

const secondsOf = ({ seconds }: RoundSummary, stages: readonly string[]): number =>
  stages.reduce((sum, stage) => sum + (seconds[stage] ?? 0), 0)
