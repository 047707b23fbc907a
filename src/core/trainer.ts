/** Training jobs: started once, outliving this process, adopted by the next one, never run twice. */
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { canonical } from './canonical.ts'
import { exitCodes, WhetError } from './errors.ts'
import { readJson, writeJson } from './jsonl.ts'
import { isRunning } from './process-identity.ts'
import { diskFull, errorLine, tailOf } from './python-run.ts'
import {
  type Child,
  endTrainer,
  type Identity,
  lockHolder,
  logTail,
  runningHolder,
  startTrainer,
} from './trainer-process.ts'
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

export interface LocalTrainerOptions {
  command(kind: TrainJob['kind']): readonly string[] // argv before job.json
  readonly pollMs?: number // 200 unless told
  readonly stopMs?: number // wait for a checkpoint before the trainer is killed; 120 s unless told
}

/** Starts that may follow an end without a result. */
const mostRestarts = 2

/** Trains on this machine, in a detached process that holds `out/lock` while it lives. */
export const localTrainer = (options: LocalTrainerOptions): Trainer => ({
  async run(job, run) {
    run.signal.throwIfAborted()
    const tail = new TrainTail(join(job.out, 'events.jsonl'), run.onEvent)
    const finished = await finishedJob(job, tail)
    if (finished) return finished
    await writeJob(job)
    const argv = [...options.command(job.kind), join(job.out, 'job.json')]
    return new Watch(job, run, tail, argv, options).untilDone()
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
  private child!: Child // the copy that this process started last
  private adopted: Identity | undefined // a trainer that was at work already
  private told = false
  private ends = 0 // ends without a result
  private abortedAt: number | undefined

  constructor(
    private readonly job: TrainJob,
    private readonly run: TrainOptions,
    private readonly tail: TrainTail,
    private readonly argv: readonly string[],
    private readonly options: LocalTrainerOptions,
  ) {}

  async untilDone(): Promise<TrainResult> {
    this.start()
    for (;;) {
      const ended = this.hasEnded() // before the result is looked for: what ends afterwards is seen the next time
      await this.tail.read()
      const result = await this.result()
      if (result) return result
      if (this.mayStop()) return this.stop()
      if (ended) await this.again()
      else if (this.ownsLock()) this.tell(false)
      await sleep(this.options.pollMs ?? 200)
    }
  }

  private start() {
    this.adopted = undefined
    this.tail.rewind() // a trainer that goes on from a checkpoint tells some steps again
    this.child = startTrainer(this.argv, this.job.out)
  }

  private ownsLock = () => this.child.pid !== undefined && lockHolder(this.job.out) === this.child.pid

  private hasEnded = () =>
    this.adopted ? !isRunning(this.adopted.pid, this.adopted.started) : this.child.end !== undefined

  private async result(): Promise<TrainResult | undefined> {
    const result = await readJson<TrainResult>(resultFile(this.job))
    if (!result) return undefined
    this.tell(!this.ownsLock())
    await this.tail.read()
    return result
  }

  /** After an end without a result: adopt whoever holds the lock, start again, or give up. */
  private async again() {
    if (!this.adopted && this.child.end!.exitCode === exits.locked) {
      this.adopted = runningHolder(this.job.out)
      if (this.adopted) return this.tell(true)
    } else {
      const error = this.adopted ? undefined : fatal(this.child, this.job.out)
      if (error) throw error
      this.ends++
      if (this.ends > mostRestarts) throw failed(this.job.out, this.ends)
    }
    this.start() // the new copy gets the lock, or finds out that another one has it
  }

  private tell(adopted: boolean) {
    if (!this.told) this.run.onStart?.({ adopted })
    this.told = true
  }

  /** Not before it is clear which process trains: stopping only the copy that asks would leave the trainer at work. */
  private mayStop(): boolean {
    if (!this.run.signal.aborted) return false
    this.abortedAt ??= Date.now()
    const clear = this.adopted !== undefined || this.child.end !== undefined || this.ownsLock()
    return clear || Date.now() - this.abortedAt > 15_000
  }

  /** The trainer finishes its step and writes a checkpoint; a result that it finished meanwhile counts. */
  private async stop(): Promise<TrainResult> {
    const lockedOut = this.child.end?.exitCode === exits.locked
    const own = this.child.end === undefined ? this.child.pid : undefined
    const pid = this.adopted?.pid ?? (lockedOut ? runningHolder(this.job.out)?.pid : own)
    if (pid !== undefined) await endTrainer(pid, this.options.stopMs ?? 120_000)
    await this.tail.read()
    const result = await this.result()
    if (result) return result
    throw this.run.signal.reason
  }
}

const exits = { done: 0, wrong: 2, memory: 3, diverged: 4, disk: 5, locked: 75 } as const

/** Ends that a restart would only repeat. */
const fatal = ({ end }: Child, out: string): WhetError | undefined => {
  const log = logTail(out)
  const said = errorLine(log)
  const make = (code: string, message: string, fixedBy: 'config' | 'machine', exit?: 2 | 3) =>
    new WhetError({ code, message, fixedBy, exit, data: { out, reason: said?.code, stderrTail: tailOf(log) } })
  if (end!.spawnError)
    return make(
      'trainer-not-started',
      `The trainer cannot be started (${end!.spawnError}). Run \`whet doctor --repair\`.`,
      'machine',
      3,
    )
  switch (end!.exitCode) {
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
      return failed(out, 1)
    default:
      return undefined
  }
}

const failed = (out: string, times: number) =>
  new WhetError({
    code: 'trainer-failed',
    message: `The trainer ended ${times === 1 ? 'once' : `${times} times`} without a result. Read ${join(out, 'trainer.log')}; the adapter of the round before is untouched.`,
    fixedBy: 'machine',
    data: { out, stderrTail: tailOf(logTail(out)) },
  })
