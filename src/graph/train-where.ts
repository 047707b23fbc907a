import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../core/config.ts'
import type { Executor } from '../core/executors/contract.ts'
import { localExecutor } from '../core/executors/local.ts'
import { rayExecutor } from '../core/executors/ray.ts'
import { readJson, writeJson } from '../core/jsonl.ts'
import { trainersDir } from '../core/python.ts'
import { type Trainer, type TrainJob, trainerOn } from '../core/trainer.ts'

interface Means {
  readonly python: (signal: AbortSignal) => Promise<string>
  onProgress(what: string): void
  onProcess?(pid: number): void
}

type Where = Config['executor']

/** The cluster is asked once a second, so that a step is told within two. */
const rayPollMs = 1000

/**
 * Trains where the config says. A job that has begun elsewhere stays there until it has ended, so a run that moves from one machine to
 * another never trains one round twice.
 */
export const trainerWhere = (executor: Where, means: Means): Trainer => ({
  run: async (job, options) => {
    const where = await placeOf(job, executor)
    const trainer = where === 'local' ? trainerOn(local(means)) : trainerOn(ray(where, means), { pollMs: rayPollMs })
    return trainer.run(job, options)
  },
})

/** Stands in the job's folder from before its beginning. */
const placeOf = async (job: TrainJob, executor: Where): Promise<Where> => {
  const file = path.join(job.out, 'executor.json')
  const known = await readJson<Where>(file)
  if (known) return known
  if (!existsSync(path.join(job.out, 'job.json'))) await writeJson(file, executor)
  return executor
}

const local = ({ python, onProcess }: Means): Executor =>
  localExecutor({
    command: async (kind, signal) => [await python(signal), path.join(trainersDir, `${kind}.py`)],
    ...(onProcess && { onProcess }),
  })

const ray = (where: Exclude<Where, 'local'>, { onProgress }: Means): Executor =>
  rayExecutor({ ...where.ray, onProgress })
