import { type Embedder, openEmbedder, WhetError } from '../../skill.ts'
import { type Catalog, catalogOf } from './catalog.ts'
import { openFrozenCorpus } from './corpus/corpus.ts'
import type { SearchIndex } from './corpus/search-index.ts'
import type { Searcher } from './corpus/searcher.ts'
import type { Definition } from './definition.ts'
import { type Library, titleQuery } from './drafts/parts.ts'
import { draftsOf } from './drafts.ts'
import type { Item, Kind } from './item.ts'

/** A frozen corpus, opened once a process, with what questions are made from. */
export interface Opened {
  readonly searcher: Searcher
  readonly index: SearchIndex
  readonly catalog: Catalog
  drafts(kind: Kind, cluster: string, signal: AbortSignal): Promise<readonly Item[]>
  library(signal: AbortSignal): Library
  /** Vectors of the queries that most questions need, in few requests: nothing to do where the search goes by words. */
  prepare(signal: AbortSignal, onProgress: (what: string) => void): Promise<void>
}

/** Queries by title that are read as vectors ahead. */
const mostPrepared = 4000

type Frozen = Pick<Definition, 'corpus' | 'index' | 'dense' | 'results' | 'readChars' | 'source'>
type Limits = Pick<Definition, 'results' | 'readChars'>

const opened = new Map<string, Opened>()
const embedders = new Map<string, Embedder>()

/** What reads texts as vectors, one a process; undefined where the search goes by words alone. */
export const embedderOf = ({ dense }: Pick<Definition, 'dense'>): Embedder | undefined =>
  dense ? remember(embedders, JSON.stringify(dense), () => openEmbedder(dense, 'options.corpus.dense')) : undefined

/** @throws {WhetError} corpus-gone */
export const openDefinition = (definition: Frozen): Opened => {
  const { corpus, index, dense, results, readChars } = definition
  return remember(opened, JSON.stringify([corpus, index, dense, results, readChars]), () => {
    const searcher = openFrozenCorpus(corpus, index, embedderOf(definition))
    if (!searcher) throw gone(definition)
    return withDrafts(searcher, definition)
  })
}

export const closeAll = async (): Promise<void> => {
  for (const { index } of opened.values()) index.close()
  opened.clear()
  const running = [...embedders.values()]
  embedders.clear()
  for (const embedder of running) await embedder.close()
}

export const withDrafts = (searcher: Searcher, limits: Limits): Opened => {
  const { index } = searcher
  const catalog = catalogOf(index)
  const library = libraryOf(searcher, catalog, limits)
  const drafts = new Map<string, Promise<readonly Item[]>>()
  return {
    searcher,
    index,
    catalog,
    library,
    prepare: (signal, onProgress) =>
      searcher.prepare([...catalog.entries.values()].slice(0, mostPrepared).map(titleQuery), signal, onProgress),
    drafts: (kind, cluster, signal) =>
      rememberKept(drafts, `${kind} ${cluster}`, () => draftsOf(kind, cluster, library(signal))),
  }
}

/** A library for the time that a signal allows; what was looked up is remembered for all of them. */
const libraryOf = (searcher: Searcher, catalog: Catalog, { results, readChars }: Limits) => {
  const { index } = searcher
  const remembered = new Map<string, Promise<ReadonlySet<string>>>()
  const texts = new Map<string, string>()
  const shown = (query: string, signal: AbortSignal) =>
    rememberKept(remembered, query, async () => {
      const { hits } = await searcher.search(query, { limit: results, snippetChars: 0, signal })
      return new Set(hits.map(({ document }) => document))
    })
  return (signal: AbortSignal): Library => ({
    catalog,
    byMeaning: searcher.byMeaning,
    shows: async (query, document) => (await shown(query, signal)).has(document),
    text: (document) => remember(texts, document, () => index.read(document, 0, readChars)?.text ?? ''),
    elsewhere: (title, value, but) =>
      index
        .search(`${title} ${value}`, { limit: 10, snippetChars: 0 })
        .hits.some(({ document }) => document !== but && holds(index, document, title, value)),
  })
}

const remember = <T>(known: Map<string, T>, key: string, make: () => T): T => {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

/** The same for what takes time; a failure is not remembered. */
const rememberKept = <T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> =>
  remember(known, key, () =>
    make().catch((error) => {
      known.delete(key)
      throw error
    }),
  )

const holds = (index: SearchIndex, document: string, title: string, value: string): boolean => {
  const found = index.read(document, 0, 200_000)
  const text = `${found?.title}\n${found?.text}`.toLowerCase()
  return text.includes(title.toLowerCase()) && text.includes(value.toLowerCase())
}

const gone = ({ source }: Pick<Definition, 'source'>) =>
  new WhetError({
    code: 'corpus-gone',
    message: `The frozen copy of the documents of ${source} is gone from the cache ($WHETSTONE_HOME/search), and the run must not go on with others. Restore it, or start a new run.`,
    fixedBy: 'machine',
    data: { source },
  })
