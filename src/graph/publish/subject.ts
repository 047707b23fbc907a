import { existsSync } from 'node:fs'
import path from 'node:path'
import type { LoadedConfig } from '../../core/config.ts'
import type { AnySkill } from '../../core/contract.ts'
import { exitCodes, WhetError } from '../../core/errors.ts'
import { readJson } from '../../core/jsonl.ts'
import type { RoundSummary } from '../../core/round.ts'
import type { RoundFiles, RunFiles } from '../../core/workspace.ts'
import { loadPlugin } from '../../plugins/index.ts'
import type { EngineOptions } from '../engine.ts'
import { type Frozen, readFrozen } from '../nodes/define.ts'
import { loadRunConfig } from '../run-config.ts'
import { bestRound } from '../status.ts'

/** The student that is to be published, and what it was measured by. */
export interface Candidate {
  readonly files: RunFiles
  readonly round: RoundFiles
  readonly summary: RoundSummary
  readonly loaded: LoadedConfig
  readonly plugin: AnySkill
  readonly frozen: Frozen
  readonly lora: boolean
}

/**
 * A run's best student, or that of a round.
 * @throws WhetError unknown-run · nothing-to-publish · weights-missing · student-not-trainable
 */
export const candidateOf = async (
  options: EngineOptions & { readonly run: string | undefined; readonly round?: number },
): Promise<Candidate> => {
  const files = await options.workspace.find(options.run)
  const number = options.round ?? (await bestRound(files))
  const round = files.round(number)
  const summary = await readJson<RoundSummary>(round.summary)
  if (number === 0 || !summary) throw nothingToPublish(files.name, number)
  if (!existsSync(round.adapter)) throw weightsMissing(files.name, number, round.adapter)
  const loaded = await loadRunConfig(files)
  const plugin = options.plugin ?? (await loadPlugin(loaded.config.skill, path.dirname(loaded.file)))
  const frozen = await readFrozen(files, plugin)
  return {
    files,
    round,
    summary,
    loaded,
    plugin,
    frozen,
    lora: existsSync(path.join(round.adapter, 'adapter_config.json')),
  }
}

const nothingToPublish = (run: string, round: number) =>
  new WhetError({
    code: 'nothing-to-publish',
    message:
      round === 0
        ? `${run} has promoted no student: the best one is still the untouched base. \`whet status ${run}\` says why; ${run}:1 would name the student of round 1.`
        : `Round ${round} of ${run} is not finished, so nothing is known of its student. \`whet status ${run}\` says how far it is.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { run, round },
  })

const weightsMissing = (run: string, round: number, folder: string) =>
  new WhetError({
    code: 'weights-missing',
    message: `The weights of round ${round} of ${run} are gone (${folder}); \`whet clean\` keeps a run's best and last student only. Publish one of those.`,
    fixedBy: 'machine',
    exit: exitCodes.missing,
    data: { run, round, folder },
  })
