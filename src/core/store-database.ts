/** Opening run.sqlite and telling its troubles. LangGraph's checkpoints lie in the same file through a connection of their own. */
import { existsSync, mkdirSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { diskFull } from './disk.ts'
import { exitCodes, messageOf, WhetError } from './errors.ts'
import { newerWorkspace } from './workspace.ts'

/** The tables that this version reads and writes. */
const format = 1
/** How long a writer waits for another one, milliseconds. */
const busyMs = 5000

const tables = `
  CREATE TABLE IF NOT EXISTS whet_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS whet_events (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, run TEXT NOT NULL, round INTEGER, stage TEXT, type TEXT NOT NULL, data TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS whet_events_type ON whet_events (type, seq);
  CREATE TABLE IF NOT EXISTS whet_orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, verb TEXT NOT NULL, args TEXT NOT NULL, "by" TEXT NOT NULL,
    at TEXT NOT NULL, taken_at TEXT);
  CREATE TABLE IF NOT EXISTS whet_lease (
    one INTEGER PRIMARY KEY CHECK (one = 1), token TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, started TEXT,
    heartbeat_ms INTEGER NOT NULL);
  INSERT OR IGNORE INTO whet_meta VALUES ('format', '${format}');
`

export type Connection = Database.Database

/**
 * @param readonly  the file must exist and hold a run
 * @throws WhetError 'unknown-run', 'newer-workspace', and what `storeError` tells
 */
export const openDatabase = (file: string, readonly: boolean): Connection => {
  if (readonly && !existsSync(file)) throw noRun(file)
  let connection: Connection | undefined
  try {
    if (!readonly) mkdirSync(dirname(file), { recursive: true })
    connection = new Database(file, { readonly, timeout: busyMs })
    checkFormat(connection, file)
    if (!readonly) prepare(connection)
    else if (formatOf(connection) === undefined) throw noRun(file)
    return connection
  } catch (error) {
    connection?.close()
    throw storeError(error, file)
  }
}

const prepare = (connection: Connection): void => {
  patiently(() => connection.pragma('journal_mode = WAL'))
  connection.pragma('synchronous = FULL') // an event that was seen outlives a power cut
  if (formatOf(connection) === undefined) connection.transaction(() => connection.exec(tables)).immediate()
}

/** SQLite answers a change of journal mode with "locked" at once, without waiting, while another process opens the file. */
export const patiently = <T>(attempt: () => T): T => {
  const until = Date.now() + busyMs
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_BUSY') || Date.now() > until) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

const formatOf = (connection: Connection): number | undefined => {
  const has = connection.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'whet_meta'").get()
  if (has === undefined) return undefined
  const row = connection.prepare("SELECT value FROM whet_meta WHERE name = 'format'").get() as
    | { value: string }
    | undefined
  return row && Number(row.value)
}

const checkFormat = (connection: Connection, file: string): void => {
  const found = formatOf(connection)
  if (found !== undefined && found !== format) throw newerWorkspace(file, found, format)
}

const codeOf = (error: unknown) => String((error as { code?: unknown } | undefined)?.code ?? '')

const noRun = (file: string) =>
  new WhetError({
    code: 'unknown-run',
    message: `There is no run in ${dirname(file)}. \`whet runs\` lists the runs there are.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { file },
  })

const troubles: Readonly<Record<string, { code: string; advice: string }>> = {
  SQLITE_BUSY: { code: 'store-busy', advice: `another process kept it locked for ${busyMs / 1000} seconds. Try again` },
  SQLITE_CORRUPT: {
    code: 'store-broken',
    advice:
      'its contents are damaged. Restore it from a copy, or start a new run; items and adapters beside it are plain files and still good',
  },
  SQLITE_NOTADB: {
    code: 'store-broken',
    advice:
      'it is no SQLite file. Restore it from a copy, or start a new run; items and adapters beside it are plain files and still good',
  },
  SQLITE_READONLY: {
    code: 'store-readonly',
    advice: 'it may only be read here. Check the permissions of the file and its folder',
  },
  SQLITE_CANTOPEN: {
    code: 'store-readonly',
    advice: 'it cannot be opened. Check the permissions of the file and its folder',
  },
  SQLITE_IOERR: { code: 'store-io', advice: 'the disk failed to read or write. Check the disk, then `whet resume`' },
}

/** SQLite's error as one that a person can act on; any other error as it is. */
export const storeError = (error: unknown, file: string): unknown => {
  const code = codeOf(error)
  if (code === 'SQLITE_FULL') return diskFull(error, file, 4096, freeBytes(dirname(file)))
  const trouble = Object.entries(troubles).find(([prefix]) => code.startsWith(prefix))?.[1]
  if (trouble === undefined) return error
  return new WhetError({
    code: trouble.code,
    message: `${file}: ${trouble.advice} (${messageOf(error)}).`,
    fixedBy: 'machine',
    data: { file, sqlite: code },
    cause: error,
  })
}

const freeBytes = (folder: string): number | undefined => {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return undefined // the message then leaves it out
  }
}
