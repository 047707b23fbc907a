/** What a person is told before they say yes to a run that goes on, or to another budget. */
import { existsSync } from 'node:fs'
import type { SpecPart } from '../core/contract.ts'
import type { EventData } from '../core/events.ts'
import { RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'
import type { CommandContext } from './command.ts'
import { workspaceOf } from './inputs.ts'
import { partText, requireTags } from './parts.ts'

type Limits = EventData<'budget.spent'>['limits']

interface Place {
  readonly run?: string | undefined
  readonly workspace: string
}

/** The budget as the run's log last told it; undefined before its first stage has ended. */
const spentIn = (files: RunFiles): EventData<'budget.spent'> | undefined => {
  if (!existsSync(files.database)) return undefined
  const store = RunStore.open(files.database, { readonly: true })
  try {
    const last = store.events({ types: ['budget.spent'] }).at(-1)
    return last?.type === 'budget.spent' ? last.data : undefined
  } finally {
    store.close()
  }
}

/** How each limit changes. @throws {WhetError} unknown-run */
export const budgetForecast = async (place: Place, change: Partial<Limits>, context: CommandContext) => {
  const files = await workspaceOf(place, context).find(place.run)
  const before = spentIn(files)?.limits
  const budget = Object.entries(change).map(([limit, after]) => ({
    limit,
    before: before?.[limit as keyof Limits] ?? null, // null: not told yet
    after,
  }))
  return { run: files.name, budget }
}

/** What rows that a person sets aside change of the next spec, and what a round with them takes. @throws {WhetError} unknown-run · bad-input */
export const nextRound = async (place: Place, part: SpecPart | undefined, context: CommandContext) => {
  const [{ runStatus }, { forecastRound }] = await Promise.all([
    import('../graph/status.ts'),
    import('../graph/plan.ts'),
  ])
  const workspace = workspaceOf(place, context)
  const files = await workspace.find(place.run)
  const parts = part ? [part] : []
  if (part) await requireTags(files, parts)
  const { round } = await runStatus(workspace, files.name)
  return {
    run: files.name,
    rows: part?.rows ?? 0,
    spec: parts.map((each) => ({ change: 'added' as const, part: partText(each) })),
    ...(await forecastRound(workspace, files, { round: round + 1, from: 'generate' })),
  }
}

/** What the run may still take of its budget. @throws {WhetError} unknown-run */
export const resumeForecast = async (place: Place, context: CommandContext) => {
  const { runStatus } = await import('../graph/status.ts')
  const workspace = workspaceOf(place, context)
  const files = await workspace.find(place.run)
  const { status, round, spent } = await runStatus(workspace, files.name)
  const limits = spentIn(files)?.limits
  return {
    ...{ run: files.name, status, round },
    ...(limits && { minutesLeft: Math.max(0, limits.minutes - spent.minutes) }),
    ...(limits && limits.money > 0 && { moneyLeft: Math.max(0, limits.money - spent.money) }),
  }
}
