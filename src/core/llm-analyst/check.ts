import type { Hypothesis, Tags } from '../contract.ts'
import { matches } from '../evaluation.ts'
import { type FailureReport, leastEvidence } from '../failures.ts'
import { nearest } from '../nearest.ts'
import type { PredictionScore } from '../predictions.ts'
import type { Vocabulary } from './form.ts'

/** One round's aims, and what they brought. */
export interface Tried {
  readonly round: number
  readonly hypotheses: readonly Hypothesis[]
  readonly scores: readonly PredictionScore[] // one a hypothesis
}

export interface Limits {
  readonly rows: number // of all parts together
  readonly mostPerTag: number
}

/** A prediction that came to less than this share of itself has missed: the same again would be the same again. */
const missedShare = 0.5

/**
 * All that is wrong with a spec, in words that its author can act on; nothing where it may be carried out. The guarantee
 * is here and not in the prompt: whatever a model was talked into, only declared tags, listed mistakes, failing items
 * that really fail and rows within the budget come through.
 */
export const findingsIn = (
  hypotheses: readonly Hypothesis[],
  {
    report,
    vocabulary,
    limits,
    tried,
  }: { report: FailureReport; vocabulary: Vocabulary; limits: Limits; tried: readonly Tried[] },
): string[] => [
  ...hypotheses.flatMap((hypothesis, at) =>
    [...undeclared(hypothesis, vocabulary), ...weakEvidence(hypothesis, report), ...repeated(hypothesis, tried)].map(
      (finding) => `hypotheses.${at}: ${finding}`,
    ),
  ),
  ...twice(hypotheses),
  ...overBudget(hypotheses, limits),
  ...(new Set(hypotheses.map(({ stage }) => stage)).size > 1
    ? ['all hypotheses of a round must name the same stage']
    : []),
]

const undeclared = ({ part }: Hypothesis, { dimensions }: Vocabulary): string[] =>
  Object.entries(part.where).flatMap(([dimension, values]) => {
    const allowed = Object.hasOwn(dimensions, dimension) ? (dimensions[dimension] ?? []) : []
    return values
      .filter((value) => !allowed.includes(value))
      .map((value) => {
        const near = nearest(value, allowed)
        return `${dimension} has no value ${JSON.stringify(value.slice(0, 60))}${near ? `; the nearest is ${JSON.stringify(near)}` : ''}`
      })
  })

/** Enough of the named items must be in the report, have the tags and fail the criterion. */
const weakEvidence = ({ evidence, part, predicts }: Hypothesis, report: FailureReport): string[] => {
  const named = new Set(evidence)
  const failing = report.failing.filter(({ id }) => named.has(id))
  const unknown = named.size - failing.length
  const speaking = failing.filter((item) => item.criteria.includes(predicts.criterion) && matches(item, part.where))
  const families = new Set(speaking.map(({ family }) => family)).size
  return [
    ...(unknown > 0 ? [`${unknown} of its evidence ids are no failing items of this report`] : []),
    ...(speaking.length < leastEvidence.items || families < leastEvidence.families
      ? [
          `only ${speaking.length} of its evidence items, of ${families} families, have these tags and fail ${predicts.criterion}; ${leastEvidence.items} of ${leastEvidence.families} are needed`,
        ]
      : []),
  ]
}

const repeated = (hypothesis: Hypothesis, tried: readonly Tried[]): string[] =>
  tried.flatMap(({ round, hypotheses, scores }) =>
    hypotheses.flatMap((earlier, at) => {
      const moved = scores[at]?.moved
      const missed = moved !== undefined && moved < missedShare * earlier.predicts.points
      return missed && keyOf(earlier) === keyOf(hypothesis)
        ? [
            `round ${round} tried exactly this and it moved by ${(moved * 100).toFixed(1)} points instead of ${(earlier.predicts.points * 100).toFixed(1)}: aim elsewhere, or change difficulty, mistakes or stage`,
          ]
        : []
    }),
  )

/** Two hypotheses are the same where they would train on the same kind of rows in the same way. */
const keyOf = ({ part, stage, predicts }: Hypothesis): string =>
  JSON.stringify([
    whereKey(part.where),
    predicts.criterion,
    stage,
    part.difficulty ?? 0,
    [...(part.mistakes ?? [])].sort(),
  ])

const whereKey = (where: Tags): string => JSON.stringify(Object.entries(where).sort(([a], [b]) => (a < b ? -1 : 1)))

const twice = (hypotheses: readonly Hypothesis[]): string[] => {
  const keys = hypotheses.map(keyOf)
  return keys.flatMap((key, at) =>
    keys.indexOf(key) < at ? [`hypotheses.${at}: is the same as hypotheses.${keys.indexOf(key)}`] : [],
  )
}

const overBudget = (hypotheses: readonly Hypothesis[], { rows, mostPerTag }: Limits): string[] => {
  const total = hypotheses.reduce((sum, { part }) => sum + part.rows, 0)
  const byTag = new Map<string, number>()
  for (const { part } of hypotheses)
    for (const [dimension, values] of Object.entries(part.where))
      for (const value of values) {
        const tag = `${dimension}=${value}`
        byTag.set(tag, (byTag.get(tag) ?? 0) + part.rows)
      }
  return [
    ...(total > rows ? [`all rows together are ${total} and ${rows} is the most`] : []),
    ...[...byTag]
      .filter(([, sum]) => sum > mostPerTag)
      .map(([tag, sum]) => `${tag.slice(0, 100)} gets ${sum} rows and ${mostPerTag} is the most for one tag`),
  ]
}
