/** JSON and JSONL files: read whole or row by row, written atomically, appended to durably. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { writeAtomic } from './disk.ts'
import { messageOf, WhetError } from './errors.ts'
import { isTorn, jsonLine } from './json-line.ts'

export { JsonlAppender } from './jsonl-appender.ts'

/** One line of a file. `ended`: its newline is there; only the last line can lack it. */
export interface Line {
  readonly number: number // from 1
  readonly text: string
  readonly ended: boolean
}

const newline = 0x0a

/** The lines of a file, blank ones too, in constant memory. A byte order mark is dropped. @throws the file system's error, ENOENT too */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let number = 0
  let partial: Buffer[] = []
  const line = (bytes: Buffer, ended: boolean): Line => {
    number++
    const text = bytes.toString('utf8')
    return { number, text: number === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text, ended }
  }
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const rest = chunk.subarray(start, end)
      yield line(partial.length === 0 ? rest : Buffer.concat([...partial, rest]), true)
      partial = []
      start = end + 1
    }
    if (start < chunk.length) partial.push(chunk.subarray(start))
  }
  if (partial.length > 0) yield line(Buffer.concat(partial), false)
}

/**
 * The rows of a JSONL file one by one; a missing file has none. Returns how many torn lines it dropped: 0, or 1 where a crash cut the last one.
 * @throws WhetError 'broken-jsonl' for any other line that is not JSON
 */
export async function* streamJsonl<T>(file: string): AsyncGenerator<T, number> {
  try {
    for await (const line of readLines(file)) {
      if (line.text.trim() === '') continue
      if (!line.ended && isTorn(line.text)) return 1
      yield parseLine<T>(line, file)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return 0
}

/** All rows of a JSONL file and how many torn last lines were dropped (0 or 1). @throws WhetError 'broken-jsonl' */
export const readJsonl = async <T>(file: string): Promise<{ rows: T[]; torn: number }> => {
  const rows: T[] = []
  const stream = streamJsonl<T>(file)
  for (let next = await stream.next(); ; next = await stream.next()) {
    if (next.done) return { rows, torn: next.value }
    rows.push(next.value)
  }
}

const parseLine = <T>(line: Line, file: string): T => {
  try {
    return JSON.parse(line.text) as T
  } catch (cause) {
    throw new WhetError({
      code: 'broken-jsonl',
      message: `${file}:${line.number}: this line is not JSON (${messageOf(cause)}). Mend or delete the line; every other line before it is whole.`,
      fixedBy: 'config',
      data: { file, line: line.number },
      cause,
    })
  }
}

/** Writes all rows atomically. @returns how many. @throws WhetError 'disk-full' */
export const writeJsonl = (file: string, rows: Iterable<unknown> | AsyncIterable<unknown>): Promise<number> =>
  writeAtomic(file, jsonLines(rows))

async function* jsonLines(rows: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const row of rows) yield jsonLine(row)
}

/** Writes one value atomically, indented for people. @throws WhetError 'disk-full' */
export const writeJson = async (file: string, value: unknown): Promise<void> => {
  jsonLine(value) // refuses what JSON does not have
  await writeAtomic(file, [`${JSON.stringify(value, undefined, 2)}\n`])
}

/** The value of a JSON file; undefined where there is no such file. @throws WhetError 'broken-json' */
export const readJson = async <T>(file: string): Promise<T | undefined> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as T
  } catch (cause) {
    throw new WhetError({
      code: 'broken-json',
      message: `${file} is not JSON (${messageOf(cause)}). Mend it, or delete it so that it is made again.`,
      fixedBy: 'config',
      data: { file },
      cause,
    })
  }
}
