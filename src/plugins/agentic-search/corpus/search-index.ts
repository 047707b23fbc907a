import { type Connection, metaOf } from './database.ts'
import type { CorpusNote, Field } from './document.ts'
import { merged, mergedDepth } from './merge.ts'
import { matchExpression, type SearchWords, searchWords, snippetOf } from './words.ts'

/** A document that a search found, by its best passage. */
export interface Hit {
  readonly document: string
  readonly title: string
  readonly file: string
  readonly passage: string // id: the document's with the passage's number
  readonly place: string // where a person finds it in the file: `line 12`, `page 3`
  readonly start: number // of the passage in the document's text, UTF-16 units
  readonly end: number
  readonly score: number // BM25 of the passage, or what merging gave; higher is better
  readonly snippet: string
}

export interface DocumentInfo {
  readonly id: string
  readonly title: string
  readonly file: string
  readonly chars: number
  readonly fields: readonly Field[]
}

export interface Extract {
  readonly document: string
  readonly title: string
  readonly text: string
  readonly start: number
  readonly end: number
  readonly chars: number // of the whole document
  readonly place: string
}

export interface SearchOptions {
  readonly limit: number // documents
  readonly snippetChars?: number
  readonly hidden?: ReadonlySet<string> // documents that are not there for this search
  /** Another ranking of the same documents, which is merged with that by words. */
  readonly also?: readonly Ranked[]
}

/** A document in a ranking, with its best passage. */
export interface Ranked {
  readonly id: string
  readonly rowid: number // of the passage
  readonly score: number // higher is better; means nothing beside another ranking's
}

interface Row {
  readonly rowid: number
  readonly score: number
}
interface PassageRow {
  readonly id: string
  readonly title: string
  readonly file: string
  readonly at: number
  readonly start: number
  readonly place: string
  readonly body: string
}

/** An index to be asked: BM25 over passages, documents ranked by their best one. */
export class SearchIndex {
  constructor(private readonly connection: Connection) {
    const prepare = (sql: string) => connection.prepare(sql)
    this.match = prepare('SELECT rowid, rank AS score FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?')
    this.owner = prepare(
      'SELECT d.number, d.id FROM passages p JOIN documents d ON d.number = p.document WHERE p.number = ?',
    )
    this.passage = prepare(
      'SELECT d.id, d.title, d.file, p.at, p.start, p.place, p.body FROM passages p JOIN documents d ON d.number = p.document WHERE p.number = ?',
    )
    this.document = prepare('SELECT number, id, title, file, chars, fields, same_as FROM documents WHERE id = ?')
    this.from = prepare(
      'SELECT start, place, body FROM passages WHERE document = @number AND start >= (SELECT max(start) FROM passages WHERE document = @number AND start <= @from) ORDER BY start',
    )
  }
  private readonly match
  private readonly owner
  private readonly passage
  private readonly document
  private readonly from

  /** Documents with the best passages for a query, the best first; equal scores by id. */
  search(query: string, options: SearchOptions): { hits: Hit[]; words: SearchWords } {
    const words = searchWords(query)
    const { limit, hidden, also } = options
    const ranked = also
      ? merged([this.rank(words, Math.max(limit, mergedDepth), hidden), also], limit)
      : this.rank(words, limit, hidden)
    const hits = ranked.flatMap(({ rowid, score }) => {
      const row = this.passage.get(rowid) as PassageRow | undefined
      if (!row) return [] // somebody brings the index up to date
      const { id, title, file, at, start, place, body } = row
      const { text: snippet, start: shown } = snippetOf(body, words.words, options.snippetChars ?? 200)
      return {
        document: id,
        title: title || id,
        file,
        passage: `${id}#${at}`,
        place: placeAt(place, body, shown),
        start,
        end: start + body.length,
        score,
        snippet,
      }
    })
    return { hits, words }
  }

  /** Ids and scores alone, as deep as wanted: what measures are made from. */
  rankDocuments(query: string, limit: number): Ranked[] {
    return this.rank(searchWords(query), limit)
  }

