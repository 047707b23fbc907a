import type { PredictionScore } from '../../core/analyst.ts'
import type { Hypothesis } from '../../core/contract.ts'
import type { RoundSummary } from '../../core/round.ts'
import type { Collected } from './collect.ts'
import type { Belief, RoundRow, VerdictRow } from './model.ts'
import { type Change, clean, wholePercent } from './text.ts'

export const roundRows = ({ rounds, against }: Collected): RoundRow[] =>
  rounds.map((summary) => ({
    round: summary.round,
    author: summary.author ?? null,
    lesson: lessonOf(summary),
    parts: summary.parts.map(({ where, rows }) => ({ where, rows })),
    verdict: verdictRow(summary, against.get(summary.round) ?? 0),
    beliefs: summary.hypotheses.map((hypothesis, at) => belief(hypothesis, scoreOf(hypothesis, at, summary))),
    best: summary.best,
    unscored: summary.unscored,
  }))

const lessonOf = (summary: RoundSummary): string | null => {
  const { fellBack } = summary
  const taught = taughtOf(summary)
  return fellBack ? `${taught ?? ''} The LLM analyst wrote no spec for it: ${clean(fellBack, 300)}.`.trim() : taught
}

const taughtOf = ({ lesson, pairs, rows, train }: RoundSummary): string | null => {
  if (!lesson) return null
  if (!pairs) return `Format, by SFT on ${rows.trained} rows: ${lesson.why}.`
  const { practised, pairs: count, fromStudent, held, lint, directions } = pairs
  const taught = directions
    ? ` ${directions.act} pairs teach to act where acting is right, ${directions['hold-back']} to ask or decline where that is, ${directions.how} how to call and ${directions.say} what to say.`
    : ''
  const tells = `Surface alone tells the label of ${wholePercent(lint.form)} (call or text), ${wholePercent(lint.length)} (length) and ${wholePercent(lint.word?.accuracy ?? 0.5)} (one word) of the rows; 50 % is chance`
  const holds = held ? ` ${held} right replies to other requests hold what it does right.` : ''
  const by = (train?.kind ?? 'kto').toUpperCase()
  return `Judgement, by ${by} on ${count} pairs: ${lesson.why}. The best student answered ${practised} fresh training items, and ${fromStudent} of the bad replies are its own.${taught}${holds} ${tells}.`
}

const verdictRow = ({ verdict }: RoundSummary, against: number): VerdictRow | null => {
  if (!verdict) return null
  const { primary } = verdict
  return {
    verdict: verdict.verdict,
    reason: clean(verdict.reason, 600),
    against,
    alpha: verdict.alpha,
    primary: {
      of: primary.of,
      ...changeOf(primary),
      p: primary.p ?? null,
      families: primary.families,
      rows: primary.rows,
      losses: primary.losses,
      gains: primary.gains,
      candidateRate: primary.candidateRate ?? null,
      incumbentRate: primary.incumbentRate ?? null,
    },
    smallestDetectable: primary.smallestDetectable ?? null,
    protected: verdict.protected.map((tag) => ({
      of: tag.of,
      ...(tag.where && { where: tag.where }),
      rule: tag.rule,
      status: tag.status,
      margin: tag.margin,
      floor: tag.floor,
      n: tag.n,
      ...changeOf(tag),
      candidateRate: tag.candidateRate ?? null,
      incumbentRate: tag.incumbentRate ?? null,
    })),
  }
}

const changeOf = ({ difference, low, high }: { difference?: number; low?: number; high?: number }): Change => ({
  difference: difference ?? null,
  low: low ?? null,
  high: high ?? null,
})

/** Scores are written in the order of the hypotheses; a score that says otherwise belongs to another one. */
const scoreOf = ({ predicts }: Hypothesis, at: number, { predictions }: RoundSummary): PredictionScore | undefined => {
  const same = (score: PredictionScore) =>
    score.criterion === predicts.criterion && JSON.stringify(score.where) === JSON.stringify(predicts.where)
  const own = predictions[at]
  return own && same(own) ? own : predictions.find(same)
}

const belief = ({ part, stage, predicts, evidence, note }: Hypothesis, score: PredictionScore | undefined): Belief => ({
  where: part.where,
  rows: part.rows,
  stage,
  criterion: predicts.criterion,
  predictedWhere: predicts.where,
  predicted: predicts.points,
  probability: predicts.probability,
  evidence,
  note: clean(note, 300),
  moved: score?.moved ?? null,
  low: score?.low ?? null,
  high: score?.high ?? null,
  hit: score?.hit ?? null,
  brier: score?.brier ?? null,
})
