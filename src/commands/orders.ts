import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { OrderVerb } from '../core/events.ts'
import { RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'
import { type CommandContext, defineCommand, type RenderContext } from './command.ts'
import { runField, workspaceField, workspaceOf } from './inputs.ts'

/** A short wait answers most orders; the others are taken at the next safe point. Milliseconds. */
const shortWaitMs = 3_000
const pollMs = 100

const shape = {
  run: runField,
  wait: z.boolean().default(false).describe('wait until the run has answered'),
  workspace: workspaceField,
}
const input = z.strictObject(shape)

interface Ordered {
  readonly run: string
  readonly id: string
  readonly verb: OrderVerb
  readonly answer: string | null // null: not taken yet
}

const render = ({ run, verb, answer }: Ordered, { colors }: RenderContext): string =>
  answer === null
    ? `${verb}: in the inbox of ${run}, taken at its next safe point. ${colors.cyan(`whet watch ${run}`)} shows when.`
    : `${run}: ${answer}`

const orderCommand = (verb: OrderVerb) =>
  defineCommand<typeof input, Ordered>({
    input,
    positional: ['run'],
    run: (input, context) => give(verb, input, context),
    render,
  })

export const pause = orderCommand('pause')
export const stop = orderCommand('stop')

const approveInput = z.strictObject({ ...shape, reject: z.boolean().default(false).describe('refuse instead') })
export const approve = defineCommand<typeof approveInput, Ordered>({
  input: approveInput,
  positional: ['run'],
  run: (input, context) => give(input.reject ? 'reject' : 'approve', input, context),
  render,
})

const give = async (
  verb: OrderVerb,
  input: { run?: string; wait: boolean; workspace: string },
  context: CommandContext,
): Promise<Ordered> => {
  const files = await workspaceOf(input, context).find(input.run)
  if (!existsSync(files.database)) throw nobodyRuns(files, verb)
  const store = RunStore.open(files.database)
  try {
    // an order that waits for the next `whet resume` would surprise whoever types that
    if (!store.leaseHolder()?.alive) throw nobodyRuns(files, verb)
    const { id } = store.order(verb, {}, context.by)
    const until = input.wait ? Number.POSITIVE_INFINITY : Date.now() + shortWaitMs
    return { run: files.name, id, verb, answer: await answerTo(store, id, until, context.signal) }
  } finally {
    store.close()
  }
}

const answerTo = async (store: RunStore, id: string, until: number, signal: AbortSignal): Promise<string | null> => {
  for (;;) {
    for (const event of store.events({ types: ['order.taken'] }))
      if (event.type === 'order.taken' && event.data.id === id) return event.data.answer
    if (Date.now() >= until || signal.aborted || !store.leaseHolder()?.alive) return null
    await sleep(pollMs, undefined, { signal }).catch(() => {})
  }
}

const nobodyRuns = ({ name }: RunFiles, verb: OrderVerb) =>
  new WhetError({
    code: 'run-not-running',
    message: `No process works on ${name}, so there is nothing to ${verb}. \`whet status ${name}\` shows where it stands, \`whet resume ${name}\` goes on with it.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { run: name },
  })
