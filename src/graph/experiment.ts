import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { LoadedConfig } from '../core/config.ts'
import { WhetError } from '../core/errors.ts'
import { type EvaluationRow, outcomeOf } from '../core/evaluation.ts'
import { type ArmName, type ArmResult, type Cost, type Findings, findingsOf } from '../core/experiment.ts'
import { readJson, readJsonl, writeJson } from '../core/jsonl.ts'
import type { RunFiles } from '../core/workspace.ts'
import { loadPlugin } from '../plugins/index.ts'
import { type EngineOptions, resumeRun, startRun } from './engine.ts'
import { readFrozen } from './nodes/define.ts'
import { type PromptResult, promptArm } from './prompt-arm.ts'
import { readSummaries, runStatus } from './status.ts'

export interface ExperimentPlan {
  readonly name: string
  readonly arms: readonly ArmName[]
  readonly seeds: number
  readonly rounds: number // in all, the shared first one included
  readonly minutes: number // of the whole experiment; nothing is begun that would not fit
  readonly config: string // sha256 of the config's text: a changed one is another experiment
}

export interface ExperimentOptions extends EngineOptions {
  readonly plan: ExperimentPlan
  /** The config with keys set, as `--set` takes them. */
  configWith(overrides: readonly string[]): LoadedConfig
  onStep?(done: number, total: number, what: string): void
}

export interface ExperimentReport extends Findings {
  readonly name: string
  readonly plan: ExperimentPlan
  readonly criterion: string
  readonly done: number // runs that have ended, of `total`
  readonly total: number
  readonly notes: readonly string[]
  readonly file: string // where this report lies as JSON
}

/**
 * Runs every arm of every seed, one after another: a shared first round, then each arm from a copy of it. What has ended is
 * not run again, what was broken off goes on. The gate's items of a seed are the same for all its arms, and the last
 * student of each arm answers for it, promoted or not: a gate that holds would hide the difference.
 *
 * @throws WhetError experiment-differs · and what a run throws
 */
export const runExperiment = async (options: ExperimentOptions): Promise<ExperimentReport> => {
  const { plan, workspace } = options
  await workspace.prepare()
  const dir = path.join(workspace.root, 'experiments', plan.name)
  await mkdir(dir, { recursive: true })
  await keepPlan(path.join(dir, 'plan.json'), plan)
  const steps = stepsOf(plan)
  const notes: string[] = []
  let done = 0
  for (const step of steps) {
    options.onStep?.(done, steps.length, step.what)
    const spent = await minutesOf(steps, options)
    if (!(await hasEnded(step.run, options)) && spent.total + spent.longest > plan.minutes) {
      notes.push(
        `${plan.minutes} minutes are not enough for ${steps.length - done} more runs: raise --minutes and give the same command again.`,
      )
      break
    }
    if ((await runStep(step, steps, options)) !== 'finished') {
      notes.push(`${step.run} was told to stand still: the same command goes on.`)
      break
    }
    done += 1
  }
  const { criterion, results } = await resultsOf(steps, options, notes)
  const file = path.join(dir, 'report.json')
  const report = { name: plan.name, plan, criterion, done, total: steps.length, notes, file, ...findingsOf(results) }
  await writeJson(file, report)
  return report
}

interface Step {
  readonly run: string
  readonly seed: number
  readonly arm: ArmName | 'start'
  readonly from?: string
  readonly what: string
}

/** Arms begin with another one in each seed, so that what changes with the hours falls on all of them. */
const stepsOf = ({ name, arms, seeds }: ExperimentPlan): Step[] =>
  Array.from({ length: seeds }, (_, at) => at + 1).flatMap((seed) => {
    const start = `${name}-s${seed}-start`
    const trained = arms.filter((arm) => arm !== 'prompt')
    // the prompt arm comes last: it may take as long as the others took
    const turned = [
      ...trained.map((_, at) => trained[(at + seed - 1) % trained.length]!),
      ...arms.filter((arm) => arm === 'prompt'),
    ]
    return [
      { run: start, seed, arm: 'start' as const, what: `seed ${seed}, the shared first round` },
      ...turned.map((arm) => ({
        run: `${name}-s${seed}-${arm}`,
        seed,
        arm,
        from: start,
        what: `seed ${seed}, ${arm}`,
      })),
    ]
  })

const keepPlan = async (file: string, plan: ExperimentPlan) => {
  const { minutes: _, ...now } = plan
  const { minutes: __, ...before } = (await readJson<ExperimentPlan>(file)) ?? plan
  // further seeds may be added to what there is
  const same = (of: Partial<ExperimentPlan>) => JSON.stringify({ ...of, seeds: 0 })
  if (same(now) !== same(before) || now.seeds! < before.seeds!)
    throw new WhetError({
      code: 'experiment-differs',
      message: `There is an experiment ${plan.name} with another config, other arms or more seeds. Give this one another --name.`,
      fixedBy: 'config',
      exit: 2,
      data: { before, now },
    })
  await writeJson(file, plan)
}

const exists = async (run: string, { workspace }: ExperimentOptions) => (await workspace.runs()).includes(run)

const hasEnded = async (run: string, options: ExperimentOptions): Promise<boolean> =>
  existsSync(path.join(promptFolder(run, options), 'result.json')) ||
  ((await exists(run, options)) && (await runStatus(options.workspace, run)).status === 'finished')

