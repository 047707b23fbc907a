/** Where training jobs are carried out: one contract for this machine and for a cluster. `trainerOn` drives it. */
import type { TrainJob } from '../trainer.ts'

/**
 * Carries jobs out. A job is known by its folder `out`, where job.json lies already; there is one trainer for it at a time, whoever
 * asks. It outlives the process that submitted it.
 */
export interface Executor {
  readonly name: 'local' | 'ray'
  /**
   * Begins a job, or goes on from its last checkpoint. An abort does not take back what has begun: `cancel` does.
   * @returns 'taken' where a trainer is at work on it, or was and nobody collected what it made: `adopt` finds it
   * @throws WhetError where jobs cannot be carried out here at all
   */
  submit(job: TrainJob, signal: AbortSignal): Promise<Work | 'taken'>
  /** The work on a job that somebody else submitted; undefined where it is over, or cannot be told yet. */
  adopt(job: TrainJob, signal: AbortSignal): Promise<Work | undefined>
}

/** A trainer at work on a job, from here or from afar. */
export interface Work {
  /** Whether it took the job. What refuses a job ends without. */
  readonly began: boolean
  /** Brings `out/events.jsonl` up to what the trainer has told. Steps since a checkpoint may stand there twice. */
  events(): Promise<void>
  /** How it ended; undefined while it works. */
  ended(): Promise<End | undefined>
  /** Lets the trainer finish its step and write a checkpoint, then ends it. Resolves when it has ended. */
  cancel(): Promise<void>
  /** After its end: brings what it made into `out`, `result.json` last. Does nothing where it made none, or twice. */
  collect(): Promise<void>
  /** The end of what the trainer wrote for people. */
  log(): string
}

export interface End {
  readonly exitCode: number | null // of trainers/, see `exits`; null where a signal or a lost machine ended it, or nobody knows
  readonly notStarted?: string // why there never was a trainer
}

/** How the scripts of trainers/ end. */
export const exits = { done: 0, wrong: 2, memory: 3, diverged: 4, disk: 5, locked: 75, stopped: 143 } as const
