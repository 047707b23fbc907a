/**
 * Trains on a Ray cluster. Its head runs trainers/ray_job.py, which finds a node, keeps checkpoints and takes up after a lost node; from
 * here the job is submitted, followed and fetched over HTTP, so that this process may come and go.
 */
import { randomBytes } from 'node:crypto'
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isWhetError } from '../errors.ts'
import { readJson, writeJson } from '../jsonl.ts'
import type { TrainJob } from '../trainer.ts'
import type { End, Executor, Work } from './contract.ts'
import { type RayAddress, RayApi, type RayJob } from './ray-api.ts'
import { collectResult } from './ray-collect.ts'
import { packJob } from './ray-package.ts'

export interface RayOptions extends RayAddress {
  readonly python: string // on the head, with Ray
  readonly trainerPython?: string // on the nodes, with the trainers' requirements; the actor's own unless told
  readonly cpus: number
  readonly gpus: number
  readonly nodes?: number // that share a job, each with so many CPUs and GPUs; 1 unless told
  readonly retries: number // nodes that may be lost before the job is
  readonly stopSeconds?: number // for a checkpoint; 120 unless told
  readonly scripts?: string // folder of what runs there; trainers/ unless told
  readonly patienceMs?: number // how long a cluster that does not answer is waited for while a job is at work; 5 min unless told
  onProgress?(line: string): void
}

/** out/ray.json: under which name the cluster knows the job. Written before it is told. */
interface Note {
  readonly address: string
  readonly key: string
  readonly attempt: number
}

export const rayExecutor = (options: RayOptions): Executor => {
  const api = new RayApi(options)
  return {
    name: 'ray',
    async submit(job) {
      await api.check()
      const noted = await readNote(job, options.address)
      const before = await api.job(submissionOf(noted))
      if (before && !isOver(before)) return 'taken'
      const note = before ? { ...noted, attempt: noted.attempt + 1 } : noted
      await writeJson(noteFile(job), note)
      const { key } = note
      const { cpus, gpus, nodes = 1, retries, trainerPython, scripts } = options
      const settings = { key, cpus, gpus, nodes, retries, ...(trainerPython && { trainerPython }) }
      const { name, zip } = await packJob(job, settings, scripts)
      if (!(await api.hasPackage(name))) {
        options.onProgress?.(`sending the job to the cluster: ${(zip.length / 2 ** 20).toFixed(1)} MB`)
        await api.putPackage(name, zip)
      }
      const submitted = await api.submit({
        submission_id: submissionOf(note),
        entrypoint: `exec ${quoted(options.python)} ray_job.py`,
        runtime_env: {
          working_dir: `gcs://${name}`,
          env_vars: { RAY_JOB_STOP_WAIT_TIME_S: String(options.stopSeconds ?? 120) },
        },
        metadata: { whetstone: key, kind: job.kind },
      })
      return submitted ? new RayWork(api, job, note, options) : 'taken'
    },
    async adopt(job) {
      await api.check()
      const note = await readNote(job, options.address)
      const found = await api.job(submissionOf(note))
      return found && found.status !== 'FAILED' && found.status !== 'STOPPED'
        ? new RayWork(api, job, note, options)
        : undefined
    },
  }
}

/** A job that has finished and was not collected is not over: nobody is to train it again. */
const isOver = ({ status }: RayJob) => status === 'FAILED' || status === 'STOPPED'

const submissionOf = ({ key, attempt }: Note) => `${key}-${attempt}`
const noteFile = ({ out }: TrainJob) => join(out, 'ray.json')
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

/** Two that begin the same job at once agree on one key: who is second reads the first one's. */
const readNote = async (job: TrainJob, address: string): Promise<Note> => {
  const fresh: Note = { address, key: `whetstone-${randomBytes(8).toString('hex')}`, attempt: 1 }
  const found = await readJson<Note>(noteFile(job))
  if (found?.address === address) return found
  if (found) await writeJson(noteFile(job), fresh)
  else
    await writeFile(noteFile(job), `${JSON.stringify(fresh)}\n`, { flag: 'wx' }).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
  return (await readJson<Note>(noteFile(job))) ?? fresh
}

/** How much of the end of events.jsonl is asked for: more than is told between two looks. */
const tailLines = 400

class RayWork implements Work {
  readonly began = true
  private node: string | undefined // the head, once the job runs
  private end: End | undefined
  private words = ''
  private silentSince: number | undefined
  private mended = false

