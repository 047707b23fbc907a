import pLimit from 'p-limit'
import type { SpecFile } from '../../core/analyst.ts'
import type { ItemBase } from '../../core/contract.ts'
import { NearDuplicates } from '../../core/dedupe.ts'
import { WhetError } from '../../core/errors.ts'
import { excerpt } from '../../core/excerpt.ts'
import { readJson, readJsonl, writeJson, writeJsonl } from '../../core/jsonl.ts'
import { mulberry32, sample, seedFrom } from '../../core/random.ts'
import { type CheckedItem, checkItems, type SftRow } from '../check-items.ts'
import { textOf } from '../collect.ts'
import type { Deps, Stage } from '../deps.ts'
import { canImprove, improve } from '../improve.ts'
import type { State } from '../state.ts'
import { readFrozen } from './define.ts'
import type { GenerateCounts } from './generate.ts'

export interface ValidateCounts {
  readonly accepted: number
  readonly rejected: number
  readonly replayed: number
  readonly trained: number
}

/** A round with fewer accepted rows than this is not worth its training time. */
export const fewestRows = 4

/** Keeps the items whose own gold passes their own grader, as rows for SFT; writes down why each other one fell. */
export const validate: Stage = async (state, deps) => {
  const round = deps.files.round(state.round)
  if (await readJson<ValidateCounts>(round.validated)) return {}
  const { definition } = await readFrozen(deps.files, deps.plugin)
  const { rows: items } = await readJsonl<ItemBase>(round.items)
  const first = await checkItems(items, definition, deps, (done, total) =>
    deps.emit({ type: 'stage.progress', data: { done, total, what: 'items checked' } }),
  )
  const checked = await improved(first, state, definition, deps)
  const accepted = checked.filter(({ reasons }) => reasons.length === 0)
  const rejected = checked.filter(({ reasons }) => reasons.length > 0)
  await writeJsonl(
    round.rejected,
    rejected.map(({ item, reasons }) => ({ item, reasons })),
  )
  if (accepted.length < fewestRows)
    throw new WhetError({
      code: 'too-few-items',
      message: `${deps.plugin.name}: ${accepted.length} of ${items.length} items passed validation and ${fewestRows} are needed.${mostOften(rejected)} All reasons are in ${round.rejected}; \`whet plugin check\` tries them one by one.`,
      fixedBy: 'plugin',
      data: { accepted: accepted.length, made: items.length, rejected: round.rejected },
    })
  const fresh = accepted.flatMap(({ rows }) => rows)
  await writeJsonl(round.accepted, fresh)
  const replayed = await replayRows(state, deps)
  await writeJsonl(round.sft, [...fresh, ...replayed])
  const counts = {
    accepted: fresh.length,
    rejected: rejected.length,
    replayed: replayed.length,
    trained: fresh.length + replayed.length,
  }
  await writeJson(round.validated, counts satisfies ValidateCounts)
  const made = (await readJson<GenerateCounts>(round.generated)) ?? { made: items.length, duplicates: 0, leaked: 0 }
  deps.emit({ type: 'item.counts', data: { ...made, accepted: accepted.length, rejected: rejected.length } })
  return {}
}

const longestReason = 300

/** The reason that most items fell by: often one fault of the skill, with its place. */
const mostOften = (rejected: readonly CheckedItem[]): string => {
  const counts = new Map<string, number>()
  for (const reason of rejected.flatMap(({ reasons }) => [...new Set(reasons)]))
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const [first] = [...counts].sort(([, a], [, b]) => b - a)
  if (!first) return ''
  const [reason, count] = first
  return ` ${count} fell by: ${excerpt(reason, longestReason).replace(/\s+/g, ' ').trim()}.`
}

/** The same with rejected items rewritten by the improver, where there is one; what it changed is written down. */
const improved = async (
  checked: readonly CheckedItem[],
  state: State,
  definition: unknown,
  deps: Deps,
): Promise<readonly CheckedItem[]> => {
  const improver = deps.llm('improver')
  const failing = checked.filter(({ reasons }) => reasons.length > 0)
  if (!improver || failing.length === 0 || !canImprove(deps.plugin)) return checked
  const round = deps.files.round(state.round)
  const oneAtATime = pLimit(1) // each check makes folders of its own, by the same names
  const nearEvaluation = await evaluationTexts(definition, deps)
  const check = (item: ItemBase) =>
    oneAtATime(async () => {
      const [again] = await checkItems([item], definition, deps)
      const leaks = nearEvaluation.find(textOf(item, definition, deps.plugin)) !== undefined
      return leaks ? { item, rows: [], reasons: ['it is too near to an evaluation item'] } : again!
    })
  let done = 0
  const results = await Promise.all(
    failing.map(async (one) => {
      const result = await improve(one, { plugin: deps.plugin, definition, improver, check })
      done += 1
      deps.emit({ type: 'stage.progress', data: { done, total: failing.length, what: 'rejected items rewritten' } })
      return result
    }),
  )
  await writeJsonl(
    round.improved,
    results.map(({ improvement }) => improvement),
  )
  const now = new Map(results.map(({ checked: after }) => [after.item.id, after]))
  const all = checked.map((one) => now.get(one.item.id) ?? one)
  // practice reads the items again: they must be those that were accepted
  await writeJsonl(
    round.items,
    all.map(({ item }) => item),
  )
  const accepted = results.filter(({ improvement }) => improvement.outcome === 'accepted').length
  deps.emit({ type: 'items.improved', data: { tried: results.length, accepted } })
  return all
}

/** What the evaluation splits ask: no row that is trained may be near to it. */
export const evaluationTexts = async (
  definition: unknown,
  { files, plugin }: Pick<Deps, 'files' | 'plugin'>,
): Promise<NearDuplicates> => {
  const texts = new NearDuplicates()
  for (const split of ['dev', 'gate', 'sealed'] as const)
    for (const item of (await readJsonl<ItemBase>(files.split(split))).rows)
      texts.add(item.id, textOf(item, definition, plugin))
  return texts
}

/** Accepted rows of earlier rounds, shown again so that what was learned stays: `replay` of the round's rows. */
const replayRows = async (state: State, deps: Deps): Promise<SftRow[]> => {
  const earlier: SftRow[] = []
  for (let n = 1; n < state.round; n += 1) earlier.push(...(await readJsonl<SftRow>(deps.files.round(n).accepted)).rows)
  const { replay } = deps.config.loop
  const spec = await readJson<SpecFile>(deps.files.round(state.round).spec)
  const asked = (spec?.spec.parts ?? []).reduce((sum, { rows }) => sum + rows, 0)
  const wanted = replay < 1 ? Math.round((asked * replay) / (1 - replay)) : 0
  return sample(
    mulberry32(seedFrom(deps.config.seed, 'replay', state.round)),
    earlier,
    Math.min(wanted, earlier.length),
  )
}
