import type { PredictionScore, SpecFile } from '../core/analyst.ts'
import type { Pooled } from '../core/contract.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import { readJson, readJsonl } from '../core/jsonl.ts'
import type { Duels } from '../core/judge/duels.ts'
import { measure, ratesByTag } from '../core/rates.ts'
import type { Paired, RoundSummary } from '../core/round.ts'
import type { SftRow } from './check-items.ts'
import type { Deps } from './deps.ts'
import type { Frozen } from './nodes/define.ts'
import { readVerdict } from './nodes/gate.ts'
import type { GenerateCounts } from './nodes/generate.ts'
import { readTrained } from './nodes/train.ts'
import type { ValidateCounts } from './nodes/validate.ts'
import type { State } from './state.ts'

/** Reads a round's files into its summary. Of the gate split only rates go in. */
export const summarize = async (
  state: State,
  frozen: Frozen,
  deps: Deps,
  { spec, predictions }: { spec: SpecFile | undefined; predictions: readonly PredictionScore[] },
): Promise<RoundSummary> => {
  const round = deps.files.round(state.round)
  const made = await readJson<GenerateCounts>(round.generated)
  const rows = await readJson<ValidateCounts>(round.validated)
  const edited = (await readJsonl<SftRow>(round.accepted)).rows.filter(({ editedBy }) => editedBy !== undefined).length
  const paired = await readJson<Paired>(round.paired)
  const trained = await readTrained(round.trained)
  const verdict = (await readVerdict(round.verdict))?.verdict
  const dev = (await readJsonl<EvaluationRow>(round.evaluation('dev'))).rows
  const gate = (await readJsonl<EvaluationRow>(round.evaluation('gate'))).rows
  const targets = deps.plugin.targets(frozen.definition)
  const dimensions = deps.plugin.dimensions(frozen.definition)
  const pooledOf = (rows: readonly EvaluationRow[]) =>
    deps.plugin.pooled?.(
      rows.filter((row) => !row.error),
      frozen.definition,
    ) ?? {}
  const duels = await readJson<Duels>(round.duels)
  const pooled = { dev: { ...pooledOf(dev), ...preferredOf(duels) }, gate: pooledOf(gate) }
  const criteria = deps.plugin.rubrics.flatMap((rubric) => rubric.criteria)
  return {
    round: state.round,
    ...(spec && { author: spec.author, lesson: spec.lesson }),
    ...(spec?.fellBack && { fellBack: spec.fellBack }),
    ...(paired && { pairs: paired }),
    parts: spec?.spec.parts ?? [],
    hypotheses: spec?.hypotheses ?? [],
    predictions,
    rows: {
      made: made?.made ?? 0,
      duplicates: made?.duplicates ?? 0,
      leaked: made?.leaked ?? 0,
      rejected: rows?.rejected ?? 0,
      accepted: rows?.accepted ?? 0,
      replayed: rows?.replayed ?? 0,
      trained: rows?.trained ?? 0,
      ...(edited > 0 && { edited }),
    },
    ...(trained && { train: trained }),
    rates: { dev: measure(dev, targets, pooled.dev), gate: measure(gate, targets, pooled.gate) },
    tags: { dev: ratesByTag(dev, dimensions, criteria), gate: ratesByTag(gate, dimensions, criteria) },
    ...((deps.plugin.pooled || duels) && { pooled }),
    ...(verdict && { verdict }),
    best: state.best,
    unscored: { dev: unscored(dev), gate: unscored(gate) },
    seconds: deps.stageSeconds(state.round),
    at: deps.now().toISOString(),
  }
}

/** How often a judge preferred the round's replies to the base's, ties as halves. */
const preferredOf = (duels: Duels | undefined): Readonly<Record<string, Pooled>> =>
  duels?.rate === undefined
    ? {}
    : { 'preferred-to-base': { value: duels.rate, n: duels.wins + duels.losses + duels.ties } }

const unscored = (rows: readonly EvaluationRow[]) => rows.filter((row) => row.error).length
