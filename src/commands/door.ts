import type { SpecFile } from '../core/analyst.ts'
import { readJson } from '../core/jsonl.ts'
import type { CommandContext } from './command.ts'
import { workspaceOf } from './inputs.ts'
import { parsePart, partText, requireTags } from './parts.ts'

/** What an approval lets happen: for whoever is asked to confirm it. */
export interface AtTheDoor {
  readonly run: string
  readonly waiting: string | null // null: nothing waits, and the approval would open nothing
  readonly request?: number
  readonly rows: number // of the round's spec, as it would be approved
  readonly spec: readonly SpecLine[] // how an edited spec differs from the round's own
}
export interface SpecLine {
  readonly change: 'same' | 'added' | 'removed'
  readonly part: string
}

export const atTheDoor = async (
  run: string | undefined,
  workspace: string,
  texts: readonly string[],
  context: CommandContext,
): Promise<AtTheDoor> => {
  const { runStatus } = await import('../graph/status.ts')
  const place = workspaceOf({ workspace }, context)
  const { waiting, request, round, run: name } = await runStatus(place, run)
  const files = await place.find(name)
  const parts = texts.map(parsePart)
  if (parts.length > 0) await requireTags(files, parts)
  const written = await readJson<SpecFile>(files.round(waitingRound(waiting) ?? round).spec)
  const before = (written?.spec.parts ?? []).map(partText)
  const after = texts.length > 0 ? parts.map(partText) : before
  return {
    run: name,
    waiting: waiting ?? null,
    ...(request !== undefined && { request }),
    rows: after.reduce((sum, part) => sum + Number(part.split(':').at(-1)), 0),
    spec: specDiff(before, after),
  }
}

/** `generate of round 3`: the stage that has begun last is of the round before. */
const waitingRound = (waiting: string | undefined): number | undefined => {
  const round = /of round (\d+)/.exec(waiting ?? '')?.[1]
  return round === undefined ? undefined : Number(round)
}

/** Parts that stay, go and come. */
export const specDiff = (before: readonly string[], after: readonly string[]): SpecLine[] => [
  ...before.map((part) => ({ change: after.includes(part) ? ('same' as const) : ('removed' as const), part })),
  ...after.filter((part) => !before.includes(part)).map((part) => ({ change: 'added' as const, part })),
]
