import { createHash } from 'node:crypto'
import { position } from '../../skill.ts'
import type { Catalog, Entry } from './catalog.ts'
import { folded, wordsOf } from './corpus/words.ts'
import { products, qualities } from './facts.ts'
import { Item, type Kind, type Need } from './item.ts'
import { timeOf, type Wording, wordingOf } from './wordings.ts'

/** What is looked up while questions are made: every promise of an item is checked against the index. */
export interface Library {
  readonly catalog: Catalog
  /** Whether a search shows a document as the student would see it. */
  shows(query: string, document: string, hidden?: readonly string[]): boolean
  /** The part of a document that one reading shows. */
  text(document: string): string
  /** Whether another document holds both texts. */
  elsewhere(title: string, value: string, but: string): boolean
}

type Parts = Pick<Item, 'kind' | 'question' | 'needs' | 'answers'> & Partial<Item>
type Maker = (entries: readonly Entry[], library: Library) => Generator<Parts>

/** Every question of a kind that a cluster of documents gives, the same at each call. */
export const draftsOf = (kind: Kind, cluster: string, library: Library): Item[] => {
  const entries = library.catalog.clusters.get(cluster) ?? []
  return [...makers[kind](entries, library)].map((parts) => itemOf(parts, cluster))
}

const itemOf = (parts: Parts, cluster: string): Item => {
  const { kind, question, context, needs, hidden = [] } = parts
  const id = createHash('sha256')
    .update(JSON.stringify([kind, question, context ?? '', hidden]))
    .digest('hex')
    .slice(0, 12)
  const hops = kind === 'in-context' ? 0 : new Set(needs.map(({ document }) => document)).size
  const tags = { kind: [kind], hops: [String(Math.min(3, hops))] }
  const rest = { looks: [], evidence: [], canaries: [], names: [], hidden: [] }
  return Item.parse({ id: `${kind}-${id}`, family: cluster, tags, ...rest, ...parts }) // its keys in the schema's order
}

/** A title as it is spoken of: names as they are, other titles in quotes. */
const spoken = (title: string) => (/^\p{Lu}[\p{L}]*( \p{Lu}[\p{L}]*){0,3}$/u.test(title) ? title : `"${title}"`)
const ask = (template: string, it: string, value = '') => template.replace('{it}', it).replace('{value}', value)
const titleQuery = ({ title }: Entry) => wordsOf(title).slice(0, 10).join(' ')

const need = ({ id }: Entry, ...queries: string[]): Need => ({ document: id, queries })

/** The facts of a document that can be asked for. */
function* askable(entry: Entry): Generator<{ field: string; value: string; wording: Wording }> {
  for (const [field, value] of entry.facts) {
    const wording = wordingOf(field)
    if (wording && !/[,;]/.test(value)) yield { field, value, wording }
  }
}

function* fact(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const entry of entries) {
    if (library.catalog.near(entry).length > 0 || !library.shows(titleQuery(entry), entry.id)) continue
    for (const parts of simpleFacts(entry, library)) yield { kind: 'fact', ...parts }
    yield* gaps(entry, library)
  }
}

type Simple = Pick<Item, 'question' | 'needs' | 'answers' | 'evidence'> & { readonly field: string }

function* simpleFacts(entry: Entry, library: Library): Generator<Omit<Simple, 'field'>> {
  for (const { field: _, ...parts } of factsWithField(entry, library)) yield parts
}

function* factsWithField(entry: Entry, library: Library): Generator<Simple> {
  const text = library.text(entry.id)
  for (const { field, value, wording } of askable(entry)) {
    if (!text.includes(value)) continue
    for (const asks of wording.asks) {
      const question = ask(asks, spoken(entry.title))
      const needs = [need(entry, ...withBadFirst(question, field, entry, library))]
      yield { field, question, needs, answers: [value], evidence: [{ document: entry.id, text: value }] }
    }
  }
}

/** Every fourth question begins with a query that is too general, so that the gold shows how to go on after it. */
const withBadFirst = (question: string, field: string, entry: Entry, library: Library): string[] => {
  const bad = `${field.replace('-', ' ')} ${wordsOf(entry.title).at(-1)?.toLowerCase() ?? ''}`.trim()
  const wanted = position(`recovery:${question}`) < 0.25
  return wanted && !library.shows(bad, entry.id) ? [bad, titleQuery(entry)] : [titleQuery(entry)]
}

const gapWord = /(?<=[\p{Ll},] )(\p{Lu}[\p{L}]{3,}|\d[\d.,]*\d)(?=[ ,.])/gu

