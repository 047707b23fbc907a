import { type Embedder, WhetError } from '../../../skill.ts'
import type { Connection } from './database.ts'
import { Meaning } from './meaning.ts'
import { merged, mergedDepth } from './merge.ts'
import type { Hit, Ranked, SearchIndex, SearchOptions } from './search-index.ts'
import type { SearchWords } from './words.ts'

export interface SearcherOptions extends Omit<SearchOptions, 'also'> {
  readonly signal: AbortSignal
}

/** Queries whose vectors are remembered: the same ones come again while questions are made. */
const mostRemembered = 5000

/** How documents are found: by words alone, or by words and meaning, their rankings merged. */
export class Searcher {
  #meaning: Meaning | undefined
  readonly #vectors = new Map<string, Float32Array>()

  /** @param dense what reads queries as vectors; the index has the vectors of its documents */
  constructor(
    readonly index: SearchIndex,
    private readonly dense?: { readonly connection: Connection; readonly embedder: Embedder },
  ) {}

  get byMeaning(): boolean {
    return this.dense !== undefined
  }

  /** @throws what the embedder throws, and embedder-changed */
  async search(query: string, options: SearcherOptions): Promise<{ hits: Hit[]; words: SearchWords }> {
    const { signal, ...rest } = options
    const depth = Math.max(options.limit, mergedDepth)
    const also = await this.rankByMeaning(query, depth, signal, options.hidden)
    return this.index.search(query, { ...rest, ...(also && { also }) })
  }

  /** Vectors of queries that will be asked, in few requests. */
  async prepare(queries: readonly string[], signal: AbortSignal, onProgress?: (what: string) => void): Promise<void> {
    const { dense } = this
    const fresh = [...new Set(queries)].filter((query) => query.trim() !== '' && !this.#vectors.has(query))
    if (!dense || fresh.length === 0) return
    const vectors = await dense.embedder.embed(fresh, { signal, ...(onProgress && { onProgress }) })
    if (this.#vectors.size + fresh.length > mostRemembered) this.#vectors.clear()
    for (const [at, query] of fresh.entries()) this.#vectors.set(query, vectors[at]!)
  }

  /** Undefined where there are no vectors to search with. */
  async rankByMeaning(
    query: string,
    limit: number,
    signal: AbortSignal,
    hidden?: ReadonlySet<string>,
  ): Promise<Ranked[] | undefined> {
    if (!this.dense || query.trim() === '') return undefined
    const cut = query.slice(0, longestQuery)
    await this.prepare([cut], signal)
    this.#meaning ??= Meaning.of(this.dense.connection)
    const vector = this.#vectors.get(cut)!
    if (this.#meaning && vector.length !== this.#meaning.dimensions) throw changed(this.dense.embedder.model)
    return this.#meaning?.rank(vector, limit, hidden)
  }

  /** Both rankings merged. */
  async rank(query: string, limit: number, signal: AbortSignal): Promise<Ranked[]> {
    const words = this.index.rankDocuments(query, limit)
    const meaning = await this.rankByMeaning(query, limit, signal)
    return meaning ? merged([words, meaning], limit) : words
  }
}

/** Characters: more of a query says nothing to a small model. */
const longestQuery = 2000

const changed = (model: string) =>
  new WhetError({
    code: 'embedder-changed',
    message: `The model ${model} gives vectors of another length than it gave for the documents: it is another model under the same name. Delete the index ($WHETSTONE_HOME/search), and it is made again.`,
    fixedBy: 'config',
    data: { model },
  })
