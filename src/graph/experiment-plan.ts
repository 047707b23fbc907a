import path from 'node:path'
import type { LoadedConfig } from '../core/config.ts'
import { WhetError } from '../core/errors.ts'
import { readJson, writeJson } from '../core/jsonl.ts'
import type { EngineOptions } from './engine.ts'

/** An arm of a sweep: the config with keys set. */
export interface SweepArm {
  readonly arm: string // `train.sft.rank=8 train.sft.learningRate=0.001`
  readonly set: readonly string[]
}

/** A round of a run that all seeds go on from, in place of a start of their own. */
export interface SharedStart {
  readonly run: string
  readonly round: number
}

export interface ExperimentPlan {
  readonly name: string
  readonly from?: SharedStart
  readonly arms: readonly string[] // who aims the rows, or the arms of `sweep`
  readonly sweep?: readonly SweepArm[]
  readonly seeds: number
  readonly rounds: number // of an arm in all, the shared first one of analysts included; behind `from` where there is one
  readonly minutes: number // of the whole experiment; nothing is begun that would not fit
  readonly parallel: number // runs at once
  readonly everySeed: boolean // hopeless arms of a sweep go on too
  readonly config: string // sha256 of the config's text: a changed one is another experiment
}

export interface ExperimentOptions extends EngineOptions {
  readonly plan: ExperimentPlan
  /** The config with keys set, as `--set` takes them. */
  configWith(overrides: readonly string[]): LoadedConfig
  onStep?(done: number, total: number, what: string): void
}

export interface Step {
  readonly run: string
  readonly seed: number
  readonly arm: string // `start`: what all arms of the seed go on from
  readonly from?: string
  readonly what: string
}

/** The steps of one seed. Those of one wave may be done at once; the next wave needs all of them. */
export const wavesOf = (plan: ExperimentPlan, seed: number): Step[][] => {
  const start = plan.from?.run ?? `${plan.name}-s${seed}-start`
  const stepOf = (arm: string) => ({
    run: `${plan.name}-s${seed}-${slugOf(arm, plan)}`,
    seed,
    arm,
    from: start,
    what: `seed ${seed}, ${arm}`,
  })
  const trained = plan.arms.filter((arm) => arm !== 'prompt')
  // arms begin with another one in each seed, so that what changes with the hours falls on all of them
  const turned = trained.map((_, at) => trained[(at + seed - 1) % trained.length]!)
  const shared = plan.sweep ? 'the untouched student' : 'the shared first round'
  return [
    plan.from ? [] : [{ run: start, seed, arm: 'start', what: `seed ${seed}, ${shared}` }],
    turned.map(stepOf),
    // it may take as long as the others took
    plan.arms.filter((arm) => arm === 'prompt').map(stepOf),
  ].filter((wave) => wave.length > 0)
}

const longestSlug = 48

/** A folder's name for an arm; settings are numbered, since what is left of them may be cut. */
const slugOf = (arm: string, { sweep, arms }: ExperimentPlan): string =>
  sweep ? `v${arms.indexOf(arm) + 1}-${lastKeys(arm)}`.slice(0, longestSlug).replace(/[-.]+$/, '') : arm

const lastKeys = (arm: string) =>
  arm
    .split(' ')
    .map((setting) => setting.replace(/^.*\.(?=\w+=)/, ''))
    .join(' ')
    .replace(/[^A-Za-z0-9.]+/g, '-')

export const stepsOf = (plan: ExperimentPlan): Step[] => seedsOf(plan).flatMap((seed) => wavesOf(plan, seed).flat())

/** Rounds that all arms of a seed share, the baseline not counted. */
export const sharedRounds = ({ from, sweep }: ExperimentPlan): number => from?.round ?? (sweep ? 0 : 1)

export const seedsOf = ({ seeds }: ExperimentPlan): number[] => Array.from({ length: seeds }, (_, at) => at + 1)

export const folderOf = ({ workspace, plan }: ExperimentOptions): string =>
  path.join(workspace.root, 'experiments', plan.name)

/** What a run of the experiment is started with beside its seed. */
export const settingsOf = ({ arm, seed }: Step, plan: ExperimentPlan): string[] => [
  ...(plan.sweep?.find((swept) => swept.arm === arm)?.set ?? []),
  `seed=${seed}`,
  `loop.rounds=${arm === 'start' ? sharedRounds(plan) : (plan.from?.round ?? 0) + plan.rounds}`,
  `loop.plateau=${sharedRounds(plan) + plan.rounds + 1}`,
  'loop.levers=false', // all arms have the same rows and rates
  // a run that is short of time would train on fewer rows than the other arms
  'budget.minutes=1000000',
  ...(arm === 'start' || plan.sweep ? [] : [`loop.analyst=${arm}`]),
]

/**
 * Keeps the plan, or holds it against the one that is there: further seeds may be added to it.
 * @throws {WhetError} experiment-differs
 */
export const keepPlan = async (file: string, plan: ExperimentPlan): Promise<void> => {
  const before = (await readJson<ExperimentPlan>(file)) ?? plan
  const same = ({ name, from, arms, sweep, rounds, config }: ExperimentPlan) =>
    JSON.stringify([name, from ?? null, arms, sweep ?? null, rounds, config])
  if (same(plan) !== same(before) || plan.seeds < before.seeds)
    throw new WhetError({
      code: 'experiment-differs',
      message: `There is an experiment ${plan.name} with another config, another start, other arms or more seeds. Give this one another --name.`,
      fixedBy: 'config',
      exit: 2,
      data: { before, now: plan },
    })
  await writeJson(file, plan)
}
