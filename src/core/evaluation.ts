import type { Grade, ItemBase, Tags, Transcript } from './contract.ts'

/** One line of `eval/<split>.jsonl`: what a student answered to an item, and how it was graded. */
export interface EvaluationRow<Item extends ItemBase = ItemBase> {
  readonly item: Item
  readonly transcript: Transcript
  readonly grade: Grade
  readonly ms: number // the student's time, all its turns
  readonly tokens: { readonly prompt: number; readonly completion: number }
  readonly endState?: unknown // what the environment held at the end, so that stored replies can be graded again
  readonly error?: { readonly code: string; readonly message: string } // infrastructure: nothing of the row is graded
}

/** The part of a row that statistics read. */
export type GradedRow = Pick<EvaluationRow, 'item' | 'grade' | 'error'>

/** What a row says about a criterion. What could not be judged is `unscored`: neither a fail nor a missing row. */
export type Outcome = { readonly pass: boolean; readonly score: number } | 'not-applicable' | 'unscored'

/** A criterion that the grade does not mention is unscored: silence is no judgement. */
export const outcomeOf = ({ grade, error }: GradedRow, criterion: string): Outcome => {
  if (error) return 'unscored'
  const verdict = Object.hasOwn(grade.criteria, criterion) ? grade.criteria[criterion] : undefined
  if (!verdict || verdict.status === 'ungraded') return 'unscored'
  if (verdict.status === 'not-applicable') return 'not-applicable'
  return { pass: verdict.status === 'pass', score: verdict.score }
}

/** Whether an item has, in every dimension of `where`, at least one of the values named there. */
export const matches = ({ tags }: ItemBase, where: Tags | undefined): boolean =>
  Object.entries(where ?? {}).every(([dimension, values]) => {
    const own = Object.hasOwn(tags, dimension) ? tags[dimension] : undefined
    return own?.some((value) => values.includes(value)) ?? false
  })
