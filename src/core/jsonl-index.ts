/** Pages of a JSONL file without reading what lies before them: for browsers of many rows. */
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { isTorn } from './json-line.ts'
import { readLines } from './jsonl.ts'

/** Indexes and searches that are kept: a reader turns the pages of few files at a time. */
const mostKept = 12
const mostSearches = 8

/** Where the rows of one version of a file begin. Blank lines and a torn last one are no rows. */
export class JsonlIndex {
  readonly #searches = new Map<string, Promise<readonly number[]>>()

  private constructor(
    private readonly file: string,
    private readonly starts: readonly number[], // bytes; one more than there are rows: the end
  ) {}

  /** The index of the file as it is now; made once for each version of it. A missing file has no rows. */
  static async of(file: string): Promise<JsonlIndex> {
    const about = await stat(file).catch(() => undefined)
    if (!about) return new JsonlIndex(file, [0])
    const key = `${file}|${about.size}|${about.mtimeMs}`
    const known = kept.get(key) ?? startsOf(file).then((starts) => new JsonlIndex(file, starts))
    remember(kept, key, known, mostKept)
    return known
  }

  get rows(): number {
    return this.starts.length - 1
  }

  /** The texts of rows, from 0. */
  async texts(from: number, count: number): Promise<string[]> {
    const last = Math.min(this.rows, from + count)
    if (from >= last || from < 0) return []
    const [start, end] = [this.starts[from]!, this.starts[last]!]
    const handle = await open(this.file, 'r')
    try {
      const buffer = Buffer.alloc(end - start)
      await handle.read(buffer, 0, buffer.length, start)
      const at = this.starts.slice(from, last + 1)
      return at.slice(0, -1).map((begin, n) => buffer.toString('utf8', begin - start, at[n + 1]! - start).trim())
    } finally {
      await handle.close()
    }
  }

  /** Numbers of the rows that fit, in order; found once for each `key`. */
  find(key: string, fits: (text: string) => boolean): Promise<readonly number[]> {
    const known = this.#searches.get(key) ?? this.#search(fits)
    remember(this.#searches, key, known, mostSearches)
    return known
  }

  async #search(fits: (text: string) => boolean): Promise<readonly number[]> {
    const found: number[] = []
    let row = 0
    if (this.rows === 0) return found
    for await (const { text } of readLines(this.file)) {
      if (text.trim() === '') continue
      if (row >= this.rows) break
      if (fits(text)) found.push(row)
      row += 1
    }
    return found
  }
}

const kept = new Map<string, Promise<JsonlIndex>>()

/** The newest stay; a failure is not remembered. */
const remember = <T>(map: Map<string, Promise<T>>, key: string, value: Promise<T>, most: number): void => {
  map.delete(key)
  map.set(key, value)
  value.catch(() => map.delete(key))
  for (const oldest of map.keys()) {
    if (map.size <= most) break
    map.delete(oldest)
  }
}

const startsOf = async (file: string): Promise<number[]> => {
  const starts: number[] = []
  let [offset, lineStart, blank] = [0, 0, true]
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]!
      if (byte === 0x0a) {
        if (!blank) starts.push(lineStart)
        lineStart = offset + at + 1
        blank = true
      } else if (byte > 0x20) blank = false
    }
    offset += chunk.length
  }
  if (blank || isTorn(await tail(file, lineStart))) return [...starts, lineStart]
  return [...starts, lineStart, offset]
}

const tail = async (file: string, from: number): Promise<string> => {
  let text = ''
  for await (const chunk of createReadStream(file, { start: from, encoding: 'utf8' })) text += chunk
  return text
}