/** A sentence with a gap where a name or a number was: questions that any text gives. At most two a document. */
function* gaps(entry: Entry, library: Library): Generator<Parts> {
  if (entry.facts.size > 1) return
  const text = library.text(entry.id)
  let made = 0
  for (const { 0: sentence } of text.matchAll(/(?<=[.!?\n]\s)\p{Lu}[^.!?]{50,180}[.!?](?=\s)/gu)) {
    const words = [...sentence.matchAll(gapWord)].filter(({ 0: word }) => text.split(word).length === 2)
    const gap = words.at(-1)
    if (!gap || made === 2) continue
    made += 1
    const line = `${sentence.slice(0, gap.index)}____${sentence.slice(gap.index + gap[0].length)}`.replace(/\s+/g, ' ')
    const question = `What stands in the gap, in ${spoken(entry.title)}? ${line}`
    yield {
      kind: 'fact',
      question,
      needs: [need(entry, titleQuery(entry))],
      answers: [gap[0]],
      evidence: [{ document: entry.id, text: gap[0] }],
    }
  }
}

function* nearTitle(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const entry of entries) {
    const twins = library.catalog.near(entry)
    if (twins.length === 0 || !library.shows(titleQuery(entry), entry.id)) continue
    for (const { field, ...parts } of factsWithField(entry, library)) {
      const canaries = twins
        .flatMap((twin) => twin.facts.get(field) ?? [])
        .filter((value) => value !== parts.answers[0])
      yield { kind: 'near-title', ...parts, canaries }
    }
  }
}

const firstWords = (values: typeof products, phrase: string) =>
  values.find(([word]) => phrase.split(' ').includes(word))

function* mismatch(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const entry of entries) {
    const made = entry.facts.get('product') ?? ''
    const [product, quality] = [firstWords(products, made), firstWords(qualities, made)]
    const director = entry.facts.get('director')
    if (!product || !quality || !director) continue
    const asked = `${quality[1]} ${product[1]}`
    if (library.shows(asked, entry.id) || !library.shows(made, entry.id)) continue
    for (const question of [
      `Who heads the firm that makes ${asked}?`,
      `Whom does one ask for where they make ${asked}?`,
    ])
      yield {
        kind: 'mismatch',
        question,
        needs: [need(entry, asked, made)],
        answers: [director],
        evidence: [{ document: entry.id, text: director }],
      }
  }
}

/** Pairs of documents with a time of the same name. */
function* timed(
  entries: readonly Entry[],
): Generator<{ a: Entry; b: Entry; field: string; wording: Wording; aFirst: boolean }> {
  for (const [index, a] of entries.entries())
    for (const b of entries.slice(index + 1))
      for (const { field, value, wording } of askable(a)) {
        const [one, other] = [timeOf(value), timeOf(b.facts.get(field) ?? '')]
        if (wording.first && one !== undefined && other !== undefined && Math.abs(one - other) > 0.01)
          yield { a, b, field, wording, aFirst: one < other }
      }
}

function* comparison(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const { a, b, field, wording, aFirst } of timed(entries))
    for (const [which, right] of [
      [wording.first!, aFirst ? a : b],
      [wording.last!, aFirst ? b : a],
    ] as const) {
      if (!library.shows(titleQuery(a), a.id) || !library.shows(titleQuery(b), b.id)) continue
      const wrong = right === a ? b : a
      yield {
        kind: 'comparison',
        question: `Which was ${which}, ${spoken(a.title)} or ${spoken(b.title)}?`,
        needs: [need(a, titleQuery(a)), need(b, titleQuery(b))],
        answers: [right.title],
        canaries: [wrong.title],
        evidence: [a, b].map((entry) => ({ document: entry.id, text: entry.facts.get(field)! })),
      }
    }
}

function* twoHop(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const a of entries)
    for (const { field: relation, value } of askable(a)) {
      const b = library.catalog.named(value)
      const through = wordingOf(relation)?.relation
      if (!through || !b || b === a || b.cluster !== a.cluster) continue
      if (!library.shows(titleQuery(a), a.id) || !library.shows(titleQuery(b), b.id)) continue
      for (const { value: answer, wording } of askable(b)) {
        if (answer === a.title || !library.text(b.id).includes(answer)) continue
        for (const asks of wording.asks.slice(0, 1))
          yield {
            kind: 'two-hop',
            question: ask(asks, ask(through, spoken(a.title))),
            needs: [need(a, titleQuery(a)), need(b, titleQuery(b))],
            answers: [answer],
            evidence: [{ document: a.id, text: value }, { document: b.id, text: answer }],
          } // biome-ignore format: one item
      }
    }
}