  constructor(
    private readonly api: RayApi,
    private readonly job: TrainJob,
    private readonly note: Note,
    private readonly options: RayOptions,
  ) {}

  log = () => this.words

  async ended(): Promise<End | undefined> {
    if (this.end) return this.end
    const job = await this.patiently(() => this.api.job(submissionOf(this.note)))
    if (job === 'silent') return undefined
    this.node = job?.driver_node_id ?? this.node
    if (job?.status === 'PENDING' || job?.status === 'RUNNING') return undefined
    this.words = await this.api.logs(submissionOf(this.note))
    await appendFile(join(this.job.out, 'trainer.log'), this.words)
    this.end = job ? endOf(job, this.options.python) : { exitCode: null } // a cluster that was started anew knows nothing
    return this.end
  }

  async events(): Promise<void> {
    const { node } = this
    if (!node) return
    await this.patiently(async () => {
      const file = join(this.job.out, 'events.jsonl')
      const last = await this.lastLine(file)
      const name = `whetstone/${this.note.key}/events.jsonl`
      const tail = last && after(await this.read(node, name, tailLines), last)
      const whole = tail === undefined ? await this.read(node, name) : ''
      const fresh = tail ?? (last ? after(whole, last) : undefined) ?? whole
      const lines = fresh.slice(0, fresh.lastIndexOf('\n') + 1)
      if (lines) await appendFile(file, lines)
      for (const line of lines.split('\n')) this.tell(line)
    })
  }

  async cancel(): Promise<void> {
    await this.api.stop(submissionOf(this.note))
    const late = Date.now() + ((this.options.stopSeconds ?? 120) + 30) * 1000
    while ((await this.ended()) === undefined && Date.now() < late) await sleep(300)
  }

  async collect(): Promise<void> {
    if (this.node && this.end?.exitCode === 0)
      await collectResult(this.api, this.node, `whetstone/${this.note.key}`, this.job.out)
  }

  private async read(node: string, name: string, lines?: number): Promise<string> {
    const chunks: Uint8Array[] = []
    for await (const chunk of (await this.api.file(node, name, lines)) ?? []) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  /** The last whole line that is here already; a torn one, which a crash left, is taken away first. */
  private async lastLine(file: string): Promise<string | undefined> {
    const text = await readFile(file, 'utf8').catch(() => '')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (!this.mended && whole.length < text.length) await truncate(file, Buffer.byteLength(whole))
    this.mended = true
    return whole ? whole.slice(whole.lastIndexOf('\n', whole.length - 2) + 1) : undefined
  }

  /** A cluster that is not reached for a while does not end the job that works there. */
  private async patiently<T>(ask: () => Promise<T>): Promise<T | 'silent'> {
    try {
      const answer = await ask()
      this.silentSince = undefined
      return answer
    } catch (error) {
      if (isWhetError(error) && error.code !== 'ray-unreachable') throw error
      this.silentSince ??= Date.now()
      if (Date.now() - this.silentSince > (this.options.patienceMs ?? 300_000)) throw error
      this.options.onProgress?.('the cluster does not answer: waiting for it')
      return 'silent'
    }
  }

  /** What the cluster says for people. */
  private tell(line: string) {
    if (!line.includes('"cluster"')) return
    try {
      const { type, message } = JSON.parse(line)
      if (type === 'cluster' && typeof message === 'string') this.options.onProgress?.(message)
    } catch {}
  }
}

/** What follows a line in a text; undefined where the text does not hold it. */
const after = (text: string, line: string): string | undefined => {
  const at = text.lastIndexOf(line)
  return at < 0 ? undefined : text.slice(at + line.length)
}

const endOf = ({ status, driver_exit_code: code, message }: RayJob, python: string): End => {
  if (status === 'SUCCEEDED') return { exitCode: 0 }
  if (status === 'STOPPED') return { exitCode: null }
  if (code === 126 || code === 127)
    return { exitCode: code, notStarted: `the head has no ${python}: executor.ray.python names the interpreter there` }
  if (code === null || code === undefined)
    return { exitCode: null, ...(/runtime_env/i.test(message ?? '') && { notStarted: lastLineOf(message) }) }
  return { exitCode: code > 128 ? null : code }
}

const lastLineOf = (text?: string | null) => text?.trimEnd().split('\n').at(-1)?.slice(0, 300) ?? ''
