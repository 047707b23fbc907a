import type { ReportSection, Tags, TeacherYield } from '../../core/contract.ts'
import type { RejectReason } from './collect.ts'
import type { Cell, Change } from './text.ts'

export type Status = 'pass' | 'warn' | 'fail' | 'no-data'

/** The report as plain JSON: what `--format json` prints, and all that Markdown and HTML show. Rates are 0..1. */
export interface Report {
  readonly report: 1 // version of this shape
  readonly run: string
  readonly skill: string
  readonly student: string
  readonly startedAt: string | null // ISO time
  readonly state: RunState
  readonly notes: readonly string[]
  readonly headline: Headline | null // null until the untouched student is measured
  readonly targets: readonly TargetRow[]
  readonly rounds: readonly RoundRow[]
  readonly aimed: AimedReport
  readonly failures: FailureReport | null // null until there are two students to compare
  readonly replies: Replies
  readonly depth: readonly DepthRow[] // what `whet eval` measured besides
  readonly sections: readonly ReportSection[] // the skill's own
  readonly data: readonly DataRow[]
  readonly training: readonly TrainingRow[]
  readonly time: readonly TimeRow[]
  readonly method: Method
}

export interface RunState {
  readonly finished: boolean
  readonly what: 'finished' | 'stopped' | 'failed' | 'paused' | 'running' | 'unfinished'
  readonly sentence: string
}

/** The main criterion on gate: the untouched student beside the best one. */
export interface Headline {
  readonly of: string
  readonly best: number // round; 0: nothing was promoted
  readonly base: Cell
  readonly now: Cell
  readonly gained: Change & { readonly paired: boolean } // unpaired: from the two rates alone, and wider
  readonly targetsMet: number
  readonly targetsTotal: number
}

export interface TargetRow {
  readonly of: string
  readonly where?: Tags
  readonly measure: string
  readonly pass: number
  readonly warn: number
  readonly protected: boolean // may not drop
  readonly rounds: readonly TargetRound[]
  readonly best: Status // of the best round, on gate
}

export interface TargetRound {
  readonly round: number
  readonly dev: Cell
  readonly gate: Cell
  readonly status: Status // on gate
}

export interface RoundRow {
  readonly round: number
  readonly author: string | null // of the spec that its rows came from
  readonly lesson: string | null // what it taught and why
  readonly parts: readonly { readonly where: Tags; readonly rows: number }[]
  readonly verdict: VerdictRow | null
  readonly beliefs: readonly Belief[]
  readonly best: number // the best round once this one was judged
  readonly unscored: { readonly dev: number; readonly gate: number }
}

export interface VerdictRow {
  readonly verdict: 'promote' | 'hold' | 'reject'
  readonly reason: string
  readonly against: number // round of the student that it was held against
  readonly alpha: number // spent on this look
  readonly primary: Change & {
    readonly of: string
    readonly p: number | null
    readonly families: number
    readonly rows: number
    readonly losses: number
    readonly gains: number
    readonly candidateRate: number | null
    readonly incumbentRate: number | null
  }
  readonly smallestDetectable: number | null // gain in rate that this many rows see four times out of five
  readonly protected: readonly ProtectedRow[]
}

export interface ProtectedRow extends Change {
  readonly of: string
  readonly where?: Tags
  readonly rule: 'floor' | 'margin' // held to an absolute floor, or to a largest drop
  readonly status: 'ok' | 'breach' | 'too-few' | 'floor'
  readonly margin: number
  readonly floor: number
  readonly n: number
  readonly candidateRate: number | null
  readonly incumbentRate: number | null
}

/** What the analyst believed before the round, and what came on dev. */
export interface Belief {
  readonly where: Tags
  readonly rows: number
  readonly stage: string
  readonly criterion: string
  readonly predictedWhere: Tags
  readonly predicted: number // points as a rate
  readonly probability: number
  readonly evidence: readonly string[] // ids of dev items
  readonly note: string
  readonly moved: number | null
  readonly low: number | null // 95 % of the movement
  readonly high: number | null
  readonly hit: boolean | null
  readonly brier: number | null
}

/** Mean change on gate of the tags that the analyst named, beside those that it did not. */
export interface AimedReport {
  readonly rounds: readonly AimedRow[]
  readonly all: AimedRow | null // over all aimed rounds
  readonly fewestItems: number // tags with fewer gate items in either round are left out
}

export interface AimedRow {
  readonly round: number | null // null: all of them
  readonly criteria: readonly string[]
  readonly named: MeanChange
  readonly others: MeanChange
  readonly gap: Change
}

export interface MeanChange extends Change {
  readonly tags: number
}

/** Failing items of dev by dimension: the untouched student and the best one (or the last, where none was promoted). */
export interface FailureReport {
  readonly after: number // round
  readonly dimensions: readonly {
    readonly name: string
    readonly values: readonly FailureRow[]
    readonly more: number
  }[]
  readonly kinds: readonly { readonly name: string; readonly before: number; readonly after: number }[] // failure tags
  readonly items: { readonly before: number; readonly after: number } // scored items
}

export interface FailureRow {
  readonly value: string
  readonly before: Cell // share of items with at least one failed criterion
  readonly after: Cell
}

/** One measurement of a round's student: on longer catalogues, several times, in other words, on other items. */
export interface DepthRow {
  readonly round: number
  readonly split: string
  readonly what: string
  readonly points: readonly DepthPoint[]
}

export interface DepthPoint {
  readonly label: string
  readonly at: number | null // its place on a curve
  readonly cell: Cell
  readonly problem: string | null // why it could not be measured
}

export interface Replies {
  readonly rounds: readonly number[] // the columns
  readonly best: number
  readonly examples: readonly Example[]
}

export interface Example {
  readonly item: string
  readonly story: 'mended' | 'still failing' | 'broken'
  readonly tags: Tags
  readonly request: string
  readonly gold: string | null // the right answer
  readonly replies: readonly ExampleReply[]
}

export interface ExampleReply {
  readonly round: number
  readonly text: string
  readonly passed: boolean | null // null: not graded
  readonly reasons: readonly { readonly criterion: string; readonly status: string; readonly reason: string }[]
}

export interface DataRow {
  readonly round: number
  readonly made: number
  readonly duplicates: number
  readonly leaked: number
  readonly rejected: number
  readonly reasons: readonly RejectReason[]
  readonly taught: readonly TeacherYield[] // what became of what the teacher wrote, by prompt
  readonly accepted: number
  readonly replayed: number
  readonly trained: number
  readonly edited: number // items that a person changed before they were trained
}

export interface TrainingRow {
  readonly round: number
  readonly kind: string
  readonly steps: number
  readonly tokens: number
  readonly seconds: number
  readonly tokensPerSecond: number | null
  readonly firstLoss: number | null // nats per token
  readonly finalLoss: number | null
  readonly curve: readonly { readonly step: number; readonly loss: number }[]
}

export interface TimeRow {
  readonly round: number
  readonly stages: Readonly<Record<string, number>> // seconds
  readonly total: number
}

export interface Method {
  readonly splits: readonly { readonly name: string; readonly items: number | null; readonly families: number | null }[]
  readonly settings: readonly { readonly name: string; readonly value: string }[]
  readonly versions: Readonly<Record<string, string>>
  readonly hashes: Readonly<Record<string, string>>
}
