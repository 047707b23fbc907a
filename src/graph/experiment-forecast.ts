import type { LoadedConfig } from '../core/config.ts'
import { readJson } from '../core/jsonl.ts'
import type { Workspace } from '../core/workspace.ts'
import { type ExperimentPlan, settingsOf, sharedRounds, stepsOf } from './experiment-plan.ts'
import type { Frozen } from './nodes/define.ts'
import { paceOf } from './pace.ts'
import { minutesOf, minutesOfRounds, stagesFor } from './plan.ts'

/** What an experiment would take: its runs by what they are, nothing done. */
export interface ExperimentForecast {
  readonly name: string
  readonly runs: readonly { readonly what: string; readonly times: number; readonly minutes: number }[] // minutes of one
  readonly minutes: number // of all, one after the other
  readonly allowed: number
  readonly notes: readonly string[]
}

/** Minutes of each run by the pace of this machine. @throws {WhetError} unknown-run · bad-config of a setting */
export const forecastExperiment = async (
  plan: ExperimentPlan,
  workspace: Workspace,
  configWith: (overrides: readonly string[]) => LoadedConfig,
): Promise<ExperimentForecast> => {
  const { config } = configWith([])
  const pace = await paceOf(workspace, config)
  const asked = plan.from && (await readJson<Frozen>((await workspace.find(plan.from.run)).frozen))?.items
  const minutesIn = (settings: readonly string[], shared: boolean) => {
    const own = configWith(settings).config
    const evaluation = { ...own.evaluation, ...asked }
    const { baseline, round, judging } = stagesFor({ ...own, evaluation }, pace)
    const all = minutesOfRounds(own.loop.rounds, round, judging)
    return shared ? minutesOf(baseline) + all : all - minutesOfRounds(sharedRounds(plan), round, judging)
  }
  const steps = stepsOf(plan).map((step) => ({
    ...step,
    minutes: minutesIn(settingsOf(step, plan), step.arm === 'start'),
  }))
  const trained = steps.filter(({ arm }) => arm !== 'start' && arm !== 'prompt')
  const mean = trained.reduce((sum, { minutes }) => sum + minutes, 0) / Math.max(1, trained.length)
  // the search for a prompt may take as long as a trained arm
  const known = steps.map((step) => (step.arm === 'prompt' ? { ...step, minutes: mean } : step))
  const runs = [...new Set(known.map(({ arm }) => arm))].map((arm) => {
    const own = known.filter((step) => step.arm === arm)
    return { what: arm, times: own.length, minutes: own[0]?.minutes ?? 0 }
  })
  const minutes = known.reduce((sum, step) => sum + step.minutes, 0)
  return { name: plan.name, runs, minutes, allowed: plan.minutes, notes: notesOf(plan, minutes, pace.measured, config) }
}

const notesOf = (
  plan: ExperimentPlan,
  minutes: number,
  measured: string | undefined,
  { train }: LoadedConfig['config'],
): string[] => [
  measured
    ? `Minutes by the pace of ${measured} on this machine.`
    : 'Minutes are reckoned from two slow cores; once a run of this skill has trained here, its pace counts.',
  ...(train.grpo.enabled ? ['Rounds that teach by rewards are reckoned as rounds of SFT: theirs may differ.'] : []),
  ...(minutes > plan.minutes
    ? [`${plan.minutes} minutes are not enough: raise --minutes, or lower --seeds, loop.rows or evaluation.gate.`]
    : []),
]
