import pLimit from 'p-limit'
import { z } from 'zod'
import type { Llm } from '../contract.ts'
import { isWhetError, WhetError } from '../errors.ts'
import { readLines } from '../jsonl.ts'
import { Rating } from '../rating.ts'
import { type Agreement, agreementOf, shareOf } from './agreement.ts'
import { type Duel, judgePair } from './ask.ts'

/** One labelled pair: a line of `whet rate`, or of a file of one's own that says less. */
const Labelled = Rating.partial({ rater: true, at: true, from: true }).extend({ request: z.string().optional() })
type Labelled = z.infer<typeof Labelled>

/** What a judge is worth on one criterion. */
export interface Calibration {
  readonly criterion: string
  readonly pairs: number
  readonly failed: number // the judge gave no answer
  readonly agreement?: Agreement // with the labels: a, b or tie
  readonly swap?: ReturnType<typeof shareOf> // how often both orders said the same
  readonly firstWins?: ReturnType<typeof shareOf> // order bias: half of the decided answers would be none
  readonly longerWins?: ReturnType<typeof shareOf> // length bias: of the pairs where judge and person differ, the judge chose the longer
  readonly trusted: boolean
  readonly why: string
}

/** facts/evaluation.md 2.6: at least 100 labels, a swap agreement whose lower bound is .85, and kappa. */
export const needed = { pairs: 100, swap: 0.85, kappa: 0.6 } as const
const labels = ['a', 'b', 'tie'] as const
const mostAtOnce = 64

/** Reads labelled pairs. @throws WhetError 'bad-ratings' naming the first lines that are none; the file system's ENOENT */
export const readRatings = async (file: string): Promise<Labelled[]> => {
  const ratings: Labelled[] = []
  const bad: string[] = []
  for await (const { number, text } of readLines(file)) {
    if (text.trim() === '') continue
    const rating = Labelled.safeParse(parsed(text))
    if (rating.success) ratings.push(rating.data)
    else
      bad.push(
        `line ${number}: ${rating.error.issues.map(({ path, message }) => `${path.join('.') || 'row'} ${message}`).join(', ')}`,
      )
  }
  if (bad.length === 0 && ratings.length > 0) return ratings
  throw new WhetError({
    code: 'bad-ratings',
    message: `${file} is no file of labelled pairs (${bad.slice(0, 3).join('; ') || 'it is empty'}). A line is {"item", "a", "b", "choice": "a"|"b"|"tie", "criterion"}, as \`whet rate\` writes it.`,
    fixedBy: 'config',
    exit: 2,
    data: { file, bad: bad.slice(0, 20) },
  })
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @param questionOf what the judge is asked for a criterion; the criterion's own name where a rubric has no question */
export const calibrate = async (
  ratings: readonly Labelled[],
  judge: Llm,
  { questionOf, onProgress }: { questionOf(criterion: string): string; onProgress?(done: number, total: number): void },
): Promise<Calibration[]> => {
  const limit = pLimit(mostAtOnce)
  let done = 0
  const judged = await Promise.all(
    ratings.map((rating) =>
      limit(async () => {
        const duel = await duelOf(rating, judge, questionOf(rating.criterion))
        done += 1
        onProgress?.(done, ratings.length)
        return { rating, duel }
      }),
    ),
  )
  const criteria = [...new Set(ratings.map(({ criterion }) => criterion))]
  return criteria.map((criterion) =>
    calibrationOf(
      criterion,
      judged.filter(({ rating }) => rating.criterion === criterion),
    ),
  )
}

/** Undefined where the judge gave no answer: it agrees with nobody then. */
const duelOf = async ({ item, request, a, b }: Labelled, judge: Llm, question: string): Promise<Duel | undefined> => {
  try {
    return await judgePair(judge, { question, context: request ?? item, a, b })
  } catch (error) {
    if (!isWhetError(error) || error.fixedBy !== 'service') throw error
    return undefined
  }
}

interface Judged {
  readonly rating: Labelled
  readonly duel: Duel | undefined
}

const calibrationOf = (criterion: string, judged: readonly Judged[]): Calibration => {
  const answered = judged.flatMap(({ rating, duel }) => (duel ? [{ rating, duel }] : []))
  const table = labels.map((human) =>
    labels.map(
      (machine) => answered.filter(({ rating, duel }) => rating.choice === human && duel.winner === machine).length,
    ),
  )
  const agreement = agreementOf(table)
  const swap = shareOf(answered.filter(({ duel }) => duel.agrees).length, answered.length)
  const decided = answered.filter(({ duel }) => (duel.agrees ? duel.winner !== 'tie' : true))
  const firstWins = shareOf(
    decided.reduce((total, { duel }) => total + duel.firstWins, 0),
    decided.length * 2,
  )
  const differing = answered.filter(
    ({ rating, duel }) => duel.winner !== 'tie' && duel.winner !== rating.choice && rating.a.length !== rating.b.length,
  )
  const longer = differing.filter(
    ({ rating, duel }) => (duel.winner === 'a') === rating.a.length > rating.b.length,
  ).length
  const longerWins = shareOf(longer, differing.length)
  const why = faultsOf(answered.length, agreement, swap)
  return {
    criterion,
    pairs: judged.length,
    failed: judged.length - answered.length,
    ...(agreement && { agreement }),
    ...(swap && { swap }),
    ...(firstWins && { firstWins }),
    ...(longerWins && { longerWins }),
    trusted: why.length === 0,
    why: why.join('; ') || 'it agrees with the labels, and with itself when the order is swapped',
  }
}

const faultsOf = (n: number, agreement: Agreement | undefined, swap: ReturnType<typeof shareOf>): string[] => [
  ...(n < needed.pairs ? [`${n} judged pairs are fewer than ${needed.pairs}`] : []),
  ...(!agreement || agreement.kappa < needed.kappa
    ? [`kappa ${agreement?.kappa.toFixed(2) ?? '–'} is under ${needed.kappa}`]
    : []),
  ...(!swap || swap.low < needed.swap
    ? [`the lower bound of its agreement with itself, ${swap?.low.toFixed(2) ?? '–'}, is under ${needed.swap}`]
    : []),
]
