/** A person's review of a round's rows before they are trained. */
import { readJson, readJsonl, writeJson, writeJsonl } from '../core/jsonl.ts'
import type { PreferenceRow } from '../core/pairs.ts'
import type { Paired } from '../core/round.ts'
import type { Deps } from './deps.ts'
import type { ValidateCounts } from './nodes/validate.ts'
import { fewestRows } from './nodes/validate.ts'
import type { State } from './state.ts'

interface Row {
  readonly id: string // item#turn, or item#good and item#bad
}

export const itemOfRow = ({ id }: Row): string => id.slice(0, Math.max(0, id.lastIndexOf('#')))

const rowsFile = ({ round, teaches }: State, { files }: Pick<Deps, 'files'>) =>
  teaches === 'kto' ? files.round(round).kto : files.round(round).sft

/** The items whose rows are to be trained, with how many rows each has. */
export const itemsToTrain = async (state: State, deps: Pick<Deps, 'files'>): Promise<Map<string, number>> => {
  const found = new Map<string, number>()
  for (const row of (await readJsonl<Row>(rowsFile(state, deps))).rows)
    found.set(itemOfRow(row), (found.get(itemOfRow(row)) ?? 0) + 1)
  return found
}

/** Why these items cannot be left out; undefined where they can. */
export const problemOfDrop = (drop: readonly string[], items: ReadonlyMap<string, number>): string | undefined => {
  const unknown = drop.find((item) => !items.has(item))
  if (unknown !== undefined) return `no row of this round is made of ${JSON.stringify(unknown.slice(0, 100))}`
  const left = [...items].reduce((sum, [item, rows]) => (drop.includes(item) ? sum : sum + rows), 0)
  return left < fewestRows ? `${left} rows would be left, and ${fewestRows} are needed` : undefined
}

/** Leaves the rows of these items out: of this training, and of what later rounds replay. The counts follow. */
export const dropRows = async (
  state: State,
  drop: readonly string[],
  deps: Pick<Deps, 'files' | 'emit'>,
  by: string,
): Promise<void> => {
  const round = deps.files.round(state.round)
  const gone = new Set(drop)
  const keep = async (file: string): Promise<number> => {
    const { rows } = await readJsonl<Row>(file)
    const kept = rows.filter((row) => !gone.has(itemOfRow(row)))
    if (kept.length < rows.length) await writeJsonl(file, kept)
    return kept.length
  }
  const accepted = await keep(round.accepted)
  const trained = await keep(round.sft)
  const counts = await readJson<ValidateCounts>(round.validated)
  if (counts) await writeJson(round.validated, { ...counts, accepted, trained } satisfies ValidateCounts)
  const paired = state.teaches === 'kto' ? await readJson<Paired>(round.paired) : undefined
  const preferences = paired ? await keep(round.kto) : 0
  if (paired) {
    const { rows } = await readJsonl<PreferenceRow>(round.kto)
    const pairs = rows.filter(({ label }) => !label).length
    await writeJson(round.paired, { ...paired, pairs, held: preferences - 2 * pairs } satisfies Paired)
  }
  deps.emit({
    type: 'rows.reviewed',
    round: state.round,
    data: { by, items: drop.length, left: paired ? preferences : trained },
  })
}
