/** Fetches what a job on a cluster has made. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { WhetError } from '../errors.ts'
import { writeJson } from '../jsonl.ts'
import type { TrainResult } from '../trainer.ts'
import type { RayApi } from './ray-api.ts'

/** files.json: path below the adapter's folder, bytes, SHA-256. */
const Files = z.array(z.tuple([z.string().regex(/^adapter\/(?!.*\.\.)[\w./-]+$/), z.int().min(0), z.string()]))

/**
 * The adapter, compared with its hashes, then result.json. Does nothing where the job made none.
 * @param folder  of the job, below the logs folder of the node
 * @throws WhetError ray-result-torn
 */
export const collectResult = async (api: RayApi, node: string, folder: string, out: string): Promise<void> => {
  const result = await readJsonFrom<TrainResult>(api, node, `${folder}/result.json`)
  if (!result) return
  const files = Files.parse(await readJsonFrom(api, node, `${folder}/files.json`))
  const arriving = join(out, '.arriving')
  await rm(arriving, { recursive: true, force: true })
  for (const [path, bytes, sha256] of files)
    await fetchFile(api, node, `${folder}/made/${path}`, join(arriving, path), { bytes, sha256 })
  const adapter = join(out, 'adapter')
  await rm(adapter, { recursive: true, force: true })
  await rename(join(arriving, 'adapter'), adapter)
  await rm(arriving, { recursive: true })
  await writeJson(join(out, 'result.json'), { ...result, adapter })
}

const fetchFile = async (
  api: RayApi,
  node: string,
  from: string,
  to: string,
  expected: { bytes: number; sha256: string },
) => {
  await mkdir(dirname(to), { recursive: true })
  const hash = createHash('sha256')
  let bytes = 0
  const body = await api.file(node, from)
  const counted = async function* () {
    for await (const chunk of body ?? []) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  await pipeline(Readable.from(counted()), createWriteStream(to))
  if (bytes !== expected.bytes || hash.digest('hex') !== expected.sha256)
    throw new WhetError({
      code: 'ray-result-torn',
      message: `${from} did not arrive whole from the cluster (${bytes} of ${expected.bytes} bytes). Run \`whet resume\`: it is fetched again, and nothing is trained again.`,
      fixedBy: 'service',
      data: { file: from, bytes, expected: expected.bytes },
    })
}

const readJsonFrom = async <T>(api: RayApi, node: string, name: string): Promise<T | undefined> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await api.file(node, name)) ?? []) chunks.push(chunk)
  return chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as T) : undefined
}
