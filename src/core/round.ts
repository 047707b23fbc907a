import type { PredictionScore } from './analyst.ts'
import type { Direction } from './anchors.ts'
import type { Hypothesis, Pooled, SpecPart } from './contract.ts'
import type { Verdict } from './gate.ts'
import type { PairLint } from './pair-lint.ts'
import type { MeasuredRate, TagRate } from './rates.ts'
import type { TrainResult } from './trainer.ts'

/** Who wrote a generation spec. */
export const authors = ['uniform', 'error-weighted', 'statistical', 'llm', 'placebo', 'person'] as const
export type Author = (typeof authors)[number]

/** What a round teaches, and why: the report says it in these words. */
export interface Lesson {
  readonly teaches: 'sft' | 'kto' | 'grpo'
  readonly why: string
}

/** `paired.json`: the pairs of a round that teaches judgement. */
export interface Paired {
  readonly practised: number // fresh training items that the best student answered
  readonly pairs: number
  readonly fromStudent: number // pairs whose bad reply the student gave itself
  readonly held?: number // right replies to other requests, which hold what the student does right; DPO learns from pairs alone
  readonly directions?: Readonly<Record<Direction, number>> // pairs by what they teach
  readonly lint: PairLint
}

/** `round-NN/summary.json`: all that a report or a surface shows of a finished round. Of gate it holds rates only. */
export interface RoundSummary {
  readonly round: number // 0 is the untouched student
  readonly author?: Author // of the spec that this round's rows came from
  readonly fellBack?: string // why the LLM analyst did not write it
  readonly lesson?: Lesson // what it taught
  readonly pairs?: Paired // of a round that taught judgement
  readonly parts: readonly SpecPart[]
  readonly hypotheses: readonly Hypothesis[]
  readonly predictions: readonly PredictionScore[] // how this round's hypotheses fared on dev
  readonly rows: RowCounts
  readonly train?: TrainResult & { readonly kind: string }
  readonly rates: { readonly dev: readonly MeasuredRate[]; readonly gate: readonly MeasuredRate[] } // one a target
  readonly tags: { readonly dev: readonly TagRate[]; readonly gate: readonly TagRate[] } // one a criterion and tag value
  readonly pooled?: { readonly dev: PooledMeasures; readonly gate: PooledMeasures } // the skill's measures over all replies together
  readonly verdict?: Verdict // absent for round 0
  readonly best: number // the best promoted round after this one's verdict
  readonly unscored: { readonly dev: number; readonly gate: number } // rows lost to infrastructure
  readonly seconds: Readonly<Record<string, number>> // wall time by stage
  readonly at: string // ISO time
}

export type PooledMeasures = Readonly<Record<string, Pooled>>

export interface RowCounts {
  readonly made: number
  readonly rejected: number
  readonly duplicates: number // near-duplicates inside the set
  readonly leaked: number // near-duplicates of an evaluation item
  readonly accepted: number // new rows of this round
  readonly replayed: number // accepted rows of earlier rounds, shown again
  readonly trained: number // accepted + replayed
  readonly edited?: number // items that a person changed and whose rows were trained
}

/** What a run has spent so far. */
export interface Spent {
  readonly minutes: number
  readonly rows: number
  readonly tokens: number
  readonly paidTokens: number // at endpoints
  readonly money: number
  readonly diskGb: number
}
