/** Questions that are not to be answered: which one is meant has to be asked back, or nothing says it. */
import type { Entry } from '../catalog.ts'
import { folded, wordsOf } from '../corpus/words.ts'
import { wordingOf } from '../wordings.ts'
import { ask, askable, type Library, need, type Parts, simpleFacts, spoken, titleQuery } from './parts.ts'

export async function* ambiguous(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for (const first of entries) {
    const [second, ...more] = library.catalog.near(first)
    if (!second || more.length > 0 || first.id > second.id || !entries.includes(second)) continue
    const common = wordsOf(first.title).filter((word) => wordsOf(second.title).map(folded).includes(folded(word)))
    const query = common.join(' ')
    if (!(await library.shows(query, first.id)) || !(await library.shows(query, second.id))) continue
    for (const { field, wording } of askable(first))
      for (const asks of second.facts.has(field) ? wording.asks : [])
        yield {
          kind: 'ambiguous',
          question: ask(asks, common.length < wordsOf(first.title).length - 1 ? spoken(query) : `the ${query}`),
          needs: [],
          looks: [need(first, query)],
          answers: [],
          names: [first.title, second.title],
        }
  }
}

/** What was written down about this document is gone, or was never said. */
export async function* unanswerable(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  const fields = new Set(entries.flatMap((entry) => [...askable(entry)].map(({ field }) => field)))
  for (const entry of entries) {
    const query = titleQuery(entry)
    for await (const { question, answers } of simpleFacts(entry, library))
      if (!library.elsewhere(entry.title, answers[0]!, entry.id))
        yield {
          kind: 'unanswerable',
          question,
          needs: [],
          looks: [need(entry, query)],
          answers: [],
          hidden: [entry.id],
        }
    if (!(await library.shows(query, entry.id))) continue
    for (const field of fields) {
      const asks = wordingOf(field)?.asks[0]
      if (
        !asks ||
        entry.facts.has(field) ||
        !sameSort(entry, field, entries) ||
        wordsOf(library.text(entry.id)).map(folded).includes(field)
      )
        continue
      yield {
        kind: 'unanswerable',
        question: ask(asks, spoken(entry.title)),
        needs: [],
        looks: [need(entry, query)],
        answers: [],
      }
    }
  }
}

/** Whether documents with this one's facts have the fact elsewhere: else the question would be silly. */
const sameSort = (entry: Entry, field: string, entries: readonly Entry[]) =>
  entries.some((other) => other.facts.has(field) && [...entry.facts.keys()].some((name) => other.facts.has(name)))
