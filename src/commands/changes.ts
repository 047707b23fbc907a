import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { EventType, RunEvent } from '../core/events.ts'
import { RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'

const pollMs = 150

/** What comes often and only says how far a stage is, or what it takes. */
export const progressTypes: ReadonlySet<EventType> = new Set([
  'train.step',
  'eval.progress',
  'stage.progress',
  'machine.sampled',
  'budget.spent',
])

/**
 * The events after a number; where there are none, the next ones within the time.
 * @param options.most  at most so many events are read at a time
 * @throws {WhetError} cursor-ahead where the log is not that long, run-gone where the run was deleted
 */
export const changesOf = async (
  files: RunFiles,
  options: {
    since: number
    most: number
    waitMs: number
    signal: AbortSignal
    quiet?: boolean
    onProgress?: (event: RunEvent) => void
  },
): Promise<{ events: RunEvent[]; cursor: number }> => {
  const until = Date.now() + options.waitMs
  let cursor = options.since
  for (;;) {
    const read = readEvents(files, cursor, options.most)
    const events = options.quiet ? read.filter(({ type }) => !progressTypes.has(type)) : read
    const last = read.at(-1)
    cursor = last?.seq ?? cursor
    if (last && events.length === 0) options.onProgress?.(last)
    if (events.length > 0 || Date.now() >= until || options.signal.aborted) return { events, cursor }
    if (read.length === 0)
      await sleep(Math.min(pollMs, until - Date.now()), undefined, { signal: options.signal }).catch(() => {})
  }
}

/** The first events that fit into so many characters of JSON, but one at least: their last number is the cursor for the others. */
export const fitting = (events: readonly RunEvent[], most: number): RunEvent[] => {
  let left = most
  const end = events.findIndex((event, at) => {
    left -= JSON.stringify(event, undefined, 1).length
    return at > 0 && left < 0
  })
  return events.slice(0, end < 0 ? events.length : end)
}

/** Reads a page of a run's log. @throws {WhetError} cursor-ahead · run-gone */
export const readEvents = (files: RunFiles, since: number, most: number): RunEvent[] => {
  if (!existsSync(files.database)) throw gone(files.name)
  const store = RunStore.open(files.database, { readonly: true })
  try {
    const events = store.events({ since, limit: most })
    if (events.length === 0) requirePast(since, store.lastSeq())
    return events
  } finally {
    store.close()
  }
}

/** @throws {WhetError} cursor-ahead */
export const requirePast = (since: number, last: number): void => {
  if (since <= last) return
  throw new WhetError({
    code: 'cursor-ahead',
    message: `The log of this run has ${last} events, so there is nothing after ${since} yet: this cursor is of another run. Start again from 0.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { since, last },
  })
}

/** @throws nothing; the error of a run that is not there any more */
export const gone = (run: string) =>
  new WhetError({
    code: 'run-gone',
    message: `${run} is not there any more: its folder was deleted, or it has not begun. The command \`runs\` lists the runs there are.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { run },
  })
