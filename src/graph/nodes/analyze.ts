import { type SpecFile, scorePredictions, uniformParts } from '../../core/analyst.ts'
import type { SpecPart } from '../../core/contract.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { readJson, readJsonl, writeJson } from '../../core/jsonl.ts'
import { seedFrom } from '../../core/random.ts'
import type { Lesson, RoundSummary } from '../../core/round.ts'
import { type Aim, aim, reportOf } from '../aim.ts'
import type { Deps, Stage } from '../deps.ts'
import { problemOf } from '../edit-spec.ts'
import { rowsThatFit } from '../fit.ts'
import { nextLesson } from '../lesson.ts'
import { believedOf, leversFor, widened, withLever } from '../pull-lever.ts'
import type { State, StopReason } from '../state.ts'
import { stopReason } from '../stop.ts'
import { summarize } from '../summarize.ts'
import { type Frozen, readFrozen } from './define.ts'
import { readVerdict } from './gate.ts'

type Levers = Awaited<ReturnType<typeof leversFor>>

/** Sums the round up, scores its predictions, and either stops or writes the spec of the next round. */
export const analyze: Stage = async (state, deps) => {
  const frozen = await readFrozen(deps.files, deps.plugin)
  const summary = await roundSummary(state, frozen, deps)
  await writeJson(deps.files.round(state.round).summary, summary)
  for (const prediction of summary.predictions) deps.emit({ type: 'prediction.scored', data: prediction })
  const stop = await stopReason(state, summary, deps)
  if (stop) return stopped(state, stop, frozen, deps)
  const lesson = nextLesson(state, deps.config)
  const levers = await leversFor(state, lesson, summary, deps)
  const teaches = await writeSpec(state, frozen, deps, { lesson, rows: roomFor(summary, deps), levers })
  return { round: state.round + 1, teaches }
}

const roundSummary = async (state: State, frozen: Frozen, deps: Deps): Promise<RoundSummary> => {
  const against = (await readVerdict(deps.files.round(state.round).verdict))?.against
  const spec = await readJson<SpecFile>(deps.files.round(state.round).spec)
  const predictions =
    spec && against !== undefined
      ? scorePredictions(spec.hypotheses, await devRows(against, deps), await devRows(state.round, deps))
      : []
  return summarize(state, frozen, deps, { spec, predictions })
}

const stopped = async (state: State, stop: StopReason, frozen: Frozen, deps: Deps) => {
  await writeFailures(state, frozen, deps)
  return { stop }
}

const writeFailures = async (state: State, frozen: Frozen, deps: Deps) => {
  const dev = await devRows(state.best, deps)
  await writeJson(deps.files.round(state.round).failures, reportOf(dev, frozen, deps))
  return dev
}

/** How many rows the next round has; said where they are fewer than the config asks for. */
const roomFor = (summary: RoundSummary, deps: Deps): number => {
  const { rows, wanted, rounds, minutesLeft } = rowsThatFit(deps.config, summary, deps.minutes())
  if (rows < wanted)
    deps.emit({
      type: 'warning',
      data: {
        code: 'fewer-rows',
        message: `the next round has ${rows} of ${wanted} rows, so that ${roundsText(rounds)} into the ${Math.max(0, minutesLeft).toFixed(0)} minutes that are left of ${deps.config.budget.minutes}`,
      },
    })
  return rows
}

const roundsText = (rounds: number) => (rounds === 1 ? 'one round fits' : `${rounds} rounds fit`)

/** The next round's spec: uniform in the first, aimed at what the best student fails on dev afterwards. */
const writeSpec = async (
  state: State,
  frozen: Frozen,
  deps: Deps,
  { lesson, rows, levers }: { readonly lesson: Lesson; readonly rows: number; readonly levers: Levers },
): Promise<Lesson['teaches']> => {
  const { loop, seed } = deps.config
  const next = state.round + 1
  const fresh = next === 1 ? rows : rows - Math.round(rows * loop.replay)
  const asked = partsAskedFor(fresh, frozen, deps)
  const open = fresh - asked.reduce((sum, part) => sum + part.rows, 0)
  const specSeed = seedFrom(seed, 'spec', next)
  const dev = await writeFailures(state, frozen, deps)
  const targeted = next === 1 ? 0 : Math.round(open * (1 - loop.uniform))
  const aimed: Aim =
    targeted === 0
      ? { parts: [], hypotheses: [], author: 'uniform' }
      : await aim(state, frozen, deps, { rows: targeted, seed: specSeed, lesson, dev, levers: levers.open })
  const aimedRows = aimed.parts.reduce((sum, part) => sum + part.rows, 0)
  const lever = aimed.lever ?? levers.open[0]
  const own = [...aimed.parts, ...uniformParts(open - aimedRows)]
  const parts = [...asked, ...(lever === 'rows' ? widened(own, levers.room) : own)]
  const taught = withLever(chosenLesson(lesson, aimed), lever)
  const file: SpecFile = {
    spec: { seed: specSeed, split: 'train', parts },
    hypotheses: lever === 'rows' ? believedOf(aimed.hypotheses, levers.room) : aimed.hypotheses,
    author: aimedRows > 0 ? aimed.author : asked.length > 0 ? 'person' : 'uniform',
    ...(aimed.fellBack && { fellBack: aimed.fellBack }),
    lesson: taught,
    ...(lever && { lever }),
  }
  await writeJson(deps.files.round(next).spec, file)
  deps.emit({
    type: 'spec.written',
    data: { author: file.author, parts: [...file.spec.parts], hypotheses: [...file.hypotheses] },
  })
  return taught.teaches
}

const chosenLesson = (lesson: Lesson, { teaches }: Aim): Lesson =>
  teaches && teaches !== lesson.teaches ? { teaches, why: 'the analyst chose it' } : lesson

/** Rows that a person wants in the next spec, as far as they fit into the round. Tags that the skill does not have are told and left out. */
const partsAskedFor = (rows: number, frozen: Frozen, deps: Deps): SpecPart[] => {
  const dimensions = deps.plugin.dimensions(frozen.definition)
  let left = rows
  return deps.guidance().flatMap(({ part }) => {
    if (!part) return []
    const problem = problemOf([part], dimensions)
    if (problem) deps.emit({ type: 'warning', data: { code: 'guidance-left-out', message: problem } })
    const taken = problem ? 0 : Math.min(left, part.rows)
    left -= taken
    return taken > 0 ? [{ ...part, rows: taken }] : []
  })
}

const devRows = async (round: number, deps: Deps): Promise<EvaluationRow[]> =>
  (await readJsonl<EvaluationRow>(deps.files.round(round).evaluation('dev'))).rows
