import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { OrderVerb } from '../core/events.ts'
import { type Json, RunStore } from '../core/store.ts'
import type { RunFiles } from '../core/workspace.ts'
import { type CommandContext, defineCommand, type RenderContext } from './command.ts'
import { atTheDoor } from './door.ts'
import { budgetForecast, nextRound } from './forecast.ts'
import { runField, workspaceField, workspaceOf } from './inputs.ts'
import { badPart, parsePart, requireTags } from './parts.ts'

/** A short wait answers most orders; the others are taken at the next safe point. Milliseconds. */
const shortWaitMs = 3_000
const pollMs = 100

export const orderFields = {
  run: runField,
  wait: z.boolean().default(false).describe('wait until the run has answered'),
  workspace: workspaceField,
}
const input = z.strictObject(orderFields)

export interface Ordered {
  readonly run: string
  readonly id: string
  readonly verb: OrderVerb
  readonly answer: string | null // null: not taken yet
}

export const renderOrdered = ({ run, verb, answer }: Ordered, { colors }: RenderContext): string =>
  answer === null
    ? `${verb}: in the inbox of ${run}, taken at its next safe point. ${colors.cyan(`whet watch ${run}`)} shows when.`
    : `${run}: ${answer}`

const orderCommand = (verb: OrderVerb) =>
  defineCommand<typeof input, Ordered>({
    input,
    positional: ['run'],
    run: (input, context) => give(verb, input, context),
    render: renderOrdered,
  })

export const pause = orderCommand('pause')
export const stop = orderCommand('stop')

const approveInput = z.strictObject({
  ...orderFields,
  reject: z.boolean().default(false).describe('refuse instead'),
  part: z
    .array(z.string())
    .default([])
    .describe('replace the spec of the round by these parts, as in kind=ask,decline:80 or all:40')
    .meta({ value: 'TAGS:ROWS', remote: 'text' }),
  drop: z
    .array(z.string())
    .default([])
    .describe('leave the rows of this item out of the training; may be given several times')
    .meta({ value: 'ITEM', remote: 'text' }),
  request: z.int().min(1).optional().describe('answer only this request, as `whet status --json` numbers it'),
})
export const approve = defineCommand<typeof approveInput, Ordered>({
  input: approveInput,
  positional: ['run'],
  harmless: ({ reject }) => reject,
  forecast: ({ run, workspace, part }, context) => atTheDoor(run, workspace, part, context),
  async run(input, context) {
    const { request, part, drop, reject } = input
    const parts = part.map(parsePart)
    if (reject && parts.length + drop.length > 0)
      throw badPart('--reject refuses the round: it takes no --part and no --drop')
    return give(reject ? 'reject' : 'approve', input, context, {
      ...(request !== undefined && { request }),
      ...(parts.length > 0 && { parts: parts as unknown as Json }),
      ...(drop.length > 0 && { drop }),
    })
  },
  render: renderOrdered,
})

const guideInput = z.strictObject({
  text: z.string().min(1).max(2000).describe('what the analyst should know').meta({ value: 'TEXT', remote: 'text' }),
  part: z
    .string()
    .optional()
    .describe('rows that the next spec sets aside, as in kind=ask:80; holds without an LLM too')
    .meta({ value: 'TAGS:ROWS', remote: 'text' }),
  ...orderFields,
})
export const guide = defineCommand<typeof guideInput, Ordered>({
  input: guideInput,
  positional: ['text'],
  forecast: (input, context) => nextRound(input, input.part === undefined ? undefined : parsePart(input.part), context),
  async run(input, context) {
    const part = input.part === undefined ? undefined : parsePart(input.part)
    if (part) await requireTags(await workspaceOf(input, context).find(input.run), [part])
    return give('guide', input, context, { text: input.text, ...(part && { part: part as unknown as Json }) })
  },
  render: renderOrdered,
})

const budgetInput = z.strictObject({
  ...orderFields,
  minutes: z.number().positive().max(525_600).optional().describe('wall time of the run, minutes'),
  tokens: z.int().min(0).optional().describe('tokens paid for at endpoints; 0: no limit'),
  money: z.number().min(0).optional().describe("money paid at endpoints, in the prices' currency; 0: no limit"),
  diskGb: z.number().positive().optional().describe('disk that the run may fill, GB'),
})
export const budget = defineCommand<typeof budgetInput, Ordered>({
  input: budgetInput,
  positional: ['run'],
  forecast: (input, context) => budgetForecast(input, changeOf(input), context),
  run: (input, context) => give('budget', input, context, changeOf(input)),
  render: renderOrdered,
})

/** @throws {WhetError} bad-input where nothing changes */
const changeOf = ({ minutes, tokens, money, diskGb }: z.output<typeof budgetInput>): Record<string, number> => {
  const given = Object.entries({ minutes, tokens, money, diskGb }).filter(([, value]) => value !== undefined)
  if (given.length === 0) throw badPart('say what changes: --minutes, --tokens, --money or --disk-gb')
  return Object.fromEntries(given) as Record<string, number>
}

export const undo = defineCommand<typeof input, Ordered>({
  input,
  positional: ['run'],
  run: (input, context) =>
    withRun(input.run, input.workspace, 'undo', context, (store, files) => {
      const last = store.pending().at(-1)
      // not taken yet: whoever comes first, this or the run, takes it
      const answer = last && `withdrawn by ${context.by} before it was taken`
      if (
        last &&
        answer &&
        store.take(last.id, { type: 'order.taken', run: files.name, data: { id: last.id, verb: last.verb, answer } })
      )
        return Promise.resolve({ run: files.name, id: last.id, verb: last.verb, answer })
      return order(store, files, 'undo', {}, input.wait, context)
    }),
  render: renderOrdered,
})

/** Puts an order into the inbox and waits a short while for its answer. @throws {WhetError} run-not-running */
export const give = (
  verb: OrderVerb,
  input: { run?: string; wait: boolean; workspace: string },
  context: CommandContext,
  args: Json = {},
): Promise<Ordered> =>
  withRun(input.run, input.workspace, verb, context, (store, files) =>
    order(store, files, verb, args, input.wait, context),
  )

const order = async (
  store: RunStore,
  files: RunFiles,
  verb: OrderVerb,
  args: Json,
  wait: boolean,
  context: CommandContext,
): Promise<Ordered> => {
  const { id } = store.order(verb, args, context.by)
  const until = wait ? Number.POSITIVE_INFINITY : Date.now() + shortWaitMs
  return { run: files.name, id, verb, answer: await answerTo(store, id, until, context.signal) }
}

/** The log and inbox of a run that a process works on. */
const withRun = async <T>(
  run: string | undefined,
  workspace: string,
  verb: OrderVerb,
  context: CommandContext,
  work: (store: RunStore, files: RunFiles) => Promise<T>,
): Promise<T> => {
  const files = await workspaceOf({ workspace }, context).find(run)
  if (!existsSync(files.database)) throw nobodyRuns(files, verb)
  const store = RunStore.open(files.database)
  try {
    // an order that waits for the next `whet resume` would surprise whoever types that
    if (!store.leaseHolder()?.alive) throw nobodyRuns(files, verb)
    return await work(store, files)
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
