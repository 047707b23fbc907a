import { open, readdir, statfs } from 'node:fs/promises'
import path from 'node:path'
import { folderBytes } from '../../core/disk.ts'
import { WhetError } from '../../core/errors.ts'

/** Bytes a weight takes in all that is written: float32 merged, f16 and q8_0 (34 bytes for 32 weights). */
const bytesAWeight = 4 + 2 + 34 / 32
/** For what a file system takes on top, and for tokenizers and cards. */
const [more, small] = [1.05, 64e6]

/**
 * Makes sure that all forms of a student fit beside each other before the first is written.
 * @param folder where they are to lie; it need not exist yet
 * @returns the bytes needed
 * @throws WhetError no-room
 */
export const requireRoom = async (folder: string, base: string, adapter: string): Promise<number> => {
  const needed = Math.ceil((await weightsIn(base)) * bytesAWeight * more + (await folderBytes(adapter)) + small)
  const free = await freeBytes(folder)
  if (free === undefined || free >= needed) return needed
  throw new WhetError({
    code: 'no-room',
    message: `Publishing needs ${gigabytes(needed)} in ${folder}, and ${gigabytes(free)} are free. Free some space (\`whet clean\` helps), or name another disk with --out. Nothing was written, and the sealed split stays closed.`,
    fixedBy: 'machine',
    data: { folder, neededBytes: needed, freeBytes: free },
  })
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`

/** Free bytes of the disk that a folder lies on, or will lie on. */
const freeBytes = async (folder: string): Promise<number | undefined> => {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const space = await statfs(at).catch(() => undefined)
    if (space) return space.bavail * space.bsize
    if (at === path.dirname(at)) return undefined
  }
}

/** How many weights a folder's safetensors hold, read from their headers. */
export const weightsIn = async (folder: string): Promise<number> => {
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.safetensors'))
  let weights = 0
  for (const name of files) weights += await weightsOf(path.join(folder, name))
  return weights
}

const weightsOf = async (file: string): Promise<number> => {
  const handle = await open(file, 'r')
  try {
    const length = Number((await handle.read(Buffer.alloc(8), 0, 8, 0)).buffer.readBigUInt64LE())
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, 8)
    const tensors = Object.entries(JSON.parse(buffer.toString('utf8')) as Record<string, { shape?: number[] }>)
    return tensors.reduce((sum, [, { shape }]) => sum + (shape?.reduce((product, size) => product * size, 1) ?? 0), 0)
  } finally {
    await handle.close()
  }
}
