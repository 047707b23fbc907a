/** Training jobs: started once, outliving this process, adopted by the next one, never run twice. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { canonical } from './canonical.ts'
import { exitCodes, WhetError } from './errors.ts'
import { type End, type Executor, exits, type Work } from './executors/contract.ts'
import { readJson, writeJson } from './jsonl.ts'
import { diskFull, errorLine, tailOf } from './python-run.ts'
import { TrainTail } from './trainer-tail.ts'

/** job.json: paths are absolute, or relative to `out`. */
export interface TrainJob {
  readonly kind: 'sft' | 'kto' | 'dpo' | 'grpo'
  readonly base: string // folder of the prepared base model
  readonly adapter?: string // to go on from
  readonly rows: string // JSONL
  readonly out: string // the job's folder
  readonly seed: number
  readonly params: Readonly<Record<string, unknown>> // the trainer's own settings; it refuses what it does not know
  readonly device: 'auto' | 'cpu' | 'cuda'
}

/** One optimiser step, as events.jsonl tells it. */
export interface TrainEvent {
  readonly step: number // from 1
  readonly of: number
  readonly loss: number | null // nats per token; null where it is not a number
  readonly tokens: number // since the job began
  readonly tokensPerSecond: number
  readonly etaSeconds: number
  /** Model FLOPs utilisation, 0 to 1: a lower bound, since embedding, output head and attention are not counted. */
  readonly mfu?: number
  readonly peakMemoryGb?: number // the most that the first process has held, of the GPU where it trains there
}

/** A step did not fit into memory: the job began anew with parameters that compute less at once and learn the same. */
export interface Smaller {
  readonly before: Readonly<Record<string, number>>
  readonly after: Readonly<Record<string, number>>
}

export interface TrainResult {
  readonly adapter: string
  readonly steps: number
  readonly tokens: number
  readonly seconds: number // of the process that finished
  readonly finalLoss: number // nats per token, mean of the last 10 steps
  readonly versions: Readonly<Record<string, string>>
}

export interface TrainOptions {
  readonly signal: AbortSignal
  /** Every step once and in order, from the first one on also when the job is adopted or already done. */
  onEvent(event: TrainEvent): void
  /** Once, when it is clear whether a trainer was started or a running one found. Not called where the job was done. */
  onStart?(start: { adopted: boolean }): void
  /** Each time that memory did not suffice, once. */
  onSmaller?(change: Smaller): void
}

export interface Trainer {
  /**
   * Runs a job to its end. Called again with the same job it adopts the running trainer, goes on from its checkpoint, or
   * returns its result. An abort stops the trainer with a checkpoint and throws what the signal was aborted with.
   * @throws WhetError trainer-job-wrong, train-job-differs (config), trainer-out-of-memory, trainer-diverged,
   *   trainer-failed, trainer-not-started (exit 3), disk-full; data.stderrTail has its last lines
   */
  run(job: TrainJob, options: TrainOptions): Promise<TrainResult>
}

/** Starts that may follow an end without a result. */
const mostRestarts = 2

/** @param options.pollMs  between two looks at a job at work; 200 unless told */
export const trainerOn = (executor: Executor, { pollMs = 200 }: { readonly pollMs?: number } = {}): Trainer => ({
  async run(job, run) {
    run.signal.throwIfAborted()
    const tail = new TrainTail(join(job.out, 'events.jsonl'), run.onEvent, run.onSmaller)
    const finished = await finishedJob(job, tail)
    if (finished) return finished
    await writeJob(job)
    return new Watch(executor, job, run, tail, pollMs).untilDone()
  },
})

const resultFile = (job: TrainJob) => join(job.out, 'result.json')

const finishedJob = async (job: TrainJob, tail: TrainTail): Promise<TrainResult | undefined> => {
  const result = await readJson<TrainResult>(resultFile(job))
  if (!result) return undefined
  const before = await sameJob(job)
  await tail.read()
  const adapter = before ? join(job.out, relative(before.out, result.adapter)) : result.adapter // the workspace may have moved
  return { ...result, adapter }
}

const writeJob = async (job: TrainJob): Promise<void> => {
  await mkdir(job.out, { recursive: true })
  if (!(await sameJob(job))) await writeJson(join(job.out, 'job.json'), job)
}

