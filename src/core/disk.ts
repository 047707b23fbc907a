/** Durable files: written beside their place, synced, then renamed over it, so that a reader sees the old or the new whole. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { WhetError } from './errors.ts'

const flushAtBytes = 1 << 20

/**
 * Writes a whole file atomically and durably; its folder is made where it is missing. On any failure the old file stays and nothing is left over.
 * @returns how many chunks were written
 * @throws WhetError 'disk-full'
 */
export const writeAtomic = async (file: string, chunks: Iterable<string> | AsyncIterable<string>): Promise<number> => {
  const folder = dirname(file)
  const temporary = join(folder, `.${basename(file)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
  const progress = { bytes: 0, chunks: 0 }
  try {
    await mkdir(folder, { recursive: true })
    const handle = await open(temporary, 'wx')
    try {
      await pour(chunks, handle, progress)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    await syncFolder(folder)
    return progress.chunks
  } catch (error) {
    const told = await diskError(error, file, progress.bytes) // before the removal: what is free then is not what was
    await rm(temporary, { force: true }).catch(() => {}) // the first error is the one to tell
    throw told
  }
}

const pour = async (
  chunks: Iterable<string> | AsyncIterable<string>,
  handle: FileHandle,
  progress: { bytes: number; chunks: number },
): Promise<void> => {
  let waiting: string[] = []
  let length = 0
  const flush = async () => {
    const bytes = Buffer.from(waiting.join(''))
    waiting = []
    length = 0
    progress.bytes += bytes.length
    await handle.writeFile(bytes) // at the handle's position: appends
  }
  for await (const chunk of chunks) {
    waiting.push(chunk)
    length += chunk.length
    progress.chunks++
    if (length >= flushAtBytes) await flush()
  }
  await flush()
}

/** Bytes of all files below a folder; 0 where there is none. A file that goes while this looks counts nothing. */
export const folderBytes = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** Makes a file's creation or renaming durable. A folder cannot be synced on Windows, where a rename is durable by itself. */
export const syncFolder = async (folder: string): Promise<void> => {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL']

/**
 * A full disk as an error that says where and how much; any other error as it is.
 * @param neededBytes  what the failed write was to hold, so far as it is known
 */
export const diskError = async (error: unknown, file: string, neededBytes: number): Promise<unknown> => {
  if (!fullCodes.includes((error as { code?: unknown } | undefined)?.code)) return error
  const folder = dirname(file)
  const space = await statfs(folder).catch(() => undefined)
  return diskFull(error, file, neededBytes, space && space.bavail * space.bsize)
}

/** The error of a full disk. @param freeBytes what is left for this user, where that could be read */
export const diskFull = (cause: unknown, file: string, neededBytes: number, freeBytes: number | undefined) => {
  const folder = dirname(file)
  const left = freeBytes === undefined ? '' : `${size(freeBytes)} free, `
  const quota = (cause as { code?: unknown } | undefined)?.code === 'EDQUOT' ? ' (your quota is used up)' : ''
  return new WhetError({
    code: 'disk-full',
    message: `The disk of ${folder} is full${quota}: ${left}${size(neededBytes)} or more needed for ${basename(file)}. Free some space (\`whet clean\` removes what old runs no longer need), then \`whet resume\`. What was written before is kept.`,
    fixedBy: 'machine',
    data: { folder, file, neededBytes, freeBytes },
    cause,
  })
}

const size = (bytes: number) => {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`
}
