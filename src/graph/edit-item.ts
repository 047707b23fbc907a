/** A person changes an item before its round is trained: its skill validates it again, and what is trained says who it was. */
import type { ItemBase } from '../core/contract.ts'
import { readJson, readJsonl, writeJson, writeJsonl } from '../core/jsonl.ts'
import type { Order } from '../core/store.ts'
import type { RoundFiles } from '../core/workspace.ts'
import { checkItems, type SftRow } from './check-items.ts'
import { textOf } from './collect.ts'
import type { Deps } from './deps.ts'
import { problemOf } from './edit-spec.ts'
import { changesOf, type Improvement } from './improve.ts'
import { readFrozen } from './nodes/define.ts'
import { evaluationTexts, type ValidateCounts } from './nodes/validate.ts'
import type { ItemEdit, Reaction } from './orders.ts'
import { itemOfRow } from './review.ts'
import type { State } from './state.ts'

/** A line of `round-NN/edited.jsonl`: what a person changed in an item, and when. */
export interface EditedItem {
  readonly id: string
  readonly by: string
  readonly at: string // ISO 8601, UTC
  readonly changed: Improvement['changed']
}

type EditDeps = Pick<Deps, 'plugin' | 'config' | 'files' | 'signal' | 'scratch' | 'now'>

/** What a run answers to an edit. An item that was rejected is trained, too, once it passes. */
export const editItem = async ({ id, by, args }: Order, state: State, deps: EditDeps): Promise<Reaction> => {
  const { item: name, fields } = args as unknown as ItemEdit
  const round = deps.files.round(state.round)
  if (state.teaches !== 'sft')
    return refused('this round learns from replies to its items as they were: an item can only be left out')
  const before = (await readJsonl<ItemBase>(round.items)).rows.find((item) => item.id === name)
  if (!before) return refused(await whyNoItem(name, round))
  const after = withFields(before, fields)
  const changed = changesOf(before, after)
  if (changed.length === 0) return refused(`${quoted(name)} is as it was`)
  const { definition } = await readFrozen(deps.files, deps.plugin)
  const problem = shapeProblem(after, changed, definition, deps)
  if (problem) return refused(problem)
  const [checked] = await checkItems([after], definition, deps)
  const { rows, reasons } = checked!
  if (reasons.length > 0) return refused(reasons.join('; '))
  if ((await evaluationTexts(definition, deps)).find(textOf(after, definition, deps.plugin)))
    return refused('it is too near to an evaluation item, and those are never trained on')
  deps.signal.throwIfAborted()
  // what says that a person was here is there before what they made is trained
  const edits = (await readJsonl<EditedItem>(round.edited)).rows
  await writeJsonl(round.edited, [...edits, { id: name, by, at: deps.now().toISOString(), changed }])
  await replaceItem(
    after,
    rows.map((row) => ({ ...row, editedBy: by })),
    round,
  )
  const names = changed.map(({ field }) => field)
  return {
    answer: `edit: ${quoted(name)} passes validation with its new ${names.join(', ')}`,
    events: [{ type: 'item.edited', round: state.round, stage: 'train', data: { id, by, item: name, fields: names } }],
  }
}

const refused = (why: string): Reaction => ({ answer: `not edited: ${why}` })

const quoted = (name: string) => JSON.stringify(name.slice(0, 100))

const whyNoItem = async (name: string, round: RoundFiles): Promise<string> =>
  (await readJsonl<SftRow>(round.sft)).rows.some((row) => itemOfRow(row) === name)
    ? `${quoted(name)} is replayed from an earlier round, where it was trained as it is: it can only be left out`
    : `no item of this round is called ${quoted(name)}`

const withFields = (item: ItemBase, fields: ItemEdit['fields']): ItemBase => {
  const taken = new Set(Object.keys(fields).filter((name) => fields[name] === null))
  const entries = Object.entries({ ...item, ...fields }).filter(([name]) => !taken.has(name))
  return Object.fromEntries(entries) as unknown as ItemBase
}

/** Why a change makes no item of this skill; whether the item is right, its environment and grader say. */
const shapeProblem = (
  after: ItemBase,
  changed: Improvement['changed'],
  definition: unknown,
  { plugin }: EditDeps,
): string | undefined => {
  const fixed = changed.find(({ field }) => field === 'id' || field === 'family')
  if (fixed) return `${fixed.field} cannot change: counts and statistics know the item by it`
  const parsed = plugin.item.safeParse(after)
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  const kept = parsed.data as object
  const unknown = changed.find(({ field }) => Object.hasOwn(after, field) && !Object.hasOwn(kept, field))
  if (unknown) return `the items of ${plugin.name} have no field ${quoted(unknown.field)}`
  return problemOf([{ where: after.tags, rows: 1 }], plugin.dimensions(definition))
}

interface Rejected {
  readonly item: ItemBase
}

const replaceItem = async (now: ItemBase, rows: readonly SftRow[], round: RoundFiles): Promise<void> => {
  const { rows: rejected } = await readJsonl<Rejected>(round.rejected)
  const wasRejected = rejected.some(({ item }) => item.id === now.id)
  for (const file of [round.accepted, round.sft]) {
    const { rows: old } = await readJsonl<SftRow>(file)
    await writeJsonl(file, inPlace(old, now.id, rows))
  }
  const { rows: items } = await readJsonl<ItemBase>(round.items)
  await writeJsonl(
    round.items,
    items.map((item) => (item.id === now.id ? now : item)),
  )
  if (!wasRejected) return
  await writeJsonl(
    round.rejected,
    rejected.filter(({ item }) => item.id !== now.id),
  )
  const counts = await readJson<ValidateCounts>(round.validated)
  if (!counts) return
  const { accepted, trained } = counts
  const more = { accepted: accepted + rows.length, trained: trained + rows.length, rejected: counts.rejected - 1 }
  await writeJson(round.validated, { ...counts, ...more } satisfies ValidateCounts)
}

/** New rows where the item's first one stood, so that whoever reviews finds them there; at the end where it had none. */
const inPlace = (old: readonly SftRow[], item: string, rows: readonly SftRow[]): SftRow[] => {
  const at = old.findIndex((row) => itemOfRow(row) === item)
  const rest = old.filter((row) => itemOfRow(row) !== item)
  return rest.toSpliced(at < 0 ? rest.length : at, 0, ...rows)
}
