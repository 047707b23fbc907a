import { createHash } from 'node:crypto'
import type { Embedder } from '../../../skill.ts'
import { type Connection, metaOf, setMeta } from './database.ts'
import { passagesOf } from './passages.ts'
import type { UpdateOptions } from './update.ts'

/** Longest piece of a passage that becomes one vector, characters: small models read about 250 tokens. */
const windowChars = 1000
/** Texts between two commits: what a stopped update does not lose. */
const batch = 128

/** The vectors lie beside the words, in tables that only a search by meaning makes. Texts are known by their hash. */
const tables = `
  CREATE TABLE IF NOT EXISTS vectors (number INTEGER PRIMARY KEY, sha TEXT NOT NULL UNIQUE, vector BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS windows (passage INTEGER NOT NULL, vector INTEGER NOT NULL);
`

interface Window {
  readonly passage: number
  readonly sha: string
  readonly text: string
}

interface PassageText {
  readonly number: number
  readonly body: string
  readonly title: string
}
const passageTexts = 'SELECT p.number, p.body, d.title FROM passages p JOIN documents d ON d.number = p.document'

/** What is embedded of a passage: its pieces, each under its document's title. */
const windowsIn = ({ number, body, title }: PassageText): Window[] =>
  passagesOf(body, windowChars).map(({ start, end }) => {
    const text = `${title}\n${body.slice(start, end)}`.trim()
    return { passage: number, sha: createHash('sha256').update(text).digest('base64'), text }
  })

function* allWindows(connection: Connection): Generator<Window> {
  const rows = connection.prepare(`${passageTexts} ORDER BY p.number`).iterate() as Iterable<PassageText>
  for (const row of rows) yield* windowsIn(row)
}

/**
 * Gives every passage of an index its vectors; only texts that have none yet are embedded. Batches are committed one by one, so that
 * an update that is stopped goes on where it stood. Another model's vectors are thrown away.
 * @returns texts that were embedded
 * @throws what the embedder throws. What `signal` was aborted with
 */
export const updateVectors = async (
  connection: Connection,
  embedder: Embedder,
  options: UpdateOptions,
): Promise<number> => {
  for (let embedded = 0; ; ) {
    if (isComplete(connection, embedder.model)) return embedded
    begin(connection, embedder.model)
    embedded += await embedMissing(connection, embedder, options)
    complete(connection, embedder.model) // a corpus that changed meanwhile has passages without vectors: once more
  }
}

/** What the vectors are of: the model, and the corpus that they are complete for. */
const stamp = (connection: Connection, model: string) => JSON.stringify([model, metaOf(connection, 'corpus')])

export const isComplete = (connection: Connection, model: string): boolean =>
  metaOf(connection, 'vectors') === stamp(connection, model)

const begin = (connection: Connection, model: string): void =>
  connection
    .transaction(() => {
      connection.exec(tables)
      if (metaOf(connection, 'vectors-model') === model) return
      connection.exec('DELETE FROM windows; DELETE FROM vectors;')
      setMeta(connection, 'vectors-model', model)
      setMeta(connection, 'vectors', '')
    })
    .immediate()

const embedMissing = async (connection: Connection, embedder: Embedder, options: UpdateOptions): Promise<number> => {
  const { signal, progress } = options
  const has = connection.prepare('SELECT 1 FROM vectors WHERE sha = ?')
  const keep = connection.prepare('INSERT OR IGNORE INTO vectors (sha, vector) VALUES (?, ?)')
  const missing = new Map<string, number>() // by hash: the passage to read the text from again
  progress(0, 0, 'looking for passages without vectors')
  for (const { passage, sha } of allWindows(connection)) if (!has.get(sha)) missing.set(sha, passage)
  if (missing.size === 0) return 0
  progress(0, missing.size, 'texts embedded')
  let done = 0
  const waiting: Window[] = []
  const flush = async () => {
    signal.throwIfAborted()
    const texts = waiting.splice(0)
    const onProgress = (what: string) => progress(0, 0, what)
    const vectors = await embedder.embed(texts.map(({ text }) => text), { signal, onProgress }) // biome-ignore format: one call
    connection
      .transaction(() => {
        for (const [at, { sha }] of texts.entries()) keep.run(sha, bytesOf(vectors[at]!))
      })
      .immediate()
    done += texts.length
    progress(done, missing.size, 'texts embedded')
  }
  for (const window of missingWindows(connection, missing)) {
    waiting.push(window)
    if (waiting.length === batch) await flush()
  }
  if (waiting.length > 0) await flush()
  return done
}

/** The texts again, one passage at a time: no query stays open while vectors are waited for. */
function* missingWindows(connection: Connection, missing: ReadonlyMap<string, number>): Generator<Window> {
  const row = connection.prepare(`${passageTexts} WHERE p.number = ?`)
  const given = new Set<string>()
  for (const passage of new Set(missing.values())) {
    const found = row.get(passage) as PassageText | undefined
    for (const window of found ? windowsIn(found) : [])
      if (missing.has(window.sha) && !given.has(window.sha)) {
        given.add(window.sha)
        yield window
      }
  }
}

/** Says which vectors each passage has, where all are there, and drops those of passages that are gone. */
const complete = (connection: Connection, model: string): void =>
  connection
    .transaction(() => {
      const number = connection.prepare('SELECT number FROM vectors WHERE sha = ?').pluck()
      const pairs: [passage: number, vector: number][] = []
      for (const { passage, sha } of allWindows(connection)) {
        const vector = number.get(sha) as number | undefined
        if (vector === undefined) return
        pairs.push([passage, vector])
      }
      connection.exec('DELETE FROM windows')
      const add = connection.prepare('INSERT INTO windows VALUES (?, ?)')
      for (const pair of pairs) add.run(...pair)
      connection.exec('DELETE FROM vectors WHERE number NOT IN (SELECT vector FROM windows)')
      setMeta(connection, 'vectors', stamp(connection, model))
    })
    .immediate()

const bytesOf = (vector: Float32Array) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