const runStep = async (step: Step, steps: readonly Step[], options: ExperimentOptions): Promise<string> => {
  if (await hasEnded(step.run, options)) return 'finished'
  if (step.arm === 'prompt') return runPrompt(step, steps, options)
  if (await exists(step.run, options)) return (await resumeRun({ ...options, run: step.run })).status
  const { plan } = options
  const loaded = options.configWith([
    `seed=${step.seed}`,
    `loop.rounds=${step.arm === 'start' ? 1 : plan.rounds}`,
    `loop.plateau=${plan.rounds + 1}`,
    'loop.levers=false', // all arms have the same rows and rates
    // a run that is short of time would train on fewer rows than the other arms
    'budget.minutes=1000000',
    ...(step.arm === 'start' ? [] : [`loop.analyst=${step.arm}`]),
  ])
  const from = step.from ? { from: { run: step.from, round: 1 } } : {}
  return (await startRun({ ...options, loaded, name: step.run, ...from })).status
}

const promptFolder = (run: string, { workspace, plan }: ExperimentOptions) =>
  path.join(workspace.root, 'experiments', plan.name, run)

/** The prompt arm of a seed: no run, but a search beside the shared first round. */
const runPrompt = async (step: Step, steps: readonly Step[], options: ExperimentOptions): Promise<string> => {
  const loaded = options.configWith([`seed=${step.seed}`])
  const plugin = options.plugin ?? (await loadPlugin(loaded.config.skill, path.dirname(loaded.file)))
  const start = options.workspace.run(step.from!)
  const targets = plugin.targets((await readFrozen(start, plugin)).definition)
  const rivals = steps.filter(({ seed, arm }) => seed === step.seed && arm !== 'start' && arm !== 'prompt')
  const { total } = await minutesOf(rivals, options)
  const signal = AbortSignal.any([options.signal, options.drain].filter((one) => one !== undefined))
  try {
    await promptArm({
      ...options,
      loaded,
      plugin,
      start,
      folder: promptFolder(step.run, options),
      criterion: loaded.config.gate.primary ?? targets[0]?.of ?? plugin.format,
      minutes: total / Math.max(1, rivals.length),
      seed: step.seed,
      signal,
    })
    return 'finished'
  } catch (error) {
    if (signal.aborted) return 'paused' // the replies so far are kept
    throw error
  }
}

const minutesOf = async (steps: readonly Step[], options: ExperimentOptions) => {
  const minutes: number[] = []
  for (const { run } of steps)
    if (await exists(run, options)) minutes.push((await runStatus(options.workspace, run)).spent.minutes)
  return { total: minutes.reduce((sum, each) => sum + each, 0), longest: Math.max(0, ...minutes) }
}

const resultsOf = async (steps: readonly Step[], options: ExperimentOptions, notes: string[]) => {
  const { config, file } = options.configWith([])
  const plugin = options.plugin ?? (await loadPlugin(config.skill, path.dirname(file)))
  const results: ArmResult[] = []
  let criterion = config.gate.primary ?? plugin.format
  for (const { run, seed, arm, from } of steps) {
    if (arm === 'start' || !from || !(await hasEnded(run, options))) continue
    if (arm === 'prompt') {
      const found = (await readJson<PromptResult>(path.join(promptFolder(run, options), 'result.json')))!
      const { passes, minutes, tried, examples, devRate } = found
      const files = options.workspace.run(from)
      notes.push(
        `seed ${seed}: the best of ${tried} prompts shows ${examples} examples and gets ${Math.round(devRate * 100)} % of dev right.`,
      )
      const startPasses = await passesOf(files, await startRound(files), criterion)
      const cost = { minutes, rows: 0, tokens: 0, paidTokens: 0, money: 0 }
      results.push({ arm, seed, run, passes, startPasses, cost })
      continue
    }
    const files = options.workspace.run(run)
    criterion = config.gate.primary ?? plugin.targets((await readFrozen(files, plugin)).definition)[0]?.of ?? criterion
    const last = (await readSummaries(files)).length - 1
    if (last < 2) {
      notes.push(`${run} had nothing left to do after the shared round (its targets were met): it is left out.`)
      continue
    }
    const passes = await passesOf(files, last, criterion)
    const startPasses = await passesOf(files, await startRound(files), criterion)
    results.push({ arm, seed, run, passes, startPasses, cost: await costOf(run, options) })
  }
  return { criterion, results }
}

/** The student that all arms went on from: the best one behind the shared round. */
const startRound = async (files: RunFiles): Promise<number> => (await readSummaries(files))[1]?.best ?? 0

const passesOf = async (files: RunFiles, round: number, criterion: string): Promise<Record<string, boolean>> => {
  const { rows } = await readJsonl<EvaluationRow>(files.round(round).evaluation('gate'))
  return Object.fromEntries(
    rows.flatMap((row) => {
      const outcome = outcomeOf(row, criterion)
      return typeof outcome === 'string' ? [] : [[row.item.id, outcome.pass] as const]
    }),
  )
}

/** What an arm cost after the shared round. */
const costOf = async (run: string, { workspace }: ExperimentOptions): Promise<Cost> => {
  const { spent, rounds } = await runStatus(workspace, run)
  const own = rounds.slice(2)
  return {
    minutes: spent.minutes,
    rows: own.reduce((sum, { rows }) => sum + rows.trained, 0),
    tokens: own.reduce((sum, { train }) => sum + (train?.tokens ?? 0), 0),
    paidTokens: spent.paidTokens,
    money: spent.money,
  }
}
