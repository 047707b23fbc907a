import type { Config } from '../core/config.ts'
import type { RoleName } from '../core/config-roles.ts'
import type { AnySkill } from '../core/contract.ts'
import type { NewEvent } from '../core/events.ts'
import type { RoleModel } from '../core/llm/gateway.ts'
import type { ExportKind } from '../core/models.ts'
import type { Student } from '../core/student.ts'
import type { Trainer } from '../core/trainer.ts'
import type { RunFiles } from '../core/workspace.ts'
import type { Door, Guidance } from './orders.ts'
import type { State, Update } from './state.ts'

/** A served student. One serves all evaluations of a round; `close` always runs. */
export interface OpenStudent {
  readonly student: Student
  close(): Promise<void>
}

/** Where students come from: llama.cpp for real, a script in tests, a URL for evaluation only. */
export interface Students {
  /** The base model's folder and hash, prepared on first use. */
  base(signal: AbortSignal): Promise<{ dir: string; sha256: string }>
  /** Serves the base (`adapter` null) or a tuned student. `model` is where its weights for serving may be kept. */
  open(
    of: { adapter: string | null; model: string; contextPerSlot?: number }, // tokens; the server's own number where left out
    signal: AbortSignal,
  ): Promise<OpenStudent>
}

/** Writes students for the world outside and holds their forms against each other: Python and llama.cpp for real, a script in tests. */
export interface Publisher {
  /** Writes one form of a student. @param of.baseName what the adapter calls its base */
  write(of: { adapter: string; as: ExportKind; out: string; baseName: string }, signal: AbortSignal): Promise<void>
  /** The tokens of conversations in training, in a merged folder and in a server of each GGUF file. @throws WhetError gguf-unusable */
  compareTokens(
    of: { rows: string; merged: string; ggufs: Readonly<Record<string, string>>; out: string },
    signal: AbortSignal,
  ): Promise<TokenParity>
  /** Serves weights exactly, with transformers: the merged folder, or the base under an adapter. */
  exact(of: { merged: string } | { adapter: string }, signal: AbortSignal): Promise<OpenStudent>
  /** Uploads a folder to a hub. @returns its address. @throws WhetError hub-token-missing, hub-refused, hub-unreachable */
  push(of: { folder: string; repository: string; private: boolean }, signal: AbortSignal): Promise<string>
}

/** What parity.py found; conversations with the same tokens everywhere have no difference. */
export interface TokenParity {
  readonly rows: number
  readonly tokens: number
  readonly trained: number // of them, the assistant's: all that the loss is on
  readonly differences: readonly { readonly where: string; readonly row: string; readonly what: string }[]
  /** By GGUF file: requests whose right answer begins with a call, and replies in which llama.cpp's own reader found one. */
  readonly calls: Readonly<Record<string, { readonly asked: number; readonly called: number }>>
}

type WithoutRun<E> = E extends unknown ? Omit<E, 'run'> : never
/** An event as the loop tells it; the session adds the run, a stage its name and round. */
export type ToldEvent = WithoutRun<NewEvent>

/** All that a stage may touch. The graph binds it; a stage is a plain function of state and these. */
export interface Deps {
  readonly config: Config
  readonly plugin: AnySkill
  readonly files: RunFiles
  readonly trainer: Trainer
  readonly students: Students
  readonly baseDir: string // the config's folder: its relative paths start here
  readonly scratch: string // a folder for environments, emptied when the process ends
  readonly signal: AbortSignal // aborted by Ctrl-C, by a `pause` or `stop` order and by a lost lease
  emit(event: ToldEvent): void
  /** The model of a role, its calls in the books of this stage; undefined where the config sets no such role. */
  llm(role: RoleName): RoleModel | undefined
  /** Minutes that this run has worked so far, over all its processes. */
  minutes(): number
  /** Wall time of the stages of a round that have finished so far, in seconds by stage. */
  stageSeconds(round: number): Readonly<Record<string, number>>
  /** The answer of a person who was asked for approval. The door says what may be changed before it is opened. */
  decision(door: Omit<Door, 'request'>): Promise<{ readonly verb: string; readonly by: string; readonly args: unknown }>
  /** What people told the analyst: words, and rows that they want in the next spec. */
  guidance(): readonly Guidance[]
  now(): Date
}

export type Stage = (state: State, deps: Deps) => Promise<Update>
