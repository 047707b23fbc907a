import pLimit from 'p-limit'
import type { Llm } from '../contract.ts'
import { isWhetError } from '../errors.ts'
import type { EvaluationRow } from '../evaluation.ts'
import { requestIn, saidIn } from '../spoken.ts'
import { familyWilson } from '../stats.ts'
import { type Duel, judgePair } from './ask.ts'

/** `round-NN/duels.json`: a candidate's dev replies against the base's, by a judge that was shown both orders. */
export interface Duels {
  readonly judge: string // model
  readonly question: string
  readonly wins: number // the candidate's, in both orders
  readonly losses: number
  readonly ties: number // the judge said so, or changed its mind with the order
  readonly alike: number // both said the same: nothing to ask
  readonly failed: number // the judge gave no answer
  readonly agrees: number // pairs of which both orders said the same
  readonly rate?: number // wins and half of the ties, of all that were decided or tied
  readonly low?: number // 95 %, by family
  readonly high?: number
}

const mostAtOnce = 16

/** @throws WhetError where the config is at fault or the budget is spent; a judge that gives no answer is counted */
export const duelsOf = async (
  base: readonly EvaluationRow[],
  candidate: readonly EvaluationRow[],
  { judge, model, question }: { readonly judge: Llm; readonly model: string; readonly question: string },
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Duels> => {
  const before = new Map(base.filter(({ error }) => !error).map((row) => [row.item.id, row]))
  const pairs = candidate.flatMap((row) => {
    const other = before.get(row.item.id)
    return other && !row.error ? [{ family: row.item.family, request: requestIn(row.transcript), a: saidIn(other.transcript), b: saidIn(row.transcript) }] : [] // biome-ignore format: one pair
  })
  const limit = pLimit(mostAtOnce)
  let done = 0
  const fought = await Promise.all(
    pairs.map(({ family, request, a, b }) =>
      limit(async () => {
        const duel: Fought['duel'] =
          a.trim() === b.trim() ? 'alike' : await duelOf({ question, context: request, a, b }, judge)
        onProgress(++done, pairs.length)
        return { family, duel }
      }),
    ),
  )
  return { judge: model, question, ...countsOf(fought) }
}

/** Undefined where the judge gave no answer. */
const duelOf = async (pair: Parameters<typeof judgePair>[1], judge: Llm): Promise<Duel | undefined> => {
  try {
    return await judgePair(judge, pair)
  } catch (error) {
    if (!isWhetError(error) || error.fixedBy !== 'service') throw error
    return undefined
  }
}

interface Fought {
  readonly family: string
  readonly duel: Duel | 'alike' | undefined // undefined: the judge gave no answer
}

const countsOf = (fought: readonly Fought[]) => {
  const answered = fought.flatMap(({ family, duel }) => (duel && duel !== 'alike' ? [{ family, ...duel }] : []))
  const count = (winner: Duel['winner']) => answered.filter((duel) => duel.winner === winner).length
  const families = new Map<string, { passes: number; n: number }>()
  for (const { family, winner } of answered) {
    const { passes, n } = families.get(family) ?? { passes: 0, n: 0 }
    families.set(family, { passes: passes + (winner === 'b' ? 1 : winner === 'tie' ? 0.5 : 0), n: n + 1 })
  }
  const points = count('b') + count('tie') / 2
  return {
    wins: count('b'),
    losses: count('a'),
    ties: count('tie'),
    alike: fought.filter(({ duel }) => duel === 'alike').length,
    failed: fought.filter(({ duel }) => duel === undefined).length,
    agrees: answered.filter(({ agrees }) => agrees).length,
    ...(answered.length > 0 && { rate: points / answered.length, ...familyWilson([...families.values()]) }),
  }
}
