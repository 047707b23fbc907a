import type { Connection } from './database.ts'
import type { Ranked } from './search-index.ts'

/** All vectors of an index in memory, to be held against a query's one by one: exact, and fast enough for 100,000 of them. */
export class Meaning {
  readonly #matrix: Float32Array // one unit vector after another
  readonly #passages: Int32Array // of each vector
  readonly #documents: Int32Array
  readonly #ids: ReadonlyMap<number, string>

  /** @param dimensions numbers of a vector */
  private constructor(
    connection: Connection,
    readonly dimensions: number,
  ) {
    const count = connection.prepare('SELECT count(*) FROM windows').pluck().get() as number
    this.#matrix = new Float32Array(count * dimensions)
    this.#passages = new Int32Array(count)
    this.#documents = new Int32Array(count)
    const bytes = Buffer.from(this.#matrix.buffer)
    const rows = connection
      .prepare(
        'SELECT w.passage, p.document, v.vector FROM windows w JOIN passages p ON p.number = w.passage JOIN vectors v ON v.number = w.vector',
      )
      .raw()
      .iterate() as Iterable<[passage: number, document: number, vector: Buffer]>
    let at = 0
    for (const [passage, document, vector] of rows) {
      vector.copy(bytes, at * dimensions * 4)
      this.#passages[at] = passage
      this.#documents[at] = document
      at += 1
    }
    const names = connection.prepare('SELECT number, id FROM documents').raw().all() as [number, string][]
    this.#ids = new Map(names)
  }

  /** Undefined where the index has no vectors. */
  static of(connection: Connection): Meaning | undefined {
    const made = connection.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'windows'").get()
    const length = made && connection.prepare('SELECT length(vector) FROM vectors LIMIT 1').pluck().get()
    return typeof length === 'number' ? new Meaning(connection, length / 4) : undefined
  }

  /** Documents by the cosine of their nearest passage, the best first; equal ones by id. */
  rank(query: Float32Array, limit: number, hidden?: ReadonlySet<string>): Ranked[] {
    const best = new Map<number, { score: number; rowid: number }>()
    const count = this.#passages.length
    for (let at = 0; at < count; at += 1) {
      const score = this.#dot(query, at * this.dimensions)
      const document = this.#documents[at]!
      const known = best.get(document)
      if (!known) best.set(document, { score, rowid: this.#passages[at]! })
      else if (score > known.score) {
        known.score = score
        known.rowid = this.#passages[at]!
      }
    }
    const ranked: Ranked[] = []
    for (const [document, { score, rowid }] of best) {
      const id = this.#ids.get(document)!
      if (!hidden?.has(id)) ranked.push({ id, rowid, score })
    }
    return ranked.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, limit)
  }

  #dot(query: Float32Array, from: number): number {
    const matrix = this.#matrix
    let sum = 0
    for (let index = 0; index < query.length; index += 1) sum += query[index]! * matrix[from + index]!
    return sum
  }
}
