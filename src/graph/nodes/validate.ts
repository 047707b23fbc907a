import type { SpecFile } from '../../core/analyst.ts'
import type { ItemBase } from '../../core/contract.ts'
import { WhetError } from '../../core/errors.ts'
import { readJson, readJsonl, writeJson, writeJsonl } from '../../core/jsonl.ts'
import { mulberry32, sample, seedFrom } from '../../core/random.ts'
import { checkItems, type SftRow } from '../check-items.ts'
import type { Deps, Stage } from '../deps.ts'
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
  const checked = await checkItems(items, definition, deps, (done, total) =>
    deps.emit({ type: 'stage.progress', data: { done, total, what: 'items checked' } }),
  )
  const accepted = checked.filter(({ reasons }) => reasons.length === 0)
  const rejected = checked.filter(({ reasons }) => reasons.length > 0)
  await writeJsonl(
    round.rejected,
    rejected.map(({ item, reasons }) => ({ item, reasons })),
  )
  if (accepted.length < fewestRows)
    throw new WhetError({
      code: 'too-few-items',
      message: `${deps.plugin.name}: ${accepted.length} of ${items.length} items passed validation and ${fewestRows} are needed. Read the reasons in ${round.rejected}.`,
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
