/** Executors by a plain description, so that a test can build the same one again in another process. */
import type { Executor } from '../../src/core/executors/contract.ts'
import { localExecutor } from '../../src/core/executors/local.ts'
import { type RayOptions, rayExecutor } from '../../src/core/executors/ray.ts'
import { type Trainer, trainerOn } from '../../src/core/trainer.ts'

export type ExecutorSpec =
  | { readonly local: { readonly argv: readonly string[] } } // before job.json
  | { readonly ray: Omit<RayOptions, 'onProgress'> }

export const executorOf = (spec: ExecutorSpec): Executor =>
  'local' in spec ? localExecutor({ command: () => spec.local.argv, pollMs: 20 }) : rayExecutor(spec.ray)

export const trainerOf = (spec: ExecutorSpec): Trainer =>
  trainerOn(executorOf(spec), { pollMs: 'local' in spec ? 20 : 100 })