interface Group {
  readonly value: string
  readonly members: readonly Entry[]
  readonly query: string
  readonly several: NonNullable<Wording['several']>
}

/** Documents of the cluster that share a fact, all of them found by one query. */
function* sharing(entries: readonly Entry[], { catalog, shows }: Library): Generator<Group> {
  const seen = new Set<string>()
  for (const entry of entries)
    for (const { field, value, wording } of askable(entry)) {
      const key = `${field}\n${value}`
      const members = catalog.values.get(key) ?? []
      if (
        !wording.several ||
        seen.has(key) ||
        members.length > 3 ||
        members.some(({ cluster }) => cluster !== entry.cluster)
      )
        continue
      seen.add(key)
      const queries = [`${field} ${value}`, `${wording.several.thing.split(' ')[0]} ${field} ${value}`]
      const query = queries.find((each) => members.every(({ id }) => shows(each, id)))
      if (query) yield { value, members, query, several: wording.several }
    }
}

const numerals = ['zero', 'one', 'two', 'three']

function* aggregation(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const { value, members, query, several } of sharing(entries, library)) {
    const count = members.length
    const needs = members.map((entry) => need(entry, query))
    const evidence = members.map(({ id }) => ({ document: id, text: value }))
    yield {
      kind: 'aggregation',
      question: ask(several.count, '', value),
      needs,
      answers: [String(count), numerals[count]!],
      evidence,
    }
  }
}

function* temporal(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const { value, members, query, several } of sharing(entries, library)) {
    if (members.length !== 2) continue
    for (const { a, b, wording, aFirst, field } of timed(members))
      for (const [which, right] of [
        [wording.first!, aFirst ? a : b],
        [wording.last!, aFirst ? b : a],
      ] as const)
        yield {
          kind: 'temporal',
          question: `Which ${several.thing.replace('{value}', value)} was ${which}?`,
          needs: members.map((entry) => need(entry, query)),
          answers: [right.title],
          canaries: [right === a ? b.title : a.title],
          evidence: members.map((entry) => ({ document: entry.id, text: entry.facts.get(field)! })),
        }
  }
}

function* negation(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const { value, members, query, several } of sharing(entries, library)) {
    if (members.length !== 2) continue
    for (const named of members) {
      const other = members.find((entry) => entry !== named)!
      yield {
        kind: 'negation',
        question: `Apart from ${spoken(named.title)}, which is the other ${several.thing.replace('{value}', value)}?`,
        needs: [need(other, query)],
        answers: [other.title],
        canaries: [named.title],
        evidence: [{ document: other.id, text: value }],
      }
    }
  }
}

function* ambiguous(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const first of entries) {
    const [second, ...more] = library.catalog.near(first)
    if (!second || more.length > 0 || first.id > second.id || !entries.includes(second)) continue
    const common = wordsOf(first.title).filter((word) => wordsOf(second.title).map(folded).includes(folded(word)))
    const query = common.join(' ')
    if (!library.shows(query, first.id) || !library.shows(query, second.id)) continue
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

function* inContext(entries: readonly Entry[], library: Library): Generator<Parts> {
  for (const entry of entries)
    for (const { field, ...parts } of factsWithField(entry, library))
      yield {
        kind: 'in-context',
        ...parts,
        needs: [],
        evidence: [],
        context: `${entry.title}, ${field.replace('-', ' ')}: ${parts.answers[0]}.`,
      }
}

/** What was written down about this document is gone, or was never said. */
function* unanswerable(entries: readonly Entry[], library: Library): Generator<Parts> {
  const fields = new Set(entries.flatMap((entry) => [...askable(entry)].map(({ field }) => field)))
  for (const entry of entries) {
    const query = titleQuery(entry)
    for (const { question, answers } of simpleFacts(entry, library))
      if (!library.elsewhere(entry.title, answers[0]!, entry.id))
        yield {
          kind: 'unanswerable',
          question,
          needs: [],
          looks: [need(entry, query)],
          answers: [],
          hidden: [entry.id],
        }
    if (!library.shows(query, entry.id)) continue
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

const makers: Readonly<Record<Kind, Maker>> = {
  fact,
  'near-title': nearTitle,
  mismatch,
  comparison,
  'two-hop': twoHop,
  aggregation,
  temporal,
  negation,
  ambiguous,
  'in-context': inContext,
  unanswerable,
}
