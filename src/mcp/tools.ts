/** The registry's commands as tools, and `wait_for_change`. */
import { type CallToolResult, type Tool, ToolSchema } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { changesOf, fitting } from '../commands/changes.ts'
import {
  type Answer,
  costsOrDestroys,
  errorAnswer,
  type Host,
  perform,
  type Question,
  remoteCommands,
} from '../commands/remote.ts'
import type { RunEvent } from '../core/events.ts'
import { runStatus } from '../graph/status.ts'

/** Longest answer of a tool, characters of JSON: an assistant's context is small. */
const longestAnswer = 80_000
const mostEvents = 100

/** What a client lends a tool call. */
export interface ToolCall {
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly by: string
  readonly signal: AbortSignal
  progress(done: number, total: number | undefined, message: string): void
  /** Asks the person in front of the client; undefined where the client cannot. */
  readonly askPerson?: (question: Question) => Promise<boolean>
}

const confirmField = {
  type: 'string',
  description:
    'the token of the question that this tool answers first; give it only once the person has agreed to exactly these arguments',
} as const

const waitInput = z.strictObject({
  run: z.string().max(100).optional().describe('a run, as `runs` names it; the latest one by default'),
  since: z.int().min(0).default(0).describe('cursor of the last answer; 0 begins with the first event'),
  max_seconds: z.number().min(0).max(50).default(25).describe('how long to wait for the first new event'),
  progress: z.boolean().default(false).describe('tell every step of a stage, too'),
})

const waitTool: Tool = {
  name: 'wait_for_change',
  title: 'wait for the next events of a run',
  description:
    'Waits until something happens in a run and answers with its new events and a cursor for the next call. Call it again with that cursor; an answer without events means that nothing happened yet.',
  inputSchema: z.toJSONSchema(waitInput, { io: 'input' }) as Tool['inputSchema'],
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
}

/** `data validate` -> `data_validate`. */
export const toolName = (command: string): string => command.replaceAll(/[^a-zA-Z0-9]+/g, '_')

export const listTools = async (): Promise<Tool[]> => {
  const commands = await remoteCommands()
  return [
    waitTool,
    ...commands.map(({ name, summary, cost, effect, example, confirms, schema }) =>
      ToolSchema.parse({
        name: toolName(name),
        title: summary,
        description: `${summary}. ${costs[cost]}${confirms ? ' Answers with a question and a confirm token first; nothing is done before the token comes back.' : ''} At the terminal: ${example}`,
        inputSchema: confirms ? withToken(schema) : schema,
        annotations: {
          readOnlyHint: effect === 'read',
          destructiveHint: effect === 'destroy' || costsOrDestroys({ cost, effect }),
          idempotentHint: effect === 'read',
          openWorldHint: cost === 'paid',
        },
      }),
    ),
  ]
}

const costs = {
  free: '',
  compute: "Takes this machine's time.",
  paid: "Takes this machine's time for long, and money where the config names paid endpoints.",
}

const withToken = (schema: Readonly<Record<string, unknown>>) => ({
  ...schema,
  properties: { ...(schema.properties as object), confirm_token: confirmField },
})

/** Carries a call out. What goes wrong is an answer with `isError`, as the protocol has it; it never throws. */
export const callTool = async (host: Host, call: ToolCall): Promise<CallToolResult> => {
  try {
    if (call.name === waitTool.name) return result(await wait(host, call))
    const command = (await remoteCommands()).find(({ name }) => toolName(name) === call.name)
    const { confirm_token, ...args } = call.args
    const request = {
      name: command?.name ?? call.name,
      args,
      by: call.by,
      signal: call.signal,
      progress: (done: number, total: number, what: string) => call.progress(done, total > 0 ? total : undefined, what),
    }
    const confirm = typeof confirm_token === 'string' ? { confirm: confirm_token } : {}
    const answer = await perform(host, { ...request, ...confirm })
    if (answer.kind === 'done') return result(outputOf(answer))
    if (!call.askPerson) return result(questionOf(answer.confirm))
    if (!(await call.askPerson(answer.confirm)))
      return result({ declined: true, message: 'The person said no: nothing was done.' })
    const confirmed = await perform(host, { ...request, confirm: answer.confirm.token })
    return result(outputOf(confirmed))
  } catch (error) {
    return { ...result(errorAnswer(error, host)), isError: true }
  }
}

const outputOf = (answer: Answer): unknown => (answer.kind === 'done' ? answer.output : questionOf(answer.confirm))

const questionOf = (question: Question) => ({
  confirm: question,
  message: `Nothing was done yet. Show the person what this does and costs; once they agree, call ${toolName(question.command)} again with the same arguments and confirm_token "${question.token}". It opens this command once, with exactly these arguments.`,
})

const wait = async (host: Host, { args, signal, progress }: ToolCall) => {
  const { run, since, max_seconds, progress: every } = waitInput.parse(args)
  const files = await host.workspace.find(run)
  const changes = await changesOf(files, {
    since,
    most: mostEvents,
    waitMs: max_seconds * 1000,
    signal,
    quiet: !every,
    onProgress: (event) => progress(event.seq, undefined, progressLine(event)),
  })
  const events = fitting(changes.events, longestAnswer / 2) // beside what else is said
  const cursor = events.length < changes.events.length ? events.at(-1)!.seq : changes.cursor
  const { status, waiting, request, round, stage, best } = await runStatus(host.workspace, files.name)
  return {
    run: files.name,
    cursor,
    events,
    status,
    round,
    best,
    ...(stage && { stage }),
    ...(waiting && { waiting, request, hint: 'approve lets it go on; show_spec shows what it is about' }),
  }
}

const progressLine = ({ type, stage, round, data }: RunEvent): string => {
  const place = `round ${round ?? 0}, ${stage ?? ''}`
  if (type === 'train.step')
    return `${place}: step ${data.step} of ${data.of}, loss ${data.loss?.toFixed(3) ?? 'not finite'}`
  if (type === 'eval.progress') return `${place}: ${data.done} of ${data.total} ${data.split} items`
  return type === 'stage.progress' ? `${place}: ${data.what}` : place
}

/** The answer as JSON text, and as an object for clients that read it. What is too long is cut, and says so. */
const result = (value: unknown): CallToolResult => {
  const text = JSON.stringify(value, undefined, 1) ?? 'null'
  if (text.length <= longestAnswer)
    return {
      content: [{ type: 'text', text }],
      ...(value !== null &&
        typeof value === 'object' &&
        !Array.isArray(value) && { structuredContent: value as Record<string, unknown> }),
    }
  const cut = `${text.slice(0, longestAnswer)}\n… cut: the answer has ${text.length} characters and at most ${longestAnswer} are given. Ask for less (limit, offset, one round), or read the resource.`
  return { content: [{ type: 'text', text: cut }] }
}