  private rank({ words }: SearchWords, limit: number, hidden?: ReadonlySet<string>): Ranked[] {
    if (words.length === 0 || limit < 1) return []
    const expression = matchExpression(words)
    // passages of one document stand together often: more of them are asked for until there are enough documents
    for (let depth = limit + Math.min(2 * limit, 100) + 10; ; depth *= 4) {
      const rows = this.match.all(expression, depth) as Row[]
      const best = new Map<string, Ranked>()
      for (const { rowid, score } of rows) {
        const { id } = this.owner.get(rowid) as { id: string }
        if (!hidden?.has(id) && !best.has(id)) best.set(id, { id, rowid, score: -score }) // SQLite's rank is negative
      }
      if (best.size < limit && rows.length === depth) continue
      return [...best.values()].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, limit)
    }
  }

  info(id: string): DocumentInfo | undefined {
    const row = this.documentRow(id)
    return (
      row && {
        id: row.id,
        title: row.title || row.id,
        file: row.file,
        chars: row.chars,
        fields: JSON.parse(row.fields) as Field[],
      }
    )
  }

  /** At most `most` characters of a document's text from `from` on, ended at a seam where one is near. Undefined: no such document. */
  read(id: string, from: number, most: number): Extract | undefined {
    const row = this.documentRow(id)
    if (!row) return undefined
    const start = Math.max(0, Math.min(from, row.chars))
    let [text, place] = ['', '']
    for (const part of this.from.iterate({ number: row.number, from: start }) as Iterable<{
      start: number
      place: string
      body: string
    }>) {
      place ||= part.place
      text += part.body.slice(Math.max(0, start - part.start))
      if (text.length > most) break
    }
    const cut = text.length <= most ? text : endedWell(text.slice(0, most))
    return {
      document: row.id,
      title: row.title || row.id,
      text: cut,
      start,
      end: start + cut.length,
      chars: row.chars,
      place: place || 'the end',
    }
  }

  private documentRow(id: string) {
    type DocumentRow = {
      number: number
      id: string
      title: string
      file: string
      chars: number
      fields: string
      same_as: string | null
    }
    const row = this.document.get(id) as DocumentRow | undefined
    return row?.same_as == null ? row : (this.document.get(row.same_as) as DocumentRow)
  }

  /** Every document once, by id. */
  *documents(): Generator<DocumentInfo> {
    const rows = this.connection
      .prepare('SELECT id, title, file, chars, fields FROM documents WHERE same_as IS NULL ORDER BY id')
      .iterate()
    for (const row of rows as Iterable<{ id: string; title: string; file: string; chars: number; fields: string }>)
      yield { ...row, fields: JSON.parse(row.fields) as Field[] }
  }

  /** Documents with the same text as an indexed one, by the indexed one's id. */
  get duplicates(): Map<string, string[]> {
    const rows = this.connection
      .prepare('SELECT id, same_as FROM documents WHERE same_as IS NOT NULL ORDER BY id')
      .all()
    const twins = new Map<string, string[]>()
    for (const { id, same_as } of rows as { id: string; same_as: string }[])
      twins.set(same_as, [...(twins.get(same_as) ?? []), id])
    return twins
  }

  get counts(): { documents: number; passages: number; duplicates: number; files: number } {
    const count = (sql: string) => this.connection.prepare(sql).pluck().get() as number
    return {
      files: count('SELECT count(*) FROM files'),
      documents: count('SELECT count(*) FROM documents WHERE same_as IS NULL'),
      duplicates: count('SELECT count(*) FROM documents WHERE same_as IS NOT NULL'),
      passages: count('SELECT count(*) FROM passages'),
    }
  }

  /** Of ids and texts: the same for the same documents, wherever they lie. */
  get corpus(): string {
    return metaOf(this.connection, 'corpus') ?? ''
  }

  /** What could not be indexed, or only in part. */
  get notes(): CorpusNote[] {
    const perFile = this.connection
      .prepare("SELECT notes FROM files WHERE notes <> '[]' ORDER BY path")
      .pluck()
      .all() as string[]
    const all = [metaOf(this.connection, 'notes') ?? '[]', ...perFile]
    return all.flatMap((text) => JSON.parse(text) as CorpusNote[])
  }

  /** A whole copy in one new file, as of now, whoever writes meanwhile. */
  copyTo(file: string): void {
    this.connection.prepare('VACUUM INTO ?').run(file)
  }

  close(): void {
    this.connection.close()
  }
}

/** Inside a passage of a plain text the line can be told; of other formats the passage's own place is. */
const placeAt = (place: string, body: string, shown: number): string => {
  const line = /^line (\d+)$/.exec(place)?.[1]
  if (!line) return place
  const lead = body.length - body.trimStart().length
  const further = body.slice(lead, Math.max(lead, shown)).split('\n').length - 1
  return `line ${Number(line) + further}`
}

const endedWell = (text: string): string => {
  const seam = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('. ') + 1, text.lastIndexOf(' '))
  const code = text.charCodeAt(text.length - 1)
  if (seam > text.length * 0.6) return text.slice(0, seam)
  return code >= 0xd800 && code < 0xdc00 ? text.slice(0, -1) : text
}
