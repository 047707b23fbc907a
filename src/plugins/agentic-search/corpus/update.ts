import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Statement } from 'better-sqlite3'
import { type Connection, type IndexSettings, metaOf, setMeta } from './database.ts'
import type { CorpusNote, ReadDocument } from './document.ts'
import { passagesOf } from './passages.ts'
import type { CorpusFile } from './walk.ts'

/** Files as they are now: of a folder, or made up. */
export interface Source {
  readonly files: readonly CorpusFile[]
  readonly notes: readonly CorpusNote[]
  read(file: CorpusFile, note: (note: CorpusNote) => void): AsyncIterable<ReadDocument>
  /** The file's own hash; asked for only where size and time say that it may have changed. */
  hash?(file: CorpusFile): Promise<string>
}

export interface UpdateOptions {
  readonly signal: AbortSignal
  progress(done: number, total: number, what: string): void
}

export interface Update {
  readonly read: number // files
  readonly unchanged: number
  readonly gone: number
}

const progressEveryMs = 200
/** Documents after which other work of this process may have its turn. */
const breath = 200

/**
 * Brings an index up to date with its files: only what changed is read again. One transaction, so that a reader sees the
 * old state or the new one, and a crash leaves the old.
 */
export const updateIndex = async (
  connection: Connection,
  source: Source,
  settings: IndexSettings,
  options: UpdateOptions,
): Promise<Update> => {
  const writer = new Writer(connection, settings)
  connection.exec('BEGIN IMMEDIATE')
  try {
    const done = await bringUpToDate(writer, source, options)
    connection.exec('COMMIT')
    return done
  } catch (error) {
    connection.exec('ROLLBACK')
    throw error
  }
}

