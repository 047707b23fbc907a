import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { RunStore } from '../core/store.ts'
import type { RunStatus } from '../graph/status.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { runField, workspaceField, workspaceOf } from './inputs.ts'
import { renderStatus } from './status.ts'

const pollMs = 250

const input = z.strictObject({
  run: runField,
  since: z.int().min(0).default(0).describe('only events after this number').meta({ value: 'SEQ' }),
  workspace: workspaceField,
})

/** Tells every event of a run, and waits for more for as long as a process owns it. With `--json`: an event a line. */
export const command = defineCommand<typeof input, RunStatus>({
  input,
  positional: ['run'],
  async run(input, context) {
    const workspace = workspaceOf(input, context)
    const { name, database } = await workspace.find(input.run)
    const store = RunStore.open(database, { readonly: true })
    try {
      await follow(store, input.since, context)
    } finally {
      store.close()
    }
    const { runStatus } = await import('../graph/status.ts')
    return runStatus(workspace, name)
  },
  render: (status, { colors }) => `\n${renderStatus(status, colors)}`,
})

const follow = async (store: RunStore, since: number, context: CommandContext): Promise<void> => {
  let last = since
  while (!context.signal.aborted) {
    // asked before the events are read: what an owner wrote before it left is then still told
    const owned = store.leaseHolder()?.alive ?? false
    const events = store.events({ since: last })
    for (const event of events) {
      last = event.seq
      context.onEvent(event)
      context.emit(event)
    }
    if (!owned && events.length === 0) return
    await sleep(pollMs, undefined, { signal: context.signal }).catch(() => {})
  }
}
