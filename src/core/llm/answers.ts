import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { patiently, storeError } from '../store-database.ts'
import type { Amount } from './budget.ts'

/** An answer as it was received, so that whoever asks again reads the same bytes. */
export interface Answer {
  readonly body: string // JSON, or server-sent events
  readonly type: string // content type
  readonly model: string // which model answered: a fallback may have
}

/** What one call cost, and for what. */
export interface Spending {
  readonly account: string // a run's name, or a surface's
  readonly role: string
  readonly stage?: string | undefined
  readonly round?: number | undefined
  readonly model: string
  readonly input: number // tokens
  readonly output: number
  readonly money: number
}

/** What a transport needs of the store. */
export type Books = Pick<Answers, 'find' | 'keep'>

const tables = `
  CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, body TEXT NOT NULL, type TEXT NOT NULL, model TEXT NOT NULL, at TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS spent (
    account TEXT NOT NULL, role TEXT NOT NULL, stage TEXT, round INTEGER, model TEXT NOT NULL, input INTEGER NOT NULL,
    output INTEGER NOT NULL, money REAL NOT NULL, at TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS spent_account ON spent (account);
  CREATE TABLE IF NOT EXISTS endpoints (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`

interface Waiting {
  readonly write: () => void
  done(): void
  failed(error: unknown): void
}

/**
 * Answers by content, and what they cost: one SQLite file that several processes may share. An answer and its cost become
 * durable together, before the caller sees the answer; answers that arrive together share one commit.
 */
export class Answers {
  #waiting: Waiting[] = []
  private constructor(
    private readonly connection: Database.Database,
    readonly file: string,
    /** The file could not be read and was put aside under this name; a new one was begun. */
    readonly putAside: string | undefined,
  ) {}

  /** @throws WhetError 'store-readonly', 'disk-full' … as a run's store; a damaged file is put aside instead */
  static open(file: string): Answers {
    try {
      mkdirSync(dirname(file), { recursive: true })
      return new Answers(opened(file), file, undefined)
    } catch (error) {
      if (!isDamaged(error)) throw storeError(error, file)
      const aside = `${file}.broken-${Date.now()}`
      for (const end of ['', '-wal', '-shm']) moveIfThere(`${file}${end}`, `${aside}${end}`)
      return new Answers(opened(file), file, aside)
    }
  }

  find(key: string): Answer | undefined {
    return this.#read(
      () =>
        this.connection.prepare('SELECT body, type, model FROM answers WHERE key = ?').get(key) as Answer | undefined,
    )
  }

  /** Resolves when both are on the disk. @param key undefined: only the cost is kept */
  keep(key: string | undefined, answer: Answer, spending: Spending): Promise<void> {
    return this.#write(() => {
      const at = new Date().toISOString()
      const { account, role, stage, round, model, input, output, money } = spending
      if (key !== undefined)
        this.connection
          .prepare('INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)')
          .run(key, answer.body, answer.type, answer.model, at)
      this.connection
        .prepare('INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
        .run(account, role, stage ?? null, round ?? null, model, input, output, money, at)
    })
  }

  spentBy(account: string): Amount {
    return this.#read(
      () =>
        this.connection
          .prepare(
            'SELECT coalesce(sum(input + output), 0) AS tokens, coalesce(sum(money), 0) AS money FROM spent WHERE account = ?',
          )
          .get(account) as Amount,
    )
  }

  /** What was learned about an endpoint and model. */
  recall<T>(name: string): T | undefined {
    const row = this.#read(
      () =>
        this.connection.prepare('SELECT value FROM endpoints WHERE name = ?').get(name) as
          | { value: string }
          | undefined,
    )
    return row && (JSON.parse(row.value) as T)
  }

  learn(name: string, value: unknown): Promise<void> {
    return this.#write(() => {
      this.connection.prepare('INSERT OR REPLACE INTO endpoints VALUES (?, ?)').run(name, JSON.stringify(value))
    })
  }

  /** The same file for what calls cost; answers themselves are neither kept nor found. */
  booksOnly(): Books {
    return { find: () => undefined, keep: (_, answer, spending) => this.keep(undefined, answer, spending) }
  }

  close(): void {
    this.#commit()
    this.connection.close()
  }

  #write(write: () => void): Promise<void> {
    return new Promise((done, failed) => {
      if (this.#waiting.push({ write, done, failed }) === 1) setImmediate(() => this.#commit())
    })
  }

  #commit(): void {
    const group = this.#waiting.splice(0)
    if (group.length === 0) return
    try {
      this.#read(() =>
        this.connection
          .transaction(() => {
            for (const { write } of group) write()
          })
          .immediate(),
      )
      for (const { done } of group) done()
    } catch (error) {
      for (const { failed } of group) failed(error)
    }
  }

  #read<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw storeError(error, this.file)
    }
  }
}

const opened = (file: string): Database.Database => {
  const connection = new Database(file, { timeout: 5000 })
  try {
    patiently(() => connection.pragma('journal_mode = WAL'))
    connection.pragma('synchronous = FULL') // what was paid for outlives a power cut
    connection.exec(tables)
    const [check] = connection.pragma('quick_check(1)') as { quick_check: string }[]
    if (check?.quick_check !== 'ok') throw Object.assign(new Error('damaged'), { code: 'SQLITE_CORRUPT' })
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

const isDamaged = (error: unknown) => /^SQLITE_(CORRUPT|NOTADB)/.test(String((error as { code?: unknown })?.code))

const moveIfThere = (from: string, to: string) => {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