const bringUpToDate = async (writer: Writer, source: Source, options: UpdateOptions): Promise<Update> => {
  const known = writer.files()
  const changed = new Map<string, CorpusFile & { sha: string }>()
  const byPath = new Map(source.files.map((file) => [file.path, file]))
  for (const file of source.files) {
    const before = known.get(file.path)
    if (before && before.size === file.size && before.mtime === file.mtimeMs && before.base === file.base) continue
    const sha = await (source.hash ?? hashFile)(file)
    if (before?.sha === sha && before.base === file.base) writer.touch(file)
    else changed.set(file.path, { ...file, sha })
  }
  const gone = [...known.keys()].filter((path) => !byPath.has(path))
  const leaving = [...gone, ...changed.keys()]
  for (const path of leaving) {
    // a duplicate of a document that goes away becomes the document: its file is read again
    for (const twin of writer.remove(path)) {
      const file = byPath.get(twin)
      if (!file || changed.has(twin)) continue
      changed.set(twin, { ...file, sha: known.get(twin)?.sha ?? '' })
      leaving.push(twin)
    }
  }
  const order = [...changed.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  let told = 0
  for (const [done, file] of order.entries()) {
    const notes: CorpusNote[] = []
    let documents = 0
    for await (const document of source.read(file, (note) => notes.push(note))) {
      const problem = writer.add(document, file.path)
      if (problem && notes.length < 20) notes.push({ path: file.path, problem })
      documents += 1
      if (documents % breath === 0) await pause(options)
      if (Date.now() - told > progressEveryMs) {
        told = Date.now()
        options.progress(
          done,
          order.length,
          `files indexed${documents > breath ? `, ${documents} documents of ${file.path}` : ''}`,
        )
      }
    }
    writer.addFile(file, notes)
    options.signal.throwIfAborted()
  }
  if (order.length > 0 || gone.length > 0 || metaOf(writer.connection, 'corpus') === undefined)
    writer.finish(source.notes)
  return { read: order.length, unchanged: source.files.length - order.length, gone: gone.length }
}

const pause = async ({ signal }: UpdateOptions) => {
  await new Promise(setImmediate)
  signal.throwIfAborted()
}

const hashFile = async ({ file }: CorpusFile): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** A title line is indexed as title and not again as body; what stands before and after it is. */
const withoutLine = (body: string, start: number, line: ReadDocument['titleLine']): string => {
  if (!line || line.start < start || line.end > start + body.length) return body
  return `${body.slice(0, line.start - start)}\n${body.slice(line.end - start)}`
}

export const hashText = (text: string): string => createHash('sha256').update(text).digest('hex')

interface KnownFile {
  readonly size: number
  readonly mtime: number
  readonly sha: string
  readonly base: string
}

/** The statements of an update, prepared once. */
class Writer {
  constructor(
    readonly connection: Connection,
    private readonly settings: IndexSettings,
  ) {}

  private readonly prepared = new Map<string, Statement<unknown[]>>()
  private statement(sql: string): Statement<unknown[]> {
    const known = this.prepared.get(sql)
    if (known) return known
    const made = this.connection.prepare<unknown[]>(sql)
    this.prepared.set(sql, made)
    return made
  }
  private run(sql: string, ...values: unknown[]) {
    return this.statement(sql).run(...values)
  }
  private first(sql: string, value: string): string | undefined {
    return (this.statement(sql).get(value) as { id: string } | undefined)?.id
  }

  files(): Map<string, KnownFile> {
    const rows = this.connection.prepare('SELECT path, size, mtime, sha, base FROM files').all() as (KnownFile & {
      path: string
    })[]
    return new Map(rows.map((row) => [row.path, row]))
  }

  touch({ path, size, mtimeMs }: CorpusFile): void {
    this.run('UPDATE files SET size = ?, mtime = ? WHERE path = ?', size, mtimeMs, path)
  }

  addFile({ path, size, mtimeMs, sha, base }: CorpusFile & { sha: string }, notes: readonly CorpusNote[]): void {
    this.run('INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)', path, size, mtimeMs, sha, base, JSON.stringify(notes))
  }

  /** Takes a file's documents out. @returns files that hold duplicates of them */
  remove(path: string): string[] {
    const documents = this.connection.prepare('SELECT number, id FROM documents WHERE file = ?').all(path) as {
      number: number
      id: string
    }[]
    const twins = this.connection.prepare('SELECT DISTINCT file FROM documents WHERE same_as = ? AND file <> ?').pluck()
    const files = documents.flatMap(({ id }) => twins.all(id, path) as string[])
    for (const { number } of documents) {
      this.run('DELETE FROM words WHERE rowid IN (SELECT number FROM passages WHERE document = ?)', number)
      this.run('DELETE FROM passages WHERE document = ?', number)
    }
    this.run('DELETE FROM documents WHERE file = ?', path)
    this.run('DELETE FROM files WHERE path = ?', path)
    return files
  }

  /** @returns what is wrong with the document, where it is not indexed */
  add(document: ReadDocument, file: string): string | undefined {
    const { id, title, text, fields, titleLine, places } = document
    const sha = hashText(`${title}\n${text}`)
    const same = this.first('SELECT id FROM documents WHERE sha = ? AND same_as IS NULL', sha)
    if (this.first('SELECT id FROM documents WHERE id = ?', id) !== undefined)
      return `the id ${JSON.stringify(id.slice(0, 80))} is there already: this document is left out`
    const values = [id, file, title.slice(0, 300), sha, text.length, JSON.stringify(fields), same ?? null]
    const { lastInsertRowid } = this.run(
      'INSERT INTO documents (id, file, title, sha, chars, fields, same_as) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...values,
    )
    if (same !== undefined)
      return `${JSON.stringify(id.slice(0, 80))} is a duplicate of ${JSON.stringify(same.slice(0, 80))}: it is indexed once`
    for (const [at, { start, end }] of passagesOf(text, this.settings.passageChars, places.seams).entries()) {
      const body = text.slice(start, end)
      // places begin where the passage's first word stands, not in the blank lines before it
      const place = `${places.unit} ${places.at(start + (body.length - body.trimStart().length))}`
      const passage = this.run(
        'INSERT INTO passages (document, at, start, place, body) VALUES (?, ?, ?, ?, ?)',
        lastInsertRowid,
        at,
        start,
        place,
        body,
      )
      const indexed = withoutLine(body, start, titleLine)
      this.run('INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)', passage.lastInsertRowid, title, indexed)
    }
    return undefined
  }

  /** The corpus as a whole: its hash is over ids and texts, whatever the files' times. */
  finish(notes: readonly CorpusNote[]): void {
    const hash = createHash('sha256')
    const rows = this.connection.prepare('SELECT id, sha FROM documents WHERE same_as IS NULL ORDER BY id').iterate()
    for (const { id, sha } of rows as Iterable<{ id: string; sha: string }>)
      hash.update(`${JSON.stringify(id)} ${sha}\n`)
    setMeta(this.connection, 'corpus', hash.digest('hex'))
    setMeta(this.connection, 'notes', JSON.stringify(notes))
  }
}
