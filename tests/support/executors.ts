/** Executors by a plain description, so that a test can build the same one again in another process. */
import type { Executor } from '../../src/core/executors/contract.ts'
import { localExecutor } from '../../src/core/executors/local.ts'
import { type Trainer, trainerOn } from '../../src/core/trainer.ts'

export interface ExecutorSpec {
  readonly local: { readonly argv: readonly string[] } // before job.json
}

export const executorOf = ({ local }: ExecutorSpec): Executor =>
  localExecutor({ command: () => local.argv, pollMs: 20 })

export const trainerOf = (spec: ExecutorSpec): Trainer => trainerOn(executorOf(spec), { pollMs: 20 })
