import type { SpecFile } from '../core/analyst.ts'
import { readJson } from '../core/jsonl.ts'
import type { CommandContext } from './command.ts'
import type { DiffLine } from './forecast-text.ts'
import { workspaceOf } from './inputs.ts'
import { parsePart, partText, requireTags } from './parts.ts'

/** What an approval lets happen: for whoever is asked to confirm it. */
export interface AtTheDoor {
  readonly run: string
  readonly waiting: string | null // null: nothing waits, and the approval would open nothing
  readonly request?: number
  readonly rows: number // of the round's spec, as it would be approved
  readonly spec: readonly DiffLine[] // how an edited spec differs from the round's own
  readonly minutes?: number // about, until the round is judged
  readonly money?: number | null // of that; null: models may cost, and nothing was paid yet to go by
}
export const atTheDoor = async (
  run: string | undefined,
  workspace: string,
  texts: readonly string[],
  context: CommandContext,
): Promise<AtTheDoor> => {
  const [{ runStatus }, { forecastRound }] = await Promise.all([
    import('../graph/status.ts'),
    import('../graph/plan.ts'),
  ])
  const place = workspaceOf({ workspace }, context)
  const { waiting, request, round, run: name } = await runStatus(place, run)
  const files = await place.find(name)
  const parts = texts.map(parsePart)
  if (parts.length > 0) await requireTags(files, parts)
  const door = doorOf(waiting)
  const written = await readJson<SpecFile>(files.round(door?.round ?? round).spec)
  const before = (written?.spec.parts ?? []).map(partText)
  const after = texts.length > 0 ? parts.map(partText) : before
  const rows = after.reduce((sum, part) => sum + Number(part.split(':').at(-1)), 0)
  return {
    run: name,
    waiting: waiting ?? null,
    ...(request !== undefined && { request }),
    rows,
    spec: specDiff(before, after),
    ...(door && (await forecastRound(place, files, { ...door, rows }))),
  }
}

/** `generate of round 3`: the stage that has begun last is of the round before. */
const doorOf = (waiting: string | undefined): { from: string; round: number } | undefined => {
  const [, from, round] = /^(\w+) of round (\d+)/.exec(waiting ?? '') ?? []
  return from === undefined ? undefined : { from, round: Number(round) }
}

/** Parts that stay, go and come. */
export const specDiff = (before: readonly string[], after: readonly string[]): DiffLine[] => [
  ...before.map((part) => ({ change: after.includes(part) ? ('same' as const) : ('removed' as const), part })),
  ...after.filter((part) => !before.includes(part)).map((part) => ({ change: 'added' as const, part })),
]
