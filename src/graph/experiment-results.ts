import { existsSync } from 'node:fs'
import path from 'node:path'
import type { AnySkill } from '../core/contract.ts'
import { type EvaluationRow, outcomeOf } from '../core/evaluation.ts'
import type { ArmResult, Cost } from '../core/experiment.ts'
import { readJson, readJsonl } from '../core/jsonl.ts'
import type { DevPasses, Runner } from '../core/race.ts'
import type { RunFiles } from '../core/workspace.ts'
import { loadPlugin } from '../plugins/index.ts'
import { type ExperimentOptions, folderOf, type Step, sharedRounds } from './experiment-plan.ts'
import { readFrozen } from './nodes/define.ts'
import type { PromptResult } from './prompt-arm.ts'
import { readSummaries, runStatus } from './status.ts'

export const promptFolder = (run: string, options: ExperimentOptions): string => path.join(folderOf(options), run)

export const exists = async (run: string, { workspace }: ExperimentOptions): Promise<boolean> =>
  (await workspace.runs()).includes(run)

export const hasEnded = async (run: string, options: ExperimentOptions): Promise<boolean> =>
  existsSync(path.join(promptFolder(run, options), 'result.json')) ||
  ((await exists(run, options)) && (await runStatus(options.workspace, run)).status === 'finished')

export const minutesOf = async (steps: readonly Step[], options: ExperimentOptions) => {
  const minutes: number[] = []
  for (const { run } of steps)
    if (await exists(run, options)) minutes.push((await runStatus(options.workspace, run)).spent.minutes)
  return { total: minutes.reduce((sum, each) => sum + each, 0), longest: Math.max(0, ...minutes) }
}

/** The skill of the experiment, and the criterion that decides in it; its definition is that of a run of it. */
export const skillOf = async (options: ExperimentOptions, files?: RunFiles) => {
  const { config, file } = options.configWith([])
  const plugin = options.plugin ?? (await loadPlugin(config.skill, path.dirname(file)))
  return { plugin, criterion: config.gate.primary ?? (await firstTarget(plugin, files)) ?? plugin.format }
}

const firstTarget = async (plugin: AnySkill, files: RunFiles | undefined) =>
  files && plugin.targets((await readFrozen(files, plugin)).definition)[0]?.of

/** What the runs that have ended show on gate. `notes` gets what a reader must know of those that do not count. */
export const resultsOf = async (steps: readonly Step[], options: ExperimentOptions, notes: string[]) => {
  const results: ArmResult[] = []
  let { criterion } = await skillOf(options)
  for (const { run, seed, arm, from } of steps) {
    if (arm === 'start' || !from || !(await hasEnded(run, options))) continue
    if (arm === 'prompt') {
      results.push(await promptResult({ run, seed, from }, criterion, options, notes))
      continue
    }
    const files = options.workspace.run(run)
    criterion = (await skillOf(options, files)).criterion
    const last = await lastRound(files)
    if (last <= sharedRounds(options.plan)) {
      notes.push(
        `${run} had nothing left to do after ${sharedRounds(options.plan) === 0 ? 'the baseline' : 'the shared round'} (its targets were met): it is left out.`,
      )
      continue
    }
    const passes = await passesOf(files, last, criterion)
    const startPasses = await passesOf(files, await startRound(files, options), criterion)
    results.push({ arm, seed, run, passes, startPasses, cost: await costOf(run, options) })
  }
  return { criterion, results }
}

const promptResult = async (
  { run, seed, from }: { readonly run: string; readonly seed: number; readonly from: string },
  criterion: string,
  options: ExperimentOptions,
  notes: string[],
): Promise<ArmResult> => {
  const found = (await readJson<PromptResult>(path.join(promptFolder(run, options), 'result.json')))!
  const { passes, minutes, tried, examples, devRate } = found
  notes.push(
    `seed ${seed}: the best of ${tried} prompts shows ${examples} examples and gets ${Math.round(devRate * 100)} % of dev right.`,
  )
  const files = options.workspace.run(from)
  const startPasses = await passesOf(files, await startRound(files, options), criterion)
  return {
    arm: 'prompt',
    seed,
    run,
    passes,
    startPasses,
    cost: { minutes, rows: 0, tokens: 0, paidTokens: 0, money: 0 },
  }
}

/** Arms of a sweep as far as they have run, on dev items: who is hopeless is not decided on gate. */
export const runnersOf = async (steps: readonly Step[], options: ExperimentOptions): Promise<Runner[]> => {
  const byArm = new Map<string, Map<number, DevPasses>>()
  for (const { run, seed, arm } of steps) {
    if (arm === 'start' || !(await hasEnded(run, options))) continue
    const files = options.workspace.run(run)
    const { criterion } = await skillOf(options, files)
    const last = await lastRound(files)
    if (last <= sharedRounds(options.plan)) continue
    const bySeed = byArm.get(arm) ?? new Map<number, DevPasses>()
    byArm.set(arm, bySeed.set(seed, await devPassesOf(files, last, criterion)))
  }
  return [...byArm].map(([arm, bySeed]) => ({ arm, bySeed }))
}

const lastRound = async (files: RunFiles): Promise<number> => (await readSummaries(files)).length - 1

/** The student that all arms went on from: the best one behind the shared rounds. */
const startRound = async (files: RunFiles, options: ExperimentOptions): Promise<number> =>
  (await readSummaries(files))[sharedRounds(options.plan)]?.best ?? 0

const outcomesOf = async (files: RunFiles, round: number, split: 'dev' | 'gate', criterion: string) => {
  const { rows } = await readJsonl<EvaluationRow>(files.round(round).evaluation(split))
  return rows.flatMap((row) => {
    const outcome = outcomeOf(row, criterion)
    return typeof outcome === 'string' ? [] : [{ item: row.item, pass: outcome.pass }]
  })
}

const passesOf = async (files: RunFiles, round: number, criterion: string): Promise<Record<string, boolean>> =>
  Object.fromEntries((await outcomesOf(files, round, 'gate', criterion)).map(({ item, pass }) => [item.id, pass]))

const devPassesOf = async (files: RunFiles, round: number, criterion: string): Promise<DevPasses> =>
  Object.fromEntries(
    (await outcomesOf(files, round, 'dev', criterion)).map(({ item: { id, family }, pass }) => [id, { family, pass }]),
  )

/** What an arm cost after the shared rounds. */
const costOf = async (run: string, options: ExperimentOptions): Promise<Cost> => {
  const { spent, rounds } = await runStatus(options.workspace, run)
  const own = rounds.slice(sharedRounds(options.plan) + 1)
  return {
    minutes: spent.minutes,
    rows: own.reduce((sum, { rows }) => sum + rows.trained, 0),
    tokens: own.reduce((sum, { train }) => sum + (train?.tokens ?? 0), 0),
    paidTokens: spent.paidTokens,
    money: spent.money,
  }
}
