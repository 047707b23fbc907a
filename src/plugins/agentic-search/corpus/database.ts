import { mkdirSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { WhetError } from '../../../skill.ts'

export type Connection = Database.Database

/** What an index is built with: another value is another index. */
export interface IndexSettings {
  readonly passageChars: number // longest passage, characters
  readonly titleWeight: number // of a word in the title, where one in the body weighs 1
}

/** Changes with the tables and with what readers make of a file. */
const format = 2
const busyMs = 60_000

const tables = (titleWeight: number) => `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE files (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime REAL NOT NULL, sha TEXT NOT NULL, base TEXT NOT NULL,
    notes TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, file TEXT NOT NULL, title TEXT NOT NULL, sha TEXT NOT NULL,
    chars INTEGER NOT NULL, fields TEXT NOT NULL, same_as TEXT);
  CREATE INDEX documents_file ON documents (file);
  CREATE INDEX documents_sha ON documents (sha);
  CREATE TABLE passages (number INTEGER PRIMARY KEY, document INTEGER NOT NULL, at INTEGER NOT NULL, start INTEGER NOT NULL,
    place TEXT NOT NULL, body TEXT NOT NULL);
  CREATE INDEX passages_document ON passages (document, start);
  CREATE VIRTUAL TABLE words USING fts5(title, body, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
  INSERT INTO words(words, rank) VALUES ('rank', 'bm25(${titleWeight}, 1.0)');
`

/**
 * Opens an index to be brought up to date; one of another format or with other settings is emptied first.
 * @throws {WhetError} index-unusable
 */
export const openIndex = (file: string, settings: IndexSettings): Connection => {
  try {
    if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true })
    const connection = new Database(file, { timeout: busyMs })
    connection.pragma('journal_mode = WAL')
    connection.pragma('synchronous = NORMAL') // an index can always be made again
    connection.pragma('cache_size = -32000')
    prepare(connection, settings)
    return connection
  } catch (cause) {
    throw unusable(file, cause)
  }
}

/** Opens an index to be read only. @throws {WhetError} index-unusable */
export const openFrozen = (file: string): Connection => {
  try {
    const connection = new Database(file, { readonly: true, fileMustExist: true, timeout: busyMs })
    if (metaOf(connection, 'format') !== String(format)) throw new Error('another version of Whetstone made it')
    return connection
  } catch (cause) {
    throw unusable(file, cause)
  }
}

export const metaOf = (connection: Connection, name: string): string | undefined =>
  (connection.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name) as string | undefined) ?? undefined

export const setMeta = (connection: Connection, name: string, value: string): void => {
  connection.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(name, value)
}

const prepare = (connection: Connection, settings: IndexSettings): void => {
  const wanted = JSON.stringify([format, settings.passageChars, settings.titleWeight])
  connection
    .transaction(() => {
      const names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all()
      if (names.includes('meta') && metaOf(connection, 'settings') === wanted) return
      for (const name of ['words', 'passages', 'documents', 'files', 'meta', 'windows', 'vectors'])
        connection.exec(`DROP TABLE IF EXISTS ${name}`)
      connection.exec(tables(settings.titleWeight))
      setMeta(connection, 'format', String(format))
      setMeta(connection, 'settings', wanted)
    })
    .immediate()
}

const unusable = (file: string, cause: unknown) =>
  new WhetError({
    code: 'index-unusable',
    message: `The search index ${file} cannot be used (${cause instanceof Error ? cause.message : cause}). Delete it: it is made again from the documents.`,
    fixedBy: 'machine',
    data: { file },
    cause,
  })
