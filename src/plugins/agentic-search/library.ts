import { WhetError } from '../../skill.ts'
import { type Catalog, catalogOf } from './catalog.ts'
import { openFrozenCorpus } from './corpus/corpus.ts'
import type { SearchIndex } from './corpus/search-index.ts'
import type { Definition } from './definition.ts'
import { draftsOf, type Library } from './drafts.ts'
import type { Item, Kind } from './item.ts'

/** A frozen corpus, opened once a process, with what questions are made from. */
export interface Opened {
  readonly index: SearchIndex
  readonly catalog: Catalog
  drafts(kind: Kind, cluster: string): readonly Item[]
}

const opened = new Map<string, Opened>()

/** @throws {WhetError} corpus-gone */
export const openDefinition = (
  definition: Pick<Definition, 'corpus' | 'index' | 'results' | 'readChars' | 'source'>,
): Opened => {
  const key = JSON.stringify([definition.corpus, definition.index, definition.results, definition.readChars])
  const known = opened.get(key)
  if (known) return known
  const index = openFrozenCorpus(definition.corpus, definition.index)
  if (!index) throw gone(definition)
  const made = withDrafts(index, definition)
  opened.set(key, made)
  return made
}

export const closeAll = (): void => {
  for (const { index } of opened.values()) index.close()
  opened.clear()
}

export const withDrafts = (index: SearchIndex, limits: Pick<Definition, 'results' | 'readChars'>): Opened => {
  const catalog = catalogOf(index)
  const library = libraryOf(index, catalog, limits)
  const drafts = new Map<string, readonly Item[]>()
  return {
    index,
    catalog,
    drafts: (kind, cluster) => remember(drafts, `${kind} ${cluster}`, () => draftsOf(kind, cluster, library)),
  }
}

const libraryOf = (
  index: SearchIndex,
  catalog: Catalog,
  { results, readChars }: Pick<Definition, 'results' | 'readChars'>,
): Library => {
  const remembered = new Map<string, ReadonlySet<string>>()
  const texts = new Map<string, string>()
  const shown = (query: string) =>
    remember(
      remembered,
      query,
      () => new Set(index.search(query, { limit: results, snippetChars: 0 }).hits.map(({ document }) => document)),
    )
  return {
    catalog,
    shows: (query, document) => shown(query).has(document),
    text: (document) => remember(texts, document, () => index.read(document, 0, readChars)?.text ?? ''),
    elsewhere: (title, value, but) =>
      index
        .search(`${title} ${value}`, { limit: 10, snippetChars: 0 })
        .hits.some(({ document }) => document !== but && holds(index, document, title, value)),
  }
}

const remember = <T>(known: Map<string, T>, key: string, make: () => T): T => {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

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
