import type { AssistantTurn } from '../../core/contract.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import { readJsonl } from '../../core/jsonl.ts'
import { textOf } from '../../core/pair-lint.ts'
import { fewestPairs, interleave, type Pair, type PreferenceRow } from '../../core/pairs.ts'
import type { Rating } from '../../core/rating.ts'
import type { RunFiles } from '../../core/workspace.ts'
import type { SftRow } from '../../graph/check-items.ts'

/** Rounds are numbered from 1; a run has far fewer. */
const mostRounds = 99

/**
 * Rated pairs as KTO rows: the preferred reply is good, the other one bad, each with its calls as they were made. Only items of the
 * train split, which are those that a round has accepted, and replies of one turn; ties say nothing. Fewer pairs than can be
 * kept apart give no rows.
 */
export const preferencesOf = async (files: RunFiles, ratings: readonly Rating[]): Promise<PreferenceRow[]> => {
  const { rows, turns } = await trainReplies(files)
  const pairs = ratings.flatMap(({ item, a, b, choice, rater }): Pair[] => {
    const row = rows.get(item)
    const [good, bad] = (choice === 'a' ? [a, b] : [b, a]).map((text) => turns.get(keyOf(item, text)))
    if (!row || !good || !bad || choice === 'tie') return []
    return [{ id: item, prompt: row.prompt, tools: row.tools, good, bad, source: `rated by ${rater}` }]
  })
  return pairs.length < fewestPairs ? [] : interleave(pairs)
}

const keyOf = (item: string, text: string) => JSON.stringify([item, text])
const itemOf = (id: string) => id.slice(0, id.lastIndexOf('#'))

/** The rows of every accepted train item, and every single-turn reply to it by its words. */
const trainReplies = async (files: RunFiles) => {
  const rows = new Map<string, SftRow>()
  const turns = new Map<string, AssistantTurn>()
  for (let round = 1; round <= mostRounds; round += 1) {
    for (const row of (await readJsonl<SftRow>(files.round(round).accepted)).rows) {
      rows.set(itemOf(row.id), row)
      const [turn] = row.completion
      turns.set(keyOf(itemOf(row.id), textOf(turn).trim()), turn)
    }
    for (const { item, transcript } of (await readJsonl<EvaluationRow>(files.round(round).practice)).rows) {
      const [turn] = transcript.flatMap((message) => (message.role === 'assistant' ? [message] : []))
      if (turn) turns.set(keyOf(item.id, textOf(turn).trim()), turn)
    }
  }
  return { rows, turns }
}
