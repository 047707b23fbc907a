import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'csv-parse/sync'
import { messageOf, WhetError } from '../../skill.ts'
import type { SkillFile } from './format.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
/** One row of the author's data, or one document: columns by name. */
export type Row = Readonly<Record<string, Json>>

const mostRows = 100_000
const longestDocument = 20_000 // characters

/** The rows and documents of a skill, read once. @throws {WhetError} data-missing · bad-data, naming file and line */
export const readTable = async (content: SkillFile, baseDir: string): Promise<readonly Row[]> => [
  ...(content.rows === undefined ? [] : await readRows(content.rows, baseDir)),
  ...(content.documents === undefined ? [] : await readDocuments(content.documents, baseDir)),
]

const readRows = async (name: string, baseDir: string): Promise<Row[]> => {
  const text = await readFile(path.resolve(baseDir, name), 'utf8').catch((cause: unknown) => {
    throw missing(name, cause)
  })
  const rows = name.endsWith('.csv') ? csvRows(text, name) : jsonRows(text, name)
  if (rows.length === 0) throw bad(name, 1, 'holds no rows')
  if (rows.length > mostRows) throw bad(name, mostRows, `holds more than ${mostRows} rows`)
  return rows
}

const csvRows = (text: string, name: string): Row[] => {
  try {
    return parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true }) as Row[]
  } catch (error) {
    throw bad(name, (error as { lines?: number }).lines ?? 1, messageOf(error))
  }
}

const jsonRows = (text: string, name: string): Row[] =>
  text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return []
    let row: unknown
    try {
      row = JSON.parse(line)
    } catch (error) {
      throw bad(name, index + 1, messageOf(error))
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw bad(name, index + 1, 'a row is one JSON object a line')
    return [row as Row]
  })

const readDocuments = async (name: string, baseDir: string): Promise<Row[]> => {
  const folder = path.resolve(baseDir, name)
  const files = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw missing(name, cause)
  })
  const texts = files.filter((file) => /\.(txt|md)$/i.test(file)).sort()
  if (texts.length === 0) throw bad(name, 1, 'holds no .txt or .md files')
  return Promise.all(
    texts.map(async (file) => {
      const document = (await readFile(path.join(folder, file), 'utf8')).trim()
      if (document.length > longestDocument)
        throw bad(path.join(name, file), 1, `is longer than ${longestDocument} characters: split it`)
      return { document, file: file.replaceAll('\\', '/') }
    }),
  )
}

const missing = (name: string, cause: unknown) =>
  new WhetError({
    code: 'data-missing',
    message: `${name} cannot be read (${messageOf(cause)}). Its path starts at the folder of the skill's file.`,
    fixedBy: 'plugin',
    exit: 2,
    data: { file: name },
    cause,
  })

const bad = (name: string, line: number, why: string) =>
  new WhetError({
    code: 'bad-data',
    message: `${name}:${line}: ${why}. Mend that line, or take it out.`,
    fixedBy: 'plugin',
    exit: 2,
    data: { file: name, line },
  })
