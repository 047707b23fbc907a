import { z } from 'zod'
import type { Dimensions, Hypothesis } from '../contract.ts'
import { excerpt } from '../excerpt.ts'
import { leastEvidence } from '../failures.ts'
import type { Lever } from '../levers.ts'

type Stage = Hypothesis['stage']

/** What an answer may name. */
export interface Vocabulary {
  readonly dimensions: Dimensions
  readonly criteria: readonly string[]
  readonly mistakes: readonly string[]
  readonly stages: readonly [Stage, ...Stage[]] // what the next round may teach
  readonly levers?: readonly Lever[] // what the next round may change besides its rows' aims, since the last one gained nothing
}

const longestNote = 300

/** The answer of an analyst: names from lists, numbers, item ids. Its two sentences are for people and go nowhere else. */
export const answerForm = ({ dimensions, criteria, mistakes, stages, levers = [] }: Vocabulary) =>
  z.strictObject({
    lever: (levers.length > 0 ? z.enum(levers).nullable() : z.null())
      .default(null)
      .describe('what else changes in the next round; null: the first one that is open, if any'),
    hypotheses: z
      .array(
        z.strictObject({
          where: z
            .array(z.strictObject({ dimension: z.enum(Object.keys(dimensions)), value: z.string().max(200) }))
            .min(1)
            .max(2)
            .describe('one tag, or two of different dimensions'),
          criterion: z.enum(criteria),
          evidence: z.array(z.string().max(200)).min(leastEvidence.items).max(50).describe('ids of failing items'),
          rows: z.int().min(1),
          difficulty: z.union([z.literal(1), z.literal(2), z.literal(3)]).nullable(),
          mistakes: mistakes.length > 0 ? z.array(z.enum(mistakes)).max(10) : z.array(z.string()).max(0),
          stage: z.enum(stages),
          points: z.number().min(0).max(1).describe('rise of the pass rate that you predict, 0 to 1'),
          probability: z.number().min(0).max(1).describe('that it rises by at least so much'),
          refutedBy: z.string().max(longestNote).describe('what would show that you are wrong'),
          note: z.string().max(longestNote).describe('why, in one sentence for people'),
        }),
      )
      .min(1)
      .max(10),
  })
export type Answer = z.infer<ReturnType<typeof answerForm>>
type Said = Answer['hypotheses'][number]

/** Tags as the contract has them. */
export const tagsOf = ({ where }: Said): Record<string, string[]> =>
  Object.fromEntries(where.map(({ dimension, value }) => [dimension, [value]]))

export const hypothesisOf = (said: Said): Hypothesis => ({
  evidence: said.evidence,
  part: {
    where: tagsOf(said),
    rows: said.rows,
    ...(said.difficulty !== null && { difficulty: said.difficulty }),
    ...(said.mistakes.length > 0 && { mistakes: said.mistakes }),
  },
  stage: said.stage,
  predicts: { criterion: said.criterion, where: tagsOf(said), points: said.points, probability: said.probability },
  note: excerpt(`${said.note} Refuted by: ${said.refutedBy}`, longestNote),
})
