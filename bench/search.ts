import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import { mulberry32, pick } from '../src/core/random.ts'
import { defaultSettings, openCorpus } from '../src/plugins/agentic-search/corpus/corpus.ts'
import { placesOf, type ReadDocument } from '../src/plugins/agentic-search/corpus/document.ts'
import type { Source } from '../src/plugins/agentic-search/corpus/update.ts'
import { matchExpression, searchWords } from '../src/plugins/agentic-search/corpus/words.ts'
import type { Figure } from './index.ts'

const rows = 100_000
const queries = 200
const random = mulberry32(7)
/** Frequencies as in a language: the n-th word about 1/n as often as the first. */
const vocabulary = Array.from(
  { length: 30_000 },
  (_, index) => `${pick(random, ['bo', 'ka', 'mi', 'tu', 'ze'])}${index.toString(36)}`,
)
const word = () => vocabulary[Math.floor(vocabulary.length ** random()) - 1]!
export const sentence = (words: number) => Array.from({ length: words }, word).join(' ')

/** 100,000 passages of 100 words indexed and searched, beside a plain FTS5 script on the same rows. */
export const search = async (): Promise<Figure[]> => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-bench-'))
  const texts = Array.from({ length: rows }, () => sentence(100))
  const asked = Array.from({ length: queries }, () => sentence(4))
  const plain = plainScript(path.join(dir, 'plain.sqlite'), texts)
  const started = performance.now()
  const before = process.memoryUsage.rss()
  let most = before
  const options = {
    signal: new AbortController().signal,
    progress: () => (most = Math.max(most, process.memoryUsage.rss())),
  }
  const corpus = await openCorpus(sourceOf(texts), 'bench', defaultSettings, {
    ...options,
    file: path.join(dir, 'ours.sqlite'),
  })
  const seconds = (performance.now() - started) / 1000
  // in turn, so that both meet the same machine
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (const query of asked) {
    theirs.push(timed(() => plain.search(query)))
    ours.push(timed(() => corpus.index.search(query, { limit: 10 })))
  }
  corpus.index.close()
  plain.close()
  rmSync(dir, { recursive: true, force: true })
  return [
    { name: 'search, 100,000 passages indexed', value: seconds, unit: 's', note: 'aim under 20' },
    { name: '  peer: plain FTS5 script', value: plain.seconds, unit: 's', note: 'the same rows, one table' },
    { name: '  memory above the rows themselves', value: (most - before) / 1e6, unit: 'MB', note: 'aim under 500' },
    {
      name: 'search, p95 of a query',
      value: p95(ours),
      unit: 'ms',
      note: `aim under 1.5 times the peer; ${queries} queries of 4 words`,
    },
    {
      name: '  peer: plain FTS5 script',
      value: p95(theirs),
      unit: 'ms',
      note: 'MATCH ... ORDER BY rank LIMIT 10, with the texts',
    },
  ]
}

export const sourceOf = (texts: readonly string[]): Source => ({
  notes: [],
  files: [{ path: 'rows', file: 'rows', base: 'rows', size: 1, mtimeMs: 1 }],
  hash: async () => '1',
  async *read(): AsyncGenerator<ReadDocument> {
    for (const [index, text] of texts.entries())
      yield { id: `d${index}`, title: text.slice(0, 30), text, fields: [], places: placesOf('line', [0]) }
  },
})

const plainScript = (file: string, texts: readonly string[]) => {
  const started = performance.now()
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.exec("CREATE VIRTUAL TABLE rows USING fts5(title, body, tokenize='unicode61 remove_diacritics 2')")
  const insert = database.prepare('INSERT INTO rows VALUES (?, ?)')
  database.transaction(() => {
    for (const text of texts) insert.run(text.slice(0, 30), text)
  })()
  const seconds = (performance.now() - started) / 1000
  const match = database.prepare('SELECT rowid, title, body FROM rows WHERE rows MATCH ? ORDER BY rank LIMIT 10')
  return {
    seconds,
    search: (query: string) => match.all(matchExpression(searchWords(query).words)),
    close: () => database.close(),
  }
}

const timed = (work: () => unknown): number => {
  const started = performance.now()
  work()
  return performance.now() - started
}

export const p95 = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.95)]!
