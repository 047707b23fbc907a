/** What chat, MCP and browser share: which commands they have, and how one is carried out. */
import path from 'node:path'
import { z } from 'zod'
import { isWhetError, WhetError } from '../core/errors.ts'
import type { Workspace } from '../core/workspace.ts'
import type { Command, CommandContext, Entry } from './command.ts'
import type { Confirmations } from './confirm.ts'
import type { Launch } from './launch.ts'
import { commands, loadCommand } from './registry.ts'
import { checkRemote, remoteInput } from './remote-input.ts'
import { startProcess } from './remote-run.ts'

/** Where a surface works, and with what rights: set when it is opened, never by a request. */
export interface Host {
  readonly cwd: string // the project's folder
  readonly workspace: Workspace
  readonly launch: Launch
  readonly confirmations: Confirmations
}

export interface Call {
  readonly name: string
  readonly args: unknown
  readonly confirm?: string // the token of an earlier answer
  readonly by: string // surface, or person: written into the inbox
  readonly careful?: boolean // a model gives the order: whatever is no reading is asked first, too
  readonly signal: AbortSignal
  progress?(done: number, total: number, what: string): void
}

export type Answer =
  | { readonly kind: 'done'; readonly output: unknown; readonly notes: readonly string[] }
  | { readonly kind: 'confirm'; readonly confirm: Question }

/** Nothing was done yet: a person is to say yes to exactly this. */
export interface Question {
  readonly token: string
  readonly expiresAt: string
  readonly command: string
  readonly args: Readonly<Record<string, unknown>>
  readonly cost: Entry['cost']
  readonly effect: Entry['effect']
  readonly summary: string
  readonly forecast?: unknown
}

/** A command as these surfaces see it. */
export interface RemoteCommand extends Pick<Entry, 'summary' | 'cost' | 'effect' | 'example' | 'group'> {
  readonly name: string
  readonly confirms: boolean
  readonly positional: readonly string[]
  readonly schema: Readonly<Record<string, unknown>> // JSON Schema of its arguments
}

const isOpen = ({ only, group, effect }: Entry): boolean =>
  only !== 'terminal' && !(group === 'Set-up' && effect !== 'read')

export const costsOrDestroys = ({ cost, effect }: Pick<Entry, 'cost' | 'effect'>): boolean =>
  cost === 'paid' || effect === 'destroy'

/** All commands that chat, MCP and browser have. */
export const remoteCommands = async (): Promise<RemoteCommand[]> => {
  const found: RemoteCommand[] = []
  for (const [name, entry] of Object.entries(commands)) {
    if (!isOpen(entry)) continue
    const command = (await loadCommand(name)) as Command
    const schema = remoteInput(command)
    if (!schema) continue
    const { summary, cost, effect, example, group } = entry
    const json = z.toJSONSchema(schema, { io: 'input', override: ({ jsonSchema }) => dropOwnMeta(jsonSchema) })
    found.push({
      name,
      summary,
      cost,
      effect,
      example,
      group,
      confirms: costsOrDestroys(entry),
      positional: command.positional ?? [],
      schema: json,
    })
  }
  return found
}

const dropOwnMeta = (schema: Record<string, unknown>): void => {
  for (const key of ['remote', 'short', 'value']) delete schema[key]
}

/**
 * Carries out a command for a surface that is no terminal. One that costs or destroys is first answered with a question; its token, given
 * back with the same arguments, carries it out once.
 *
 * @throws {WhetError} unknown-command · terminal-only · bad-input · confirm-* · what the command throws
 */
export const perform = async (host: Host, call: Call): Promise<Answer> => {
  const command = await openCommand(call.name)
  const given = checkRemote(command, call.args, host.cwd)
  const input = parseInput(command, given, host)
  const notes: string[] = []
  const emitted: unknown[] = []
  const context = contextOf(host, call, notes, emitted)
  const asks = costsOrDestroys(command) || (call.careful === true && command.effect !== 'read')
  if (asks && !command.harmless?.(input)) {
    const intent = { command: call.name, args: given }
    if (call.confirm === undefined)
      return { kind: 'confirm', confirm: await ask(host, command, intent.args, input, context) }
    host.confirmations.redeem(call.confirm, intent)
  }
  if (command.drains && !command.harmless?.(input))
    return { kind: 'done', output: await startProcess(host, command, input, call.signal), notes }
  const output = await command.run(input, context)
  return { kind: 'done', output: command.stream ? { ...(output as object), said: emitted } : output, notes }
}

const openCommand = async (name: string): Promise<Command> => {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry && isOpen(entry)) return (await loadCommand(name)) as Command
  throw new WhetError({
    code: entry ? 'terminal-only' : 'unknown-command',
    message: entry
      ? `${name} is for the terminal only: it changes what is executed, or needs a person in front of it.`
      : `There is no command ${JSON.stringify(name.slice(0, 60))}.`,
    fixedBy: 'config',
    exit: 2,
    data: { command: name.slice(0, 60) },
  })
}

const parseInput = (command: Command, given: Record<string, unknown>, { workspace }: Host): Record<string, unknown> => {
  const place = 'workspace' in command.input.shape ? { workspace: workspace.root } : {}
  return command.input.parse({ ...given, ...place })
}

const contextOf = (host: Host, call: Call, notes: string[], emitted: unknown[]): CommandContext => ({
  cwd: host.cwd,
  by: call.by,
  interactive: false,
  signal: call.signal,
  drain: call.signal,
  onEvent: () => {},
  emit: (value) => emitted.push(value),
  note: (line) => notes.push(line),
  progress: (done, total, what) => call.progress?.(done, total, what),
  ask: async () => undefined,
  turn: (work) => work(call.signal),
})

const ask = async (
  host: Host,
  command: Command,
  args: Record<string, unknown>,
  input: Record<string, unknown>,
  context: CommandContext,
): Promise<Question> => {
  const { name, cost, effect, summary } = command
  // an input that cannot work is told now, not after a person has said yes
  const forecast = await command.forecast?.(input, context)
  return {
    ...host.confirmations.issue({ command: name, args }),
    command: name,
    args,
    cost,
    effect,
    summary,
    ...(forecast !== undefined && { forecast }),
  }
}

/** An error as every surface tells it. Paths of this machine are shortened to the project's. */
export const errorAnswer = (thrown: unknown, host: Pick<Host, 'cwd'>) => {
  const error = isWhetError(thrown)
    ? thrown
    : new WhetError({
        code: 'unexpected',
        message: `${thrown instanceof Error ? thrown.message : String(thrown)}. This is a fault of Whetstone or of a plugin.`,
        fixedBy: 'machine',
      })
  const { code, message, fixedBy } = error
  return { error: { code, message: message.replaceAll(`${path.resolve(host.cwd)}${path.sep}`, ''), fixedBy } }
}
