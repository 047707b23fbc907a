/** What travels to a cluster with a job: one zip, known by the hash of what is in it. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import JSZip from 'jszip'
import { exitCodes, WhetError } from '../errors.ts'
import { readJson } from '../jsonl.ts'
import { trainersDir } from '../python-run.ts'
import type { TrainJob } from '../trainer.ts'

/** Larger bases are prepared on the node, under the same name and hash. */
const travellingBase = 32 << 20 // bytes
/** A dashboard takes requests of 100 MiB. */
const largest = 96 << 20

/** cluster.json: what ray_job.py is told besides the job. */
export interface ClusterSettings {
  readonly key: string // of the job, whatever the attempt
  readonly cpus: number
  readonly gpus: number
  readonly nodes: number // that share the job, each with so many CPUs and GPUs
  readonly retries: number // nodes that may be lost
  readonly trainerPython?: string
}

/** @throws WhetError ray-too-large, base-unprepared (both config) */
export const packJob = async (
  job: TrainJob,
  settings: ClusterSettings,
  scripts = trainersDir,
): Promise<{ name: string; zip: Buffer }> => {
  const files = new Map<string, Buffer | string>()
  for (const name of await readdir(scripts))
    if (/\.(py|jinja)$/.test(name)) files.set(name, await readFile(join(scripts, name)))
  files.set('rows.jsonl', await readFile(job.rows))
  if (job.adapter) await addFolder(files, job.adapter, 'adapter')
  const base = await readJson<{ base: string; sha256: string; bytes: number }>(join(job.base, 'prepared.json'))
  if (!base) throw unprepared(job.base)
  if (base.bytes <= travellingBase) await addFolder(files, job.base, 'base')
  const { kind, seed, params, device } = job
  const sent = {
    kind,
    base: 'base',
    rows: 'rows.jsonl',
    out: 'out',
    ...(job.adapter && { adapter: 'adapter' }),
    seed,
    params,
    device,
  }
  files.set('job.json', JSON.stringify(sent))
  files.set('cluster.json', JSON.stringify({ ...settings, base: { name: base.base, sha256: base.sha256 } }))
  return zipped(files)
}

const addFolder = async (files: Map<string, Buffer | string>, folder: string, as: string) => {
  for (const entry of await readdir(folder, { recursive: true })) {
    const path = join(folder, entry)
    if ((await stat(path)).isFile()) files.set(`${as}/${entry.replaceAll('\\', '/')}`, await readFile(path))
  }
}

const zipped = async (files: ReadonlyMap<string, Buffer | string>) => {
  const archive = new JSZip()
  const hash = createHash('sha256')
  let bytes = 0
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    archive.file(path, content)
    hash.update(`${path}\0${content.length}\0`).update(content)
    bytes += content.length
  }
  const zip =
    bytes > 4 * largest ? undefined : await archive.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE' })
  if (!zip || zip.length > largest) throw tooLarge(zip?.length ?? bytes)
  return { name: `_ray_pkg_${hash.digest('hex').slice(0, 32)}.zip`, zip }
}

const tooLarge = (bytes: number) =>
  new WhetError({
    code: 'ray-too-large',
    message: `The rows and the adapter of this job are ${Math.round(bytes / 2 ** 20)} MB, and a Ray cluster takes ${largest / 2 ** 20} MB with a job. Train an adapter (\`train.sft.method: lora\`) or fewer rows, or use \`executor: local\`.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
  })

const unprepared = (folder: string) =>
  new WhetError({
    code: 'base-unprepared',
    message: `${folder} is no prepared base model: it has no prepared.json. Delete that folder; the next run prepares it anew.`,
    fixedBy: 'machine',
  })
