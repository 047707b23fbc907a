/** Trains on this machine, in a detached process that holds `out/lock` while it lives. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from '../process-identity.ts'
import type { TrainJob } from '../trainer.ts'
import { type Executor, exits, type Work } from './contract.ts'
import {
  type Child,
  endTrainer,
  type Identity,
  lockHolder,
  logTail,
  runningHolder,
  startTrainer,
} from './local-process.ts'

export interface LocalOptions {
  /** argv before job.json */
  command(kind: TrainJob['kind'], signal: AbortSignal): readonly string[] | Promise<readonly string[]>
  readonly pollMs?: number // 200 unless told
  readonly stopMs?: number // wait for a checkpoint before the trainer is killed; 120 s unless told
  /** The trainer's process, started or adopted. */
  onProcess?(pid: number): void
}

export const localExecutor = (options: LocalOptions): Executor => {
  const stopMs = options.stopMs ?? 120_000
  return {
    name: 'local',
    async submit(job, signal) {
      const argv = [...(await options.command(job.kind, signal)), join(job.out, 'job.json')]
      const child = startTrainer(argv, job.out)
      await untilClear(child, job.out, signal, options.pollMs ?? 200)
      if (child.end?.exitCode === exits.locked) return 'taken'
      if (child.pid !== undefined) options.onProcess?.(child.pid)
      return ownWork(child, job.out, stopMs)
    },
    async adopt({ out }) {
      const holder = runningHolder(out)
      if (holder) options.onProcess?.(holder.pid)
      return holder && adoptedWork(holder, out, stopMs)
    },
  }
}

/** How long an abort waits for a copy that has not said whether the job is its own: ending it could leave the trainer at work. */
const unclearMs = 15_000

/** Until the copy holds the lock or has ended. */
const untilClear = async (child: Child, out: string, signal: AbortSignal, pollMs: number) => {
  let abortedAt: number | undefined
  while (child.end === undefined && lockHolder(out) !== child.pid) {
    if (signal.aborted) abortedAt ??= Date.now()
    if (abortedAt !== undefined && Date.now() - abortedAt > unclearMs) return
    await sleep(pollMs)
  }
}

const ownWork = (child: Child, out: string, stopMs: number): Work => ({
  ...inPlace(out),
  began: child.pid !== undefined && lockHolder(out) === child.pid,
  ended: async () => child.end,
  cancel: async () => {
    if (child.pid !== undefined && child.end === undefined) await endTrainer(child.pid, stopMs)
  },
})

const adoptedWork = ({ pid, started }: Identity, out: string, stopMs: number): Work => ({
  ...inPlace(out),
  began: true,
  ended: async () => (isRunning(pid, started) ? undefined : { exitCode: null }), // only a parent is told the exit code
  cancel: () => endTrainer(pid, stopMs),
})

/** The trainer writes into the job's folder itself. */
const inPlace = (out: string) => ({ events: async () => {}, collect: async () => {}, log: () => logTail(out) })
