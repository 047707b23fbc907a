import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { syncFolder } from '../../core/disk.ts'
import { exitCodes, WhetError } from '../../core/errors.ts'
import { isRunning } from '../../core/process-identity.ts'
import type { PublishedFile } from './facts.ts'

/** What marks a folder as one of ours: it may be replaced by a later publication. */
export const marker = 'published.json'

/** @throws WhetError out-not-empty where the folder holds something that is no publication */
export const requireOwnFolder = async (out: string): Promise<void> => {
  const names = await readdir(out).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw notEmpty(out)
  })
  if (names.length > 0 && !names.includes(marker)) throw notEmpty(out)
}

/** A folder beside the published one, to be written first. What killed publications left there is removed, or put back. */
export const temporaryFor = async (out: string): Promise<string> => {
  const parent = path.dirname(out)
  const stem = `.${path.basename(out)}.`
  for (const name of await readdir(parent).catch(() => [])) {
    const left = name.startsWith(stem) ? /^(\d+)(-old)?$/.exec(name.slice(stem.length)) : null
    if (!left || isRunning(Number(left[1]), undefined)) continue
    const place = path.join(parent, name)
    // killed between the two renames: the earlier publication is the only whole one
    if (left[2] && !existsSync(out)) await rename(place, out)
    else await rm(place, { recursive: true, force: true })
  }
  return path.join(parent, `${stem}${process.pid}`)
}

/** Puts the finished folder in its place; an earlier publication goes only once the new one is there. */
export const moveIntoPlace = async (temporary: string, out: string): Promise<void> => {
  const old = existsSync(out) ? `${temporary}-old` : undefined
  if (old) await rename(out, old)
  await rename(temporary, out)
  await syncFolder(path.dirname(out))
  if (old) await rm(old, { recursive: true, force: true })
}

/** All files of a folder with their sizes and hashes, by path. */
export const filesIn = async (folder: string): Promise<PublishedFile[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  const files: PublishedFile[] = []
  for (const file of paths.sort())
    files.push({
      path: path.relative(folder, file).split(path.sep).join('/'),
      bytes: (await stat(file)).size,
      sha256: await sha256Of(file),
    })
  return files
}

export const sha256Of = async (file: string): Promise<string> => {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) digest.update(chunk as Buffer)
  return digest.digest('hex')
}

const notEmpty = (out: string) =>
  new WhetError({
    code: 'out-not-empty',
    message: `${out} holds something that is no publication of Whetstone's. Name a new folder with --out; nothing was changed.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { out },
  })
