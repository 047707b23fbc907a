import type { Collected } from './collect.ts'
import type { DataRow, Method, TimeRow, TrainingRow } from './model.ts'

/** Points of a loss curve that the report keeps. */
const mostPoints = 60

export const dataRows = ({ rounds, rejected, events }: Collected): DataRow[] =>
  rounds
    .filter(({ round }) => round > 0)
    .map(({ round, rows }) => ({
      round,
      made: rows.made,
      duplicates: rows.duplicates,
      leaked: rows.leaked,
      rejected: rows.rejected,
      reasons: (rejected.get(round) ?? []).slice(0, 8),
      taught: events.flatMap((event) => (event.type === 'teacher.yield' && event.round === round ? [event.data] : [])),
      accepted: rows.accepted,
      replayed: rows.replayed,
      trained: rows.trained,
      edited: rows.edited ?? 0,
    }))

export const trainingRows = ({ rounds, losses }: Collected): TrainingRow[] =>
  rounds.flatMap(({ round, train }) => {
    if (!train) return []
    const points = losses.get(round) ?? []
    return [
      {
        round,
        kind: train.kind,
        steps: train.steps,
        tokens: train.tokens,
        seconds: train.seconds,
        tokensPerSecond: train.seconds > 0 ? train.tokens / train.seconds : null,
        firstLoss: points[0]?.loss ?? null,
        finalLoss: train.finalLoss ?? null,
        curve: thinned(points),
      },
    ]
  })

/** Means of equal stretches: single steps jump about more than they tell. */
const thinned = (points: readonly { step: number; loss: number }[]) => {
  const stretch = Math.ceil(points.length / mostPoints)
  if (stretch <= 1) return [...points]
  const means = []
  for (let at = 0; at < points.length; at += stretch) {
    const part = points.slice(at, at + stretch)
    means.push({ step: part.at(-1)!.step, loss: part.reduce((sum, { loss }) => sum + loss, 0) / part.length })
  }
  return means
}

export const timeRows = ({ rounds }: Collected): TimeRow[] =>
  rounds.map(({ round, seconds }) => ({
    round,
    stages: seconds,
    total: Object.values(seconds).reduce((sum, each) => sum + each, 0),
  }))

export const methodOf = ({ config, frozen, rounds }: Collected): Method => {
  const splits = (['dev', 'gate', 'sealed'] as const).map((name) => ({
    name,
    items: frozen?.items[name] ?? config?.evaluation[name] ?? null,
    families: frozen?.families[name] ?? null,
  }))
  const settings: [string, string | number | undefined][] = [
    ['seed', frozen?.seed ?? config?.seed],
    ['alpha for the whole run', config?.gate.alpha],
    ['longest reply, tokens', config?.student.maxReplyTokens],
    ['longest training row, tokens', config?.student.maxTokens],
    ['number format of the served student', config?.student.quant],
    ['rows a round', config?.loop.rows],
    ['share of replayed rows', config?.loop.replay],
    ['share of uniform rows', config?.loop.uniform],
  ]
  return {
    splits,
    settings: settings.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: String(value) }])),
    versions: rounds.findLast(({ train }) => train)?.train?.versions ?? {},
    hashes: {
      ...(frozen && { 'base model': frozen.base.sha256, 'skill definition': frozen.definitionSha256 }),
    },
  }
}
