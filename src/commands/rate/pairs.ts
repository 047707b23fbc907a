import type { AssistantTurn } from '../../core/contract.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { readJsonl } from '../../core/jsonl.ts'
import { textOf as replyText } from '../../core/pair-lint.ts'
import { mulberry32, seedFrom, shuffle } from '../../core/random.ts'
import type { BlindPair } from '../../core/rating.ts'
import { requestIn, saidIn } from '../../core/spoken.ts'
import type { RunFiles } from '../../core/workspace.ts'
import type { SftRow } from '../../graph/check-items.ts'
import { bestRound } from '../../graph/status.ts'
import { roundText } from '../report/text.ts'

export type RateSplit = 'dev' | 'train'

interface Reply {
  readonly item: string
  readonly request: string
  readonly text: string
}

/**
 * Blind pairs of a run, in an order that belongs to the rater. `dev`: the base against the best student. `train`: what students
 * answered to fresh training items in practice against the gold, the only pairs that may become rows. Gate and sealed are never shown.
 */
export const pairsOf = async (files: RunFiles, split: RateSplit, rater: string): Promise<BlindPair[]> => {
  const pairs = split === 'dev' ? await devPairs(files) : await practicePairs(files)
  const random = mulberry32(seedFrom('rate', files.name, rater))
  return shuffle(random, pairs).map((pair) => (random() < 0.5 ? pair : swapped(pair)))
}

const swapped = ({ a, b, from, ...pair }: BlindPair): BlindPair => ({
  ...pair,
  a: b,
  b: a,
  from: { a: from.b, b: from.a },
})

const devPairs = async (files: RunFiles): Promise<BlindPair[]> => {
  const best = await bestRound(files)
  if (best === 0) return []
  const repliesOf = async (round: number) =>
    replies((await readJsonl<EvaluationRow>(files.round(round).evaluation('dev'))).rows)
  const [base, tuned] = [await repliesOf(0), await repliesOf(best)]
  return paired(base, tuned, { a: roundText(0), b: roundText(best) })
}

const practicePairs = async (files: RunFiles): Promise<BlindPair[]> => {
  const pairs: BlindPair[] = []
  for (let round = 1; round <= 99; round += 1) {
    const { rows } = await readJsonl<EvaluationRow>(files.round(round).practice)
    if (rows.length === 0) continue
    const golds = (await readJsonl<SftRow>(files.round(round).accepted)).rows.map(goldReply)
    pairs.push(...paired(golds, replies(rows), { a: 'gold', b: `practice of ${roundText(round)}` }))
  }
  return pairs
}

/** Pairs of replies to one item; two that say the same are no question. */
const paired = (some: readonly Reply[], others: readonly Reply[], from: BlindPair['from']): BlindPair[] => {
  const byItem = new Map(others.map((reply) => [reply.item, reply]))
  return some.flatMap(({ item, request, text }) => {
    const other = byItem.get(item)
    return other && other.text.trim() !== text.trim() ? [{ item, request, a: text, b: other.text, from }] : []
  })
}

const replies = (rows: readonly EvaluationRow[]): Reply[] =>
  rows
    .filter((row) => !row.error)
    .map(({ item, transcript }) => ({ item: item.id, request: requestIn(transcript), text: saidIn(transcript) }))

const goldReply = ({ id, prompt, completion: [turn] }: SftRow): Reply => ({
  item: id.slice(0, id.lastIndexOf('#')),
  request: requestIn(prompt),
  text: replyText(turn as AssistantTurn).trim(),
})
