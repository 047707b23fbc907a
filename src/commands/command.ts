import type { Colors } from 'picocolors/types.js'
import type { ZodObject, z } from 'zod'
import type { ExitCode } from '../core/errors.ts'
import type { RunEvent } from '../core/events.ts'

/** What running a command can cost: nothing, this machine's time, or money at a provider. */
export type Cost = 'free' | 'compute' | 'paid'
/** `destroy` is for what cannot be taken back; surfaces ask before it where a person did not type it. */
export type Effect = 'read' | 'write' | 'destroy'

/** What a surface (terminal, and later chat, MCP and browser) lends a command while it runs. */
export interface CommandContext {
  readonly cwd: string
  readonly by: string // who gives the order: written into the inbox
  readonly interactive: boolean // a person is there to answer `ask`
  readonly signal: AbortSignal // aborted: end now
  readonly drain: AbortSignal // aborted: end at the next safe point
  readonly onEvent: (event: RunEvent) => void // a run's event, for live progress
  readonly emit: (value: unknown) => void // one value of a stream command
  readonly note: (line: string) => void // a line for a person, never part of the answer
  readonly progress: (done: number, total: number, what: string) => void
  readonly ask: (question: string) => Promise<string | undefined> // undefined: nobody answers any more
  readonly turn: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T> // an answer of a conversation, which a person may cancel alone
}

export interface RenderContext {
  readonly colors: Colors
  readonly columns: number // width of the terminal in characters
}

/**
 * What may stand in a field where chat, MCP or the browser fill it. A text field without a kind is not theirs to set: it may name an
 * executable, a plugin or a host (`.meta({ remote: 'run' })` opens it). Numbers, switches and lists of choices are open unless `false`.
 */
export type RemoteKind =
  | 'run'
  | 'text'
  | 'long-text'
  | 'path'
  | 'new-file'
  | 'new-folder'
  | 'skill'
  | 'settings'
  | false

/** What a command is and does. It lives in the command's own module, so that `whet --help` loads none of it. */
export interface Implementation<Input extends ZodObject = ZodObject, Output = unknown> {
  readonly input: Input // every field is described; `.meta({ short, value, remote })` refines what surfaces make of it
  readonly positional?: readonly (keyof z.output<Input> & string)[]
  run(input: z.output<Input>, context: CommandContext): Promise<Output>
  render(output: Output, context: RenderContext): string
  renderPart?(value: unknown, context: RenderContext): string // of what a stream command emits
  exit?(output: Output, input: z.output<Input>): ExitCode // where an answer is bad news: done (0) by default
  harmless?(input: z.output<Input>): boolean // with this input a costly or destructive command only says what it would do
  forecast?(input: z.output<Input>, context: CommandContext): Promise<unknown> // cost and time, for whoever is asked to confirm
}

/** What the list of commands says of one without loading it. */
export interface Entry {
  readonly summary: string
  readonly example: string
  readonly cost: Cost
  readonly effect: Effect
  readonly group: 'Start' | 'Watch and steer' | 'Results' | 'Data' | 'Set-up'
  readonly stream?: boolean // `--json` prints one document a line
  readonly drains?: boolean // it owns a run: the first Ctrl-C asks it to end at the next safe point, and other surfaces give it a process of its own
  readonly whole?: boolean // a terminal shows its events on the whole screen
  readonly only?: 'terminal' // not for chat, MCP or browser; neither is what changes the set-up
  load(): Promise<Implementation>
}

/** The commands of one group by their names: one file of registry/ each. */
export type Listed = Readonly<Record<string, Omit<Entry, 'group'>>>

/** A loaded command. */
export interface Command extends Omit<Entry, 'load'>, Implementation {
  readonly name: string
}

/** Returns its argument with its types loosened: a registry holds commands of every input and output. */
export const defineCommand = <Input extends ZodObject, Output>(
  implementation: Implementation<Input, Output>,
): Implementation => implementation as unknown as Implementation
