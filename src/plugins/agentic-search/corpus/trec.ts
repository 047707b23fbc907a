import { messageOf, readLines, WhetError } from '../../../skill.ts'
import { type Judgements, type Measures, meanOf, measuresOf } from './measures.ts'
import { merged } from './merge.ts'
import type { Ranked } from './search-index.ts'
import type { Searcher } from './searcher.ts'

export interface Topic {
  readonly id: string
  readonly query: string
}

/** `id<TAB>query` lines. @throws {WhetError} bad-topics */
export const readTopics = async (file: string): Promise<Topic[]> => {
  const topics = new Map<string, Topic>()
  for await (const { text, number } of linesOf(file, 'bad-topics')) {
    const tab = text.indexOf('\t')
    const [id, query] = [text.slice(0, tab).trim(), text.slice(tab + 1).trim()]
    if (tab < 0 || id === '') throw bad('bad-topics', file, number, 'write `id<TAB>query`')
    if (topics.has(id)) throw bad('bad-topics', file, number, `the topic ${id} is there twice`)
    topics.set(id, { id, query })
  }
  return [...topics.values()]
}

/** `topic 0 document relevance` lines, by topic. @throws {WhetError} bad-qrels */
export const readQrels = async (file: string): Promise<Map<string, Map<string, number>>> => {
  const qrels = new Map<string, Map<string, number>>()
  for await (const { text, number } of linesOf(file, 'bad-qrels')) {
    const [topic = '', , document = '', relevance = '', more] = text.trim().split(/\s+/)
    if (!/^-?\d+$/.test(relevance) || more !== undefined)
      throw bad('bad-qrels', file, number, 'write `topic 0 document relevance`')
    const judged = qrels.get(topic) ?? new Map<string, number>()
    qrels.set(topic, judged.set(document, Number(relevance)))
  }
  return qrels
}

async function* linesOf(file: string, code: string) {
  try {
    for await (const line of readLines(file))
      if (line.text.trim() !== '') yield { ...line, text: line.text.replace(/\r$/, '') }
  } catch (cause) {
    throw new WhetError({
      code,
      message: `${file} cannot be read (${messageOf(cause)}). Check its path.`,
      fixedBy: 'config',
      exit: 2,
      data: { file },
      cause,
    })
  }
}

const bad = (code: string, file: string, line: number, what: string) =>
  new WhetError({ code, message: `${file}:${line}: ${what}.`, fixedBy: 'config', exit: 2, data: { file, line } })

export interface RetrievalReport extends Measures {
  readonly topics: number // with judgements: the means are over these
  readonly unjudged: number // topics without judgements, left out
  readonly missing: readonly string[] // judged documents that the corpus lacks; relevant ones count as not found
  /** Where the search goes by meaning too: each of the two rankings by itself. */
  readonly apart?: { readonly words: Measures; readonly meaning: Measures }
}

/** As deep as runs are cut for trec_eval. */
const depth = 1000

/**
 * Runs every judged topic and measures the rankings. A topic that finds nothing counts 0 (trec_eval -c); equal scores are
 * ordered by document name, the later one first, as trec_eval does.
 */
export const evaluateRetrieval = async (
  searcher: Searcher,
  topics: readonly Topic[],
  qrels: ReadonlyMap<string, Judgements>,
  { signal, onTopic = () => {} }: { readonly signal: AbortSignal; onTopic?(done: number): void },
): Promise<RetrievalReport> => {
  const { index } = searcher
  const twins = index.duplicates // indexed once, and yet found each under its own name
  const ids = [...index.documents()].flatMap(({ id }) => [id, ...(twins.get(id) ?? [])])
  const nameOf = namesOf(ids, qrels)
  const known = new Set(nameOf.values())
  const judged = topics.filter(({ id }) => qrels.has(id))
  const measured = (id: string, ranking: readonly Ranked[]) => {
    const ranked = ranking.flatMap((hit) =>
      [hit.id, ...(twins.get(hit.id) ?? [])].map((twin) => ({ name: nameOf.get(twin) ?? twin, score: hit.score })),
    )
    ranked.sort((a, b) => b.score - a.score || (a.name < b.name ? 1 : -1))
    return measuresOf([...new Set(ranked.map(({ name }) => name))], qrels.get(id)!)
  }
  const rankings: Record<'words' | 'meaning' | 'both', Measures[]> = { words: [], meaning: [], both: [] }
  for (const [done, { id, query }] of judged.entries()) {
    signal.throwIfAborted()
    onTopic(done)
    // vectors of many queries cost little more than one
    if (done % ahead === 0)
      await searcher.prepare(judged.slice(done, done + ahead).map((topic) => topic.query), signal) // biome-ignore format: one call
    const words = index.rankDocuments(query, depth)
    const meaning = await searcher.rankByMeaning(query, depth, signal)
    rankings.words.push(measured(id, words))
    if (!searcher.byMeaning) continue
    rankings.meaning.push(measured(id, meaning ?? []))
    rankings.both.push(measured(id, merged([words, meaning ?? []], depth)))
  }
  const missing = new Set(
    [...qrels.values()].flatMap((judgements) => [...judgements.keys()].filter((name) => !known.has(name))),
  )
  const apart = { words: meanOf(rankings.words), meaning: meanOf(rankings.meaning) }
  return {
    ...(searcher.byMeaning ? { ...meanOf(rankings.both), apart } : apart.words),
    topics: judged.length,
    unjudged: topics.length - judged.length,
    missing: [...missing],
  }
}

/** Queries that are read as vectors in one request. */
const ahead = 64

/** The judgements' name of each document: its id, or the last part of it where folders hold the files. */
const namesOf = (ids: readonly string[], qrels: ReadonlyMap<string, Judgements>): Map<string, string> => {
  const judged = new Set([...qrels.values()].flatMap((judgements) => [...judgements.keys()]))
  const names = new Map<string, string>()
  for (const id of ids) {
    const last = id.split('/').at(-1)!
    names.set(id, !judged.has(id) && judged.has(last) ? last : id)
  }
  return names
}
