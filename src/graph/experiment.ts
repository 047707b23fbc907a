import { setMaxListeners } from 'node:events'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import pLimit from 'p-limit'
import type { AnySkill } from '../core/contract.ts'
import { isWhetError } from '../core/errors.ts'
import { type Findings, findingsOf } from '../core/experiment.ts'
import { readJson, writeJson } from '../core/jsonl.ts'
import { hopelessOf } from '../core/race.ts'
import { loadPlugin } from '../plugins/index.ts'
import { resumeRun, startRun } from './engine.ts'
import {
  type ExperimentOptions,
  type ExperimentPlan,
  folderOf,
  keepPlan,
  type SharedStart,
  type Step,
  seedsOf,
  settingsOf,
  sharedRounds,
  stepsOf,
  wavesOf,
} from './experiment-plan.ts'
import { exists, hasEnded, minutesOf, promptFolder, resultsOf, runnersOf, skillOf } from './experiment-results.ts'
import { promptArm } from './prompt-arm.ts'

export type { ExperimentPlan, SweepArm } from './experiment-plan.ts'

/** An arm of a sweep that was ended early. */
export interface EndedArm {
  readonly arm: string
  readonly seed: number // after which one
  readonly why: string
}

export interface ExperimentReport extends Findings {
  readonly name: string
  readonly plan: ExperimentPlan
  readonly criterion: string
  readonly done: number // runs that have ended, of `total`
  readonly total: number
  readonly ended: readonly EndedArm[]
  readonly notes: readonly string[]
  readonly file: string // where this report lies as JSON
}

/**
 * Runs every arm of every seed: what all arms of a seed share (or the round of a run that `plan.from` names), then each arm from a
 * copy of it, `parallel` of them at once. What has ended is not run again, what was broken off goes on. The gate's items of a seed are the same for all its arms, and the last student
 * of each arm answers for it, promoted or not: a gate that holds would hide the difference. After each seed of a sweep its hopeless
 * arms end (`hopelessOf`); so does one whose training diverges or does not fit into memory.
 *
 * @throws WhetError experiment-differs · and what a run throws, once the runs beside it stand still
 */
export const runExperiment = async (options: ExperimentOptions): Promise<ExperimentReport> => {
  const { plan, workspace } = options
  await workspace.prepare()
  const dir = folderOf(options)
  await mkdir(dir, { recursive: true })
  await keepPlan(path.join(dir, 'plan.json'), plan)
  const shared = await sharing(options)
  const work = new Work(shared, (await readJson<EndedArm[]>(path.join(dir, 'ended.json'))) ?? [])
  try {
    await work.all()
  } finally {
    await shared.dispose()
  }
  const { ended, notes } = work
  const { criterion, results } = await resultsOf(stepsOf(plan), shared, notes)
  if (plan.from) notes.push(sameStart(plan.from))
  const sweep = plan.sweep && { arms: plan.arms, ended: new Set(ended.map(({ arm }) => arm)) }
  const { done, total } = work
  const file = path.join(dir, 'report.json')
  const report = { name: plan.name, plan, criterion, done, total, ended, notes, file, ...findingsOf(results, sweep) }
  await writeJson(file, report)
  return report
}

/** Runs of one process share the skill, which no run may put away under the others, and the place where students are served. */
const sharing = async (options: ExperimentOptions) => {
  const { config, file } = options.configWith([])
  const own = options.plugin ?? (await loadPlugin(config.skill, path.dirname(file)))
  const plugin: AnySkill = Object.create(own, { dispose: { value: undefined } })
  return { ...options, plugin, serving: pLimit(1), dispose: async () => own.dispose?.() }
}

/** Ends of a training that another seed would only repeat. */
const hopelessEnds = ['trainer-diverged', 'trainer-out-of-memory']

class Work {
  readonly notes: string[] = []
  readonly #steps: readonly Step[]
  readonly #halt = new AbortController()
  #done = 0
  #stopped = false

