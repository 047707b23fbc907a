import { constants, type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { diskError, syncFolder } from './disk.ts'
import { WhetError } from './errors.ts'
import { isTorn, jsonLine } from './json-line.ts'

interface Waiting {
  readonly line: string
  done(): void
  failed(error: unknown): void
}

/** Most rows that one sync makes durable together: bounds what a failed write can take with it. */
const groupRows = 64

/**
 * Appends rows to a JSONL file durably. One process appends to a file at a time (the run's lease sees to that).
 *
 * Rows that arrive while a group is being synced wait for it and form the next groups, so many callers share one fdatasync
 * and a single one never waits for company.
 */
export class JsonlAppender {
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #failure: unknown
  #closed = false
  private constructor(
    private readonly handle: FileHandle,
    readonly file: string,
    private size: number, // bytes that are durable
  ) {}

  /** Opens or makes the file; a last line that a crash has cut is cut off first. @throws WhetError 'disk-full' */
  static async open(file: string): Promise<JsonlAppender> {
    try {
      await mkdir(dirname(file), { recursive: true })
      const handle = await open(file, constants.O_RDWR | constants.O_CREAT)
      try {
        const size = await mendTail(handle)
        await handle.datasync()
        await syncFolder(dirname(file))
        return new JsonlAppender(handle, file, size)
      } catch (error) {
        await handle.close()
        throw error
      }
    } catch (error) {
      throw await diskError(error, file, 1)
    }
  }

  /**
   * Resolves when the row is on the disk.
   * @throws WhetError 'disk-full'; after any failed write every later append fails with the same error: open the file anew.
   *   TypeError, at once, for a row that JSON does not have
   */
  append(row: unknown): Promise<void> {
    if (this.#closed) return Promise.reject(closed(this.file))
    const line = jsonLine(row)
    const written = new Promise<void>((done, failed) => {
      this.#waiting.push({ line, done, failed })
      this.#writing ??= this.#drain()
    })
    written.catch(() => {}) // a caller may look at its rows later, or leave it to `close`, without ending the process
    return written
  }

  /**
   * Waits for the rows under way, then closes the file. Closing twice is closing once.
   * @throws WhetError 'disk-full' where any append has failed
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#writing
    await this.handle.close()
    if (this.#failure !== undefined) throw this.#failure
  }

  async #drain(): Promise<void> {
    await new Promise(setImmediate) // rows appended in this turn of the event loop form one group
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, groupRows))
    this.#writing = undefined
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.from(group.map(({ line }) => line).join(''))
    try {
      if (this.#failure !== undefined) throw this.#failure
      await writeAll(this.handle, bytes, this.size)
      await this.handle.datasync()
      this.size += bytes.length
      for (const { done } of group) done()
    } catch (error) {
      this.#failure ??= await diskError(error, this.file, bytes.length)
      await this.handle.truncate(this.size).catch(() => {}) // where even that fails, the next open cuts the torn line
      for (const { failed } of group) failed(this.#failure)
    }
  }
}

const writeAll = async (handle: FileHandle, bytes: Buffer, at: number): Promise<void> => {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, at + written)
    written += bytesWritten
  }
}

/** Cuts a torn last line off, or gives a whole one the newline it lacks. @returns the file's size in bytes */
const mendTail = async (handle: FileHandle): Promise<number> => {
  const { size } = await handle.stat()
  const start = await lastLineStart(handle, size)
  if (start === size) return size
  const tail = Buffer.alloc(size - start)
  await handle.read(tail, 0, tail.length, start)
  const text = tail.toString('utf8')
  if (text.trim() === '' || isTorn(text)) {
    await handle.truncate(start)
    return start
  }
  await writeAll(handle, Buffer.from('\n'), size)
  return size + 1
}

/** The offset after the last newline: the file's size where it ends with one. */
const lastLineStart = async (handle: FileHandle, size: number): Promise<number> => {
  const block = Buffer.alloc(1 << 16)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length)
    await handle.read(block, 0, end - start, start)
    const found = block.subarray(0, end - start).lastIndexOf(0x0a)
    if (found >= 0) return start + found + 1
    end = start
  }
  return 0
}

const closed = (file: string) =>
  new WhetError({
    code: 'appender-closed',
    message: `${file} was closed; rows that come later are not written.`,
    fixedBy: 'machine',
    data: { file },
  })