/** This very job as it was written before, if it was. A moved workspace keeps its jobs: paths are compared from `out`. */
const sameJob = async (job: TrainJob): Promise<TrainJob | undefined> => {
  const before = await readJson<TrainJob>(join(job.out, 'job.json'))
  if (before === undefined) return undefined
  const shape = ({ kind, base, adapter, rows, out, seed, params, device }: TrainJob) =>
    canonical([kind, seed, params, device, ...[base, rows, adapter ?? ''].map((path) => path && relative(out, path))])
  if (shape(before) === shape(job)) return before
  throw new WhetError({
    code: 'train-job-differs',
    message: `${job.out} holds another training job. Its settings must not change on the way: delete that folder to train anew.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { out: job.out },
  })
}

/** Looks after one job from its start or adoption to its result. */
class Watch {
  private told = false

  constructor(
    private readonly executor: Executor,
    private readonly job: TrainJob,
    private readonly run: TrainOptions,
    private readonly tail: TrainTail,
    private readonly pollMs: number,
  ) {}

  async untilDone(): Promise<TrainResult> {
    for (let ends = 0; ; ) {
      const work = await this.begin()
      const end = work && (await this.follow(work))
      const result = await this.result()
      if (result) return result
      this.run.signal.throwIfAborted()
      if (!end) continue
      const error = fatal(end, work.log(), this.job.out)
      if (error) throw error
      ends++
      if (ends > mostRestarts) throw failed(this.job.out, ends, work.log())
    }
  }

  /** Begins the job, or finds who is at work on it; undefined where that one has finished meanwhile, or was told to stop. */
  private async begin(): Promise<Work | undefined> {
    const { executor, job, run } = this
    for (;;) {
      this.tail.rewind() // a trainer that goes on from a checkpoint tells some steps again
      const own = await executor.submit(job, run.signal)
      if (own !== 'taken') {
        if (own.began) this.tell(false)
        return own
      }
      const other = await executor.adopt(job, run.signal)
      if (other) {
        this.tell(true)
        return other
      }
      if (run.signal.aborted || existsSync(resultFile(job))) return undefined
      await sleep(this.pollMs)
    }
  }

  /** To its end, or to its result where that comes first. An abort lets it write a checkpoint. */
  private async follow(work: Work): Promise<End | undefined> {
    for (let cancelled = false; ; ) {
      const end = await work.ended() // before its events are read: what it tells at its end is not missed
      await work.events()
      await this.tail.read()
      if (end) await work.collect()
      if (end || existsSync(resultFile(this.job))) return end
      if (this.run.signal.aborted && !cancelled) {
        cancelled = true
        await work.cancel()
      } else await sleep(this.pollMs)
    }
  }

  private async result(): Promise<TrainResult | undefined> {
    const result = await readJson<TrainResult>(resultFile(this.job))
    if (!result) return undefined
    this.tell(true)
    await this.tail.read()
    return result
  }

  private tell(adopted: boolean) {
    if (!this.told) this.run.onStart?.({ adopted })
    this.told = true
  }
}

/** Ends that a restart would only repeat. */
const fatal = (end: End, log: string, out: string): WhetError | undefined => {
  const said = errorLine(log)
  const make = (code: string, message: string, fixedBy: 'config' | 'machine', exit?: 2 | 3) =>
    new WhetError({ code, message, fixedBy, exit, data: { out, reason: said?.code, stderrTail: tailOf(log) } })
  if (end.notStarted)
    return make(
      'trainer-not-started',
      `The trainer cannot be started (${end.notStarted}). Run \`whet doctor --repair\`.`,
      'machine',
      3,
    )
  switch (end.exitCode) {
    case exits.wrong:
      return make('trainer-job-wrong', `The trainer refuses the job: ${said?.message ?? 'see its log'}`, 'config', 2)
    case exits.memory:
      return make(
        'trainer-out-of-memory',
        said?.message ?? 'The trainer ran out of memory. Lower train.sft in the config.',
        'machine',
      )
    case exits.diverged:
      return make(
        'trainer-diverged',
        said?.message ?? 'The loss stopped being a number. Lower the learning rate.',
        'config',
      )
    case exits.disk:
      return diskFull('training', { out, stderrTail: tailOf(log) })
    case exits.done:
      return failed(out, 1, log)
    default:
      return undefined
  }
}

const failed = (out: string, times: number, log: string) =>
  new WhetError({
    code: 'trainer-failed',
    message: `The trainer ended ${times === 1 ? 'once' : `${times} times`} without a result. Read ${join(out, 'trainer.log')}; the adapter of the round before is untouched.`,
    fixedBy: 'machine',
    data: { out, stderrTail: tailOf(log) },
  })