  constructor(
    private readonly options: ExperimentOptions,
    readonly ended: EndedArm[],
  ) {
    this.#steps = stepsOf(options.plan)
    setMaxListeners(0, this.#halt.signal) // one listener a run
    const halt = () => this.#halt.abort()
    if (options.drain?.aborted) halt()
    options.drain?.addEventListener('abort', halt, { once: true })
  }

  get done(): number {
    return this.#done
  }

  /** Runs that are still wanted, and those that have ended. */
  get total(): number {
    return this.#steps.filter((step) => this.#isWanted(step) && !this.#hasFailed(step)).length
  }

  async all(): Promise<void> {
    const { plan } = this.options
    const limit = pLimit(plan.parallel)
    for (const seed of seedsOf(plan)) {
      for (const wave of wavesOf(plan, seed)) {
        const wanted = wave.filter((step) => this.#isWanted(step))
        const ends = await Promise.allSettled(wanted.map((step) => limit(() => this.#perform(step))))
        for (const end of ends) if (end.status === 'rejected') throw end.reason
        if (this.#halt.signal.aborted) return
      }
      if (plan.sweep && !plan.everySeed) await this.#endHopeless(seed)
    }
  }

  #isWanted({ arm, seed }: Step): boolean {
    return !this.ended.some((one) => one.arm === arm && one.seed < seed)
  }

  async #perform(step: Step): Promise<void> {
    const { plan, onStep } = this.options
    if (this.#hasFailed(step)) return
    if (this.#halt.signal.aborted) return this.#stop(this.#still(step))
    if (!(await hasEnded(step.run, this.options))) {
      onStep?.(this.#done, this.total, step.what)
      if (!(await this.#fits())) return this.#stop(this.#tooLate())
      const status = await this.#run(step)
      if (status === 'ended') return
      if (status !== 'finished') return this.#stop(this.#still(step))
    } else if (plan.parallel === 1) onStep?.(this.#done, this.total, step.what)
    this.#done += 1
  }

  #hasFailed({ arm, seed }: Step): boolean {
    return this.ended.some((one) => one.arm === arm && one.seed === seed && one.why.startsWith(failedWords))
  }

  async #run(step: Step): Promise<string> {
    try {
      return await runStep(step, this.#steps, { ...this.options, drain: this.#halt.signal })
    } catch (error) {
      if (this.options.plan.sweep && step.arm !== 'start' && isWhetError(error) && hopelessEnds.includes(error.code)) {
        await this.#end([{ arm: step.arm, seed: step.seed, why: `${failedWords} ${error.message}` }])
        return 'ended'
      }
      this.#halt.abort() // the runs beside it stand still at their next safe point, and go on with the same command
      throw error
    }
  }

  async #fits(): Promise<boolean> {
    const { total, longest } = await minutesOf(this.#steps, this.options)
    return total / this.options.plan.parallel + longest <= this.options.plan.minutes
  }

  #tooLate(): string {
    return `${this.options.plan.minutes} minutes are not enough for ${this.total - this.#done} more runs: raise --minutes and give the same command again.`
  }

  #still({ run }: Step): string {
    return `${run} was told to stand still: the same command goes on.`
  }

  #stop(note: string): void {
    if (!this.#stopped) this.notes.push(note)
    this.#stopped = true
    this.#halt.abort()
  }

  async #endHopeless(seed: number): Promise<void> {
    const runners = await runnersOf(this.#steps, this.options)
    const racing = runners.filter(({ arm }) => !this.ended.some((one) => one.arm === arm))
    const found = hopelessOf(racing).map(({ arm, leader, difference, high, seeds }) => ({
      arm,
      seed,
      why: `${(-100 * difference).toFixed(1)} points behind ${leader} on dev (95 % at least ${(-100 * high).toFixed(1)}), over ${seeds === 1 ? 'one seed' : `${seeds} seeds`}`,
    }))
    await this.#end(found)
  }

  async #end(arms: readonly EndedArm[]): Promise<void> {
    if (arms.length === 0) return
    this.ended.push(...arms)
    await writeJson(path.join(folderOf(this.options), 'ended.json'), this.ended)
  }
}

const sameStart = ({ run, round }: SharedStart): string =>
  `All seeds go on from round ${round} of ${run} and answer its gate items: the intervals tell the luck of rows and training apart from a difference, for that student.`

const failedWords = 'its training failed:'

const runStep = async (step: Step, steps: readonly Step[], options: ExperimentOptions): Promise<string> => {
  if (step.arm === 'prompt') return runPrompt(step, steps, options)
  if (await exists(step.run, options)) return (await resumeRun({ ...options, run: step.run })).status
  const { plan } = options
  const loaded = options.configWith(settingsOf(step, plan))
  const from = step.from ? { from: { run: step.from, round: sharedRounds(plan) } } : {}
  return (await startRun({ ...options, loaded, name: step.run, ...from })).status
}

/** The prompt arm of a seed: no run, but a search beside the shared first round. */
const runPrompt = async (step: Step, steps: readonly Step[], options: ExperimentOptions): Promise<string> => {
  const loaded = options.configWith([`seed=${step.seed}`])
  const start = options.workspace.run(step.from!)
  const { plugin, criterion } = await skillOf(options, start)
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
      criterion,
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
