import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Embedder } from '../src/core/embed/embedder.ts'
import { mulberry32 } from '../src/core/random.ts'
import { defaultSettings, openCorpus } from '../src/plugins/agentic-search/corpus/corpus.ts'
import type { Figure } from './index.ts'
import { p95, sentence, sourceOf } from './search.ts'

const rows = 100_000
const queries = 50
const dimensions = 384

/** Vectors at no cost: what is timed is keeping and searching them. */
const instant = (): Embedder => {
  const random = mulberry32(11)
  const vector = () => Float32Array.from({ length: dimensions }, () => random() - 0.5)
  return { model: 'instant', embed: async (texts) => texts.map(vector), close: async () => {} }
}

/** 100,000 passages with vectors of 384 numbers: kept in the index, held against a query one by one, merged with the words. */
export const meaning = async (): Promise<Figure[]> => {
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-bench-'))
  const { signal } = new AbortController()
  const file = path.join(dir, 'index.sqlite')
  const before = process.memoryUsage.rss()
  let most = before
  const progress = () => {
    most = Math.max(most, process.memoryUsage.rss())
  }
  const source = sourceOf(Array.from({ length: rows }, () => sentence(60)))
  const open = (embedder?: Embedder) =>
    openCorpus(source, 'bench', defaultSettings, { signal, progress, file, embedder })
  ;(await open()).index.close()
  const started = performance.now()
  const { index, searcher } = await open(instant())
  const kept = (performance.now() - started) / 1000
  const first = performance.now()
  await searcher.search(sentence(4), { limit: 10, signal })
  const loaded = (performance.now() - first) / 1000
  const times: number[] = []
  for (let n = 0; n < queries; n += 1) {
    const query = sentence(4)
    const from = performance.now()
    await searcher.search(query, { limit: 10, signal })
    times.push(performance.now() - from)
    progress()
  }
  index.close()
  rmSync(dir, { recursive: true, force: true })
  return [
    { name: 'meaning, 100,000 vectors kept', value: kept, unit: 's', note: 'the model apart' },
    { name: '  loaded for the first query', value: loaded, unit: 's', note: `${dimensions} numbers each` },
    { name: 'meaning and words, p95 of a query', value: p95(times), unit: 'ms', note: `${queries} queries, exact` },
    { name: '  memory above the start', value: (most - before) / 1e6, unit: 'MB', note: 'the rows too' },
  ]
}
