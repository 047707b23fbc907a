/** What a person is told before they say yes to a run that goes on, or to another budget. */
import { existsSync } from 'node:fs'
import type { EventData } from '../core/events.ts'
import { RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'
import type { CommandContext } from './command.ts'
import { workspaceOf } from './inputs.ts'

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

/** What the run may still take of its budget. @throws {WhetError} unknown-run */
export const resumeForecast = async (place: Place, context: CommandContext) => {
  const { runStatus } = await import('../graph/status.ts')
  const workspace = workspaceOf(place, context)
  const files = await workspace.find(place.run)
  const { status, round, spent } = await runStatus(workspace, files.name)
  const limits = spentIn(files)?.limits
  return {
    ...{ run: files.name, status, round },
    ...(limits && { minutes: Math.max(0, limits.minutes - spent.minutes) }),
    ...(limits && limits.money > 0 && { money: Math.max(0, limits.money - spent.money) }),
  }
}
