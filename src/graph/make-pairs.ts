/** Good and bad replies to the same request: what judgement is learned from. */
import type { SpecFile } from '../core/analyst.ts'
import { anchorsOf, evenedOut, isSameCall, namedIn } from '../core/anchors.ts'
import type { AssistantTurn, ItemBase } from '../core/contract.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import { readJson } from '../core/jsonl.ts'
import type { Pair } from '../core/pairs.ts'
import { seedFrom } from '../core/random.ts'
import { firstWrongTurn } from './blame.ts'
import type { SftRow } from './check-items.ts'
import type { Deps } from './deps.ts'
import type { Frozen } from './nodes/define.ts'
import { scratchPool } from './scratch.ts'

/**
 * What the student got wrong against the gold of the same request, with its opposites; named mistakes fill the set up.
 * @param rows the student's practice answers
 * @param fresh the round's training items that were accepted
 * @param golds of each item, by its id
 */
export const pairsOf = async (
  rows: readonly EvaluationRow[],
  fresh: readonly ItemBase[],
  golds: ReadonlyMap<string, SftRow>,
  { definition }: Frozen,
  round: number,
  deps: Deps,
): Promise<Pair[]> => {
  const wrong: Pair[] = []
  const failed = new Set<string>()
  const pool = scratchPool(deps.scratch, 1)
  const isWanted = (pair: Pair) => deps.config.train.kto.pairs === 'all' || !isSameCall(pair)
  for (const row of rows) {
    const gold = golds.get(row.item.id)
    if (!gold || row.error || !hasFlaw(row)) continue
    failed.add(row.item.id)
    if (!isReadable(row, deps.plugin.format)) continue
    const found = await pool.use((scratch) => firstWrongTurn(row, definition, { ...deps, scratch }))
    const pair = found && { id: row.item.id, tools: gold.tools, source: 'student', ...found }
    if (pair && isWanted(pair)) wrong.push(pair)
  }
  const most = Math.ceil(deps.config.train.kto.rows / 2)
  const others = fresh.filter(({ id }) => !failed.has(id))
  const spec = await readJson<SpecFile>(deps.files.round(round).spec)
  const named = await namedMistakes(others.slice(0, choice * most), spec, golds, definition, deps)
  const groups = named.map((group) => group.filter(isWanted))
  const { own, opposites } = evenedOut(wrong, groups, Math.ceil(most * ownAndOpposite))
  const had = [...own, ...opposites]
  const nearest = spec?.lever === 'harder'
  const fails = new Map(deps.plugin.mistakes.map((mistake) => [mistake.name, mistake.fails]))
  const failsOf = (source: string) => fails.get(source) ?? source
  return [...had, ...anchorsOf(groups, { wanted: Math.max(0, most - had.length), had, nearest, failsOf })]
}

/** Of the pairs: what the student got wrong and its opposites. The rest are named mistakes, each about as often as any other. */
const ownAndOpposite = 2 / 3

/** Items to choose from for each pair of a set: few of them ask or decline, and each direction needs its share. */
const choice = 4

/**
 * Named mistakes on requests that the student got right and on further fresh ones: the student need not answer those. Where the
 * analyst named mistakes for the tags of a request, these are taken.
 * @returns the pairs of each item
 */
const namedMistakes = async (
  items: readonly ItemBase[],
  spec: SpecFile | undefined,
  golds: ReadonlyMap<string, SftRow>,
  definition: unknown,
  deps: Deps,
): Promise<(readonly Pair[])[]> => {
  const groups: (readonly Pair[])[] = []
  for (const item of items) {
    deps.signal.throwIfAborted()
    const gold = golds.get(item.id)
    if (gold) groups.push(namedIn(spec?.spec.parts ?? [], item, await mistakesOf(item, gold, definition, deps)))
  }
  return groups
}

/**
 * What fails a criterion, and a single reply that one warns of: nearly right is what judgement learns most from. Of a longer episode
 * that is nearly right nobody could say which turn made it so.
 */
export const hasFlaw = ({ grade, transcript }: EvaluationRow): boolean => {
  const has = (status: string) => Object.values(grade.criteria).some((verdict) => verdict.status === status)
  return has('fail') || (has('warn') && transcript.filter(({ role }) => role === 'assistant').length === 1)
}

/** A plausible mistake fails something else than the format. */
const isReadable = ({ grade }: EvaluationRow, format: string) => grade.criteria[format]?.status === 'pass'

/** The plugin's mistakes that can be made on this item and that fail what they name, each against the gold's turn there. */
const mistakesOf = async (item: ItemBase, gold: SftRow, definition: unknown, deps: Deps): Promise<Pair[]> => {
  const { plugin, signal, config } = deps
  const transcript = [...gold.prompt, ...gold.completion]
  const made: Pair[] = []
  for (const { name, fails, apply } of plugin.mistakes) {
    if (fails === plugin.format) continue // the form is learned already: judgement is what is left
    const mistake = apply(item, transcript, definition, seedFrom(config.seed, name, item.id))
    const good = mistake && transcript[mistake.at]
    if (!mistake || good?.role !== 'assistant') continue
    const prompt = transcript.slice(0, mistake.at)
    const grade = await plugin.grade(item, [...prompt, mistake.turn], definition, { signal })
    if (grade.criteria[fails]?.status === 'fail')
      made.push({
        id: item.id,
        prompt,
        tools: gold.tools,
        good: good as AssistantTurn,
        bad: mistake.turn,
        source: name,
      })
  }
  return made
}
