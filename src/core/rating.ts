/** What a person thinks of two replies to one request: what judges are calibrated against, and what preferences are made of. */
import { z } from 'zod'
import { type Interval, wilson } from './stats.ts'

/** One line of ratings.jsonl. The rater did not know whose reply is whose; `from` says it. */
export const Rating = z.strictObject({
  item: z.string(), // its id
  a: z.string(), // the reply that was shown first
  b: z.string(),
  choice: z.enum(['a', 'b', 'tie']),
  criterion: z.string(), // what was asked for: overall, or a criterion of the skill
  rater: z.string(),
  at: z.string(), // ISO time
  from: z.strictObject({ a: z.string(), b: z.string() }), // base, round 2, gold
})
export type Rating = z.infer<typeof Rating>

/** Two replies of two sources, as a person is shown them. */
export interface BlindPair {
  readonly item: string
  readonly request: string
  readonly a: string
  readonly b: string
  readonly from: { readonly a: string; readonly b: string }
}

/** The same person is asked once about the same two replies under one criterion, whichever stood first. */
export const ratingKey = (of: Pick<Rating, 'item' | 'a' | 'b'>, criterion: string, rater: string): string =>
  JSON.stringify([of.item, [of.a, of.b].sort(), criterion, rater])

export interface RatingTally {
  readonly wins: Readonly<Record<string, number>> // by source
  readonly ties: number
  readonly rated: number
  readonly rate?: number // of `of`: wins and half of the ties
  readonly interval?: Interval // 95 %, Wilson
}

/** How often one source's replies were preferred. */
export const tallyRatings = (ratings: readonly Rating[], of: string): RatingTally => {
  const wins: Record<string, number> = {}
  let ties = 0
  for (const { choice, from } of ratings) {
    if (choice === 'tie') ties += 1
    else wins[from[choice]] = (wins[from[choice]] ?? 0) + 1
  }
  const own = ratings.filter(({ from }) => from.a === of || from.b === of)
  const points = own.reduce((sum, { choice, from }) => sum + (choice === 'tie' ? 0.5 : Number(from[choice] === of)), 0)
  const interval = wilson(points, own.length)
  return { wins, ties, rated: ratings.length, ...(interval && { rate: points / own.length, interval }) }
}
