/** What the makers of every kind of question share: how a document is spoken of and asked about. */
import { position } from '../../../skill.ts'
import type { Catalog, Entry } from '../catalog.ts'
import { wordsOf } from '../corpus/words.ts'
import type { Item, Need } from '../item.ts'
import { type Wording, wordingOf } from '../wordings.ts'

/** What is looked up while questions are made: every promise of an item is checked against the index. */
export interface Library {
  readonly catalog: Catalog
  /** Whether a search shows a document as the student would see it. */
  shows(query: string, document: string): Promise<boolean>
  /** Whether searches go by meaning too: other words for a thing may find it. */
  readonly byMeaning: boolean
  /** The part of a document that one reading shows. */
  text(document: string): string
  /** Whether another document holds both texts. */
  elsewhere(title: string, value: string, but: string): boolean
}

/** What a maker says of an item; the rest is the same for all. */
export type Parts = Pick<Item, 'kind' | 'question' | 'needs' | 'answers'> & Partial<Item>
export type Maker = (entries: readonly Entry[], library: Library) => AsyncGenerator<Parts>

/** A title as it is spoken of: names as they are, other titles in quotes. */
export const spoken = (title: string) => (/^\p{Lu}[\p{L}]*( \p{Lu}[\p{L}]*){0,3}$/u.test(title) ? title : `"${title}"`)

/** A template with what it asks about. */
export const ask = (template: string, it: string, value = '') => template.replace('{it}', it).replace('{value}', value)

/** What a student would search for to see this document. */
export const titleQuery = ({ title }: Entry) => wordsOf(title).slice(0, 10).join(' ')

export const need = ({ id }: Entry, ...queries: string[]): Need => ({ document: id, queries })

/** The facts of a document that can be asked for. */
export function* askable(entry: Entry): Generator<{ field: string; value: string; wording: Wording }> {
  for (const [field, value] of entry.facts) {
    const wording = wordingOf(field)
    if (wording && !/[,;]/.test(value)) yield { field, value, wording }
  }
}

type Simple = Pick<Item, 'question' | 'needs' | 'answers' | 'evidence'> & { readonly field: string }

/** Questions whose answer is one fact of one document, each in all of its wordings. */
export async function* simpleFacts(entry: Entry, library: Library): AsyncGenerator<Omit<Simple, 'field'>> {
  for await (const { field: _, ...parts } of factsWithField(entry, library)) yield parts
}

export async function* factsWithField(entry: Entry, library: Library): AsyncGenerator<Simple> {
  const text = library.text(entry.id)
  for (const { field, value, wording } of askable(entry)) {
    if (!text.includes(value)) continue
    for (const asks of wording.asks) {
      const question = ask(asks, spoken(entry.title))
      const needs = [need(entry, ...(await withBadFirst(question, field, entry, library)))]
      yield { field, question, needs, answers: [value], evidence: [{ document: entry.id, text: value }] }
    }
  }
}

/** Every fourth question begins with a query that is too general, so that the gold shows how to go on after it. */
const withBadFirst = async (question: string, field: string, entry: Entry, library: Library): Promise<string[]> => {
  const bad = `${field.replace('-', ' ')} ${wordsOf(entry.title).at(-1)?.toLowerCase() ?? ''}`.trim()
  const wanted = position(`recovery:${question}`) < 0.25
  return wanted && !(await library.shows(bad, entry.id)) ? [bad, titleQuery(entry)] : [titleQuery(entry)]
}
