import type { Config } from '../core/config.ts'
import type { RoleName } from '../core/config-schema.ts'
import type { AnySkill } from '../core/contract.ts'
import type { NewEvent } from '../core/events.ts'
import type { RoleModel } from '../core/llm/gateway.ts'
import type { Student } from '../core/student.ts'
import type { Trainer } from '../core/trainer.ts'
import type { RunFiles } from '../core/workspace.ts'
import type { Changes, Guidance } from './orders.ts'
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
  /** The answer of a person who was asked for approval. `check` says why what the person changed cannot be used. */
  decision(
    check: (changes: Changes) => string | undefined,
  ): Promise<{ readonly verb: string; readonly by: string; readonly args: unknown }>
  /** What people told the analyst: words, and rows that they want in the next spec. */
  guidance(): readonly Guidance[]
  now(): Date
}

export type Stage = (state: State, deps: Deps) => Promise<Update>
