import { statisticalAnalyst } from '../core/analyst.ts'
import { errorWeighted, withShuffledTags } from '../core/analyst-arms.ts'
import type { Hypothesis, ItemBase, SpecPart } from '../core/contract.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import { type FailureReport, failureReport } from '../core/failures.ts'
import { readJson } from '../core/jsonl.ts'
import type { Lever } from '../core/levers.ts'
import type { Briefing } from '../core/llm-analyst/briefing.ts'
import type { Tried } from '../core/llm-analyst/check.ts'
import { seedFrom } from '../core/random.ts'
import type { Author, Lesson, RoundSummary } from '../core/round.ts'
import type { Deps } from './deps.ts'
import type { Frozen } from './nodes/define.ts'
import type { State } from './state.ts'

/** The targeted part of a round's spec, and who wrote it. */
export interface Aim {
  readonly parts: readonly SpecPart[]
  readonly hypotheses: readonly Hypothesis[]
  readonly author: Author
  readonly fellBack?: string // why the LLM analyst did not write it
  readonly lever?: Lever // where the analyst chose among those that are open
  readonly teaches?: Lesson['teaches'] // where the analyst chose among what the round may teach
}

export interface Aiming {
  readonly rows: number // targeted ones
  readonly seed: number
  readonly lesson: Lesson
  readonly dev: readonly EvaluationRow[] // what the best student answered
  readonly levers: readonly Lever[] // what may be changed because the last round gained nothing
}

/** Who aims: the config's word, else the LLM analyst where there is one, else the statistical one. */
export const analystOf = ({ config }: Deps): NonNullable<Deps['config']['loop']['analyst']> =>
  config.loop.analyst ?? (config.roles.analyst ? 'llm' : 'statistical')

export const aim = async (state: State, frozen: Frozen, deps: Deps, aiming: Aiming): Promise<Aim> => {
  const analyst = analystOf(deps)
  if (analyst === 'uniform') return { parts: [], hypotheses: [], author: 'uniform' }
  const placebo = analyst === 'placebo'
  const dev = placebo ? withShuffledTags(aiming.dev, seedFrom(aiming.seed, 'placebo')) : aiming.dev
  const report = reportOf(dev, frozen, deps)
  const tried = await triedSoFar(state, deps)
  if (analyst === 'error-weighted') return byErrors(report, frozen, deps, aiming)
  const byModel = analyst === 'llm' || (placebo && deps.config.roles.analyst)
  const aimed = byModel
    ? await byLlm(report, tried, state, frozen, deps, aiming)
    : byStatistics(report, tried, frozen, deps, aiming)
  return placebo ? { ...aimed, author: 'placebo' } : aimed
}

/** Counts of what fails on dev, with the gold answers of its examples. */
export const reportOf = (dev: readonly EvaluationRow[], { definition }: Frozen, { plugin }: Deps): FailureReport => {
  const gold = (item: ItemBase) => {
    const turn = plugin.gold(item, plugin.begin(item, definition).messages, definition)
    return turn && [turn]
  }
  const criteria = plugin.rubrics.flatMap((rubric) => rubric.criteria)
  return failureReport(dev, plugin.dimensions(definition), criteria, { gold })
}

const byErrors = (report: FailureReport, { definition }: Frozen, { plugin, config }: Deps, { rows }: Aiming): Aim => {
  const criterion = config.gate.primary ?? plugin.targets(definition)[0]?.of ?? plugin.format
  const { maxShare } = config.loop
  const parts = errorWeighted({ report, dimensions: plugin.dimensions(definition), criterion, rows, maxShare })
  return { parts, hypotheses: [], author: 'error-weighted' }
}

const byStatistics = (
  report: FailureReport,
  tried: readonly Tried[],
  { definition }: Frozen,
  { plugin, config: { loop } }: Deps,
  { rows, seed, lesson }: Aiming,
): Aim => {
  const { parts, hypotheses } = statisticalAnalyst({
    report,
    dimensions: plugin.dimensions(definition),
    loop: { rows, uniform: loop.uniform, maxShare: loop.maxShare },
    history: tried.flatMap(({ scores }) => scores),
    seed,
  })
  return { parts, hypotheses: hypotheses.map((one) => ({ ...one, stage: lesson.teaches })), author: 'statistical' }
}

/** The LLM analyst; the statistical one in its place where its answer stays wrong or its service is away. */
const byLlm = async (
  report: FailureReport,
  tried: readonly Tried[],
  state: State,
  frozen: Frozen,
  deps: Deps,
  aiming: Aiming,
): Promise<Aim> => {
  const { llmAnalyst } = await import('../core/llm-analyst/agent.ts')
  const model = deps.llm('analyst')
  const instead = (why: string): Aim => {
    deps.emit({
      type: 'warning',
      data: { code: 'analyst-fallback', message: `the LLM analyst wrote no spec, the statistical one does: ${why}` },
    })
    return { ...byStatistics(report, tried, frozen, deps, aiming), fellBack: why }
  }
  if (!model) return instead('the config sets no roles.analyst')
  deps.emit({ type: 'stage.progress', data: { done: 0, total: 0, what: `${model.model} reads the failure report` } })
  const written = await llmAnalyst(briefingOf(report, tried, state, frozen, deps, aiming), model, deps.signal)
  if ('failed' in written) return instead([written.failed, ...written.findings.slice(0, 3)].join('; '))
  const { hypotheses } = written
  return {
    parts: hypotheses.map(({ part }) => part),
    hypotheses,
    author: 'llm',
    teaches: stageOf(hypotheses),
    ...(written.lever && { lever: written.lever }),
  }
}

const stageOf = ([first]: readonly Hypothesis[]): Lesson['teaches'] => first?.stage ?? 'sft'

const briefingOf = (
  report: FailureReport,
  tried: readonly Tried[],
  { round }: State,
  { definition }: Frozen,
  { plugin, config, guidance }: Deps,
  { rows, lesson, levers }: Aiming,
): Briefing => {
  const { loop } = config
  const all = loop.uniform < 1 ? Math.round(rows / (1 - loop.uniform)) : rows
  return {
    report,
    vocabulary: {
      dimensions: plugin.dimensions(definition),
      criteria: plugin.rubrics.flatMap((rubric) => rubric.criteria.map(({ name }) => name)),
      mistakes: plugin.mistakes.map(({ name }) => name),
      stages: lesson.teaches === 'sft' ? ['sft'] : [lesson.teaches, 'sft'],
      levers,
    },
    limits: { rows, mostPerTag: Math.floor(loop.maxShare * all) },
    tried,
    budget: { rounds: loop.rounds - round, rows },
    task: plugin.summary,
    guidance: guidance().map(({ text }) => text),
  }
}

/** What earlier rounds aimed at, and how their predictions fared. */
const triedSoFar = async (state: State, deps: Deps): Promise<Tried[]> => {
  const tried: Tried[] = []
  for (let round = 1; round <= state.round; round += 1) {
    const summary = await readJson<RoundSummary>(deps.files.round(round).summary)
    if (summary) tried.push({ round, hypotheses: summary.hypotheses, scores: summary.predictions })
  }
  return tried
}
