import { excerpt, spanIn } from '../../skill.ts'
import type { Entry } from './catalog.ts'
import type { SearchIndex } from './corpus/search-index.ts'
import { wordsOf } from './corpus/words.ts'
import type { Definition } from './definition.ts'
import { titleQuery } from './drafts/parts.ts'
import type { Opened } from './library.ts'
import type { Question } from './teacher.ts'
import { answerWords, says } from './text.ts'

export { says }

/** What one reading of a document shows. */
export interface Chunk {
  readonly entry: Entry
  readonly text: string
}

/** A question that is fit to be asked. The quote is the document's own text, letter for letter. */
export interface Checked {
  readonly question: string
  readonly answer: string
  readonly quote: string
  readonly queries: readonly string[] // the last surely shows the document
}

const shortestChunk = 300 // characters
/** Readings of one document that a question may take: a good searcher does not leaf for long. */
const mostReadings = 3
const mostAnswerWords = 10
const mostQueryWords = 8
/** Documents that a question finds, which are looked through for its answer. */
const rivals = 10

/** The parts of a document from which questions are written: its first readings, as a searcher gets them. */
export const chunksOf = (entry: Entry, index: SearchIndex, definition: Definition): Chunk[] => {
  const { mode, readChars, maxSteps, totalChars } = definition
  // two searches and the answer take steps too; with fixed results nobody reads on
  const most = mode === 'static' ? 1 : Math.min(mostReadings, maxSteps - 3, Math.floor(totalChars / readChars) - 1)
  const chunks: Chunk[] = []
  for (let [from, reading] = [0, 0]; reading < most && from < entry.chars; reading += 1) {
    const extract = index.read(entry.id, from, readChars)
    if (!extract || extract.end <= from) break
    if (extract.text.trim().length >= shortestChunk) chunks.push({ entry, text: extract.text })
    from = extract.end
  }
  return chunks
}

/** The question with its queries, or why it is not kept. */
export const checkQuestion = async (
  { question: said, answer, quote, query }: Question,
  { entry, text }: Chunk,
  { index, library }: Opened,
  signal: AbortSignal,
): Promise<Checked | string> => {
  const question = excerpt(said, 300).trim()
  const words = answerWords(answer).length
  if (!question.endsWith('?') || wordsOf(question).length < 4) return 'no question'
  if (words === 0 || words > mostAnswerWords) return 'without a short answer'
  const span = spanOf(text, quote)
  if (span === undefined) return 'not in the text'
  if (!says(span, answer)) return 'not answered by its sentence'
  if (says(question, answer)) return 'with the answer in it'
  if (pointing.test(question)) return 'speaking of the text itself'
  if (elsewhere(question, answer, entry, index)) return 'said elsewhere'
  const queries = await queriesFor(query, question, entry, library(signal).shows)
  return queries ? { question, answer: answer.trim(), quote: span, queries } : 'not found by a search'
}

const pointing =
  /\b(?:this|the|that) (?:text|document|passage|excerpt|section|paragraph|article|page|author of this)\b|\baccording to (?:this|the (?:text|document))\b/i

/** The sentence as the document has it; undefined where it has it not, or where a search shows it otherwise. */
const spanOf = (text: string, quote: string): string | undefined => {
  const found = spanIn(text, quote)
  return found === undefined || /<[|/t]/.test(found) ? undefined : found
}

/** Whether a passage of another document, found by the question with or without its answer, says the answer too. */
const elsewhere = (question: string, answer: string, entry: Entry, index: SearchIndex): boolean =>
  [question, `${question} ${answer}`].some((query) =>
    index
      .search(query, { limit: rivals, snippetChars: 0 })
      .hits.filter(({ document }) => document !== entry.id)
      .some(({ document, start, end }) => says(index.read(document, start, end - start)?.text ?? '', answer)),
  )

/** The teacher's query, or after it the document's title: what a good searcher tries when the first one fails. */
const queriesFor = async (
  query: string,
  question: string,
  entry: Entry,
  shows: (query: string, document: string) => Promise<boolean>,
): Promise<string[] | undefined> => {
  const own = query.trim()
  const asked = new Set(answerWords(question))
  const words = answerWords(own)
  const fit = words.length > 0 && words.length <= mostQueryWords && words.length < asked.size
  if (fit && (await shows(own, entry.id))) return [own]
  const title = titleQuery(entry)
  if (!(await shows(title, entry.id))) return undefined
  return fit ? [own, title] : [title]
}
