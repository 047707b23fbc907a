import type { AnySkill } from '../../core/contract.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { gate as judge, type Verdict } from '../../core/gate.ts'
import { readJson, readJsonl, writeJson } from '../../core/jsonl.ts'
import { judgedCriteria } from '../../core/judge/grade.ts'
import type { JudgeFile } from '../../core/judge/store.ts'
import { measure } from '../../core/rates.ts'
import type { Deps, Stage } from '../deps.ts'
import { formatHolds } from '../lesson.ts'
import type { State } from '../state.ts'
import { readFrozen } from './define.ts'

/** `round-NN/verdict.json`: the verdict and the round of the student that the candidate was held against. */
export interface GateFile {
  readonly verdict: Verdict
  readonly against: number
}

/** Promotes, holds or rejects the candidate against the best so far. The best is never lost. */
export const gate: Stage = async (state, deps) => {
  const { definition } = await readFrozen(deps.files, deps.plugin)
  const targets = deps.plugin.targets(definition)
  if (state.round === 0) return { best: 0, formatHolds: await holds(0, targets, deps) }
  const judgedVerdict = judge({
    candidate: await gateRows(state.round, deps),
    incumbent: await gateRows(state.best, deps),
    targets,
    primary: primaryOf(deps, targets),
    format: deps.plugin.format,
    alpha: deps.config.gate.alpha,
    k: state.looks + 1,
  })
  const verdict = await withoutTrust(judgedVerdict, deps)
  await writeJson(deps.files.round(state.round).verdict, { verdict, against: state.best } satisfies GateFile)
  const { protected: tags, ...told } = verdict
  deps.emit({ type: 'gate.verdict', data: { ...told, tags } })
  return afterVerdict(state, verdict, await holds(state.round, targets, deps))
}

/** A judge that nobody has held against people, or that disagrees with them, promotes nothing. */
const withoutTrust = async (verdict: Verdict, { config, files, plugin }: Deps): Promise<Verdict> => {
  const { of } = verdict.primary
  if (verdict.verdict !== 'promote' || !judgedCriteria(plugin.rubrics).has(of) || !config.roles.judge) return verdict
  const calibrated = (await readJson<JudgeFile>(files.judge))?.criteria.find(({ criterion }) => criterion === of)
  if (calibrated?.trusted) return verdict
  const why = calibrated ? `is not to be trusted with it: ${calibrated.why}` : 'was never calibrated on it'
  const advice = 'Run `whet judge calibrate` with labelled pairs, or let another criterion decide (gate.primary).'
  return {
    ...verdict,
    verdict: 'hold',
    reason: `${of} rose, but the judge ${config.roles.judge.model} ${why}. ${advice}`,
  }
}

const afterVerdict = (state: State, verdict: Verdict, candidateFormatHolds: boolean) => {
  const promoted = verdict.verdict === 'promote'
  return {
    looks: state.looks + 1,
    best: promoted ? state.round : state.best,
    formatHolds: promoted ? candidateFormatHolds : state.formatHolds,
    withoutGain: promoted ? 0 : state.withoutGain + 1,
  }
}

/** The criterion that decides: the config's, else the one of the plugin's first target. */
const primaryOf = (deps: Deps, targets: ReturnType<AnySkill['targets']>) =>
  deps.config.gate.primary ?? targets[0]?.of ?? deps.plugin.format

const holds = async (round: number, targets: ReturnType<AnySkill['targets']>, deps: Deps): Promise<boolean> =>
  formatHolds(
    measure((await readJsonl<EvaluationRow>(deps.files.round(round).evaluation('dev'))).rows, targets),
    deps.plugin.format,
  )

const gateRows = async (round: number, deps: Deps): Promise<EvaluationRow[]> =>
  (await readJsonl<EvaluationRow>(deps.files.round(round).evaluation('gate'))).rows

export const readVerdict = (file: string) => readJson<GateFile>(file)
