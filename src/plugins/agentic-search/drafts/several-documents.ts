/** Questions that need more than one document: held side by side, one behind the other, or counted. */
import type { Entry } from '../catalog.ts'
import { timeOf, type Wording, wordingOf } from '../wordings.ts'
import { ask, askable, type Library, need, type Parts, spoken, titleQuery } from './parts.ts'

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

export async function* comparison(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for (const { a, b, field, wording, aFirst } of timed(entries))
    for (const [which, right] of [
      [wording.first!, aFirst ? a : b],
      [wording.last!, aFirst ? b : a],
    ] as const) {
      if (!(await library.shows(titleQuery(a), a.id)) || !(await library.shows(titleQuery(b), b.id))) continue
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

export async function* twoHop(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for (const a of entries)
    for (const { field: relation, value } of askable(a)) {
      const b = library.catalog.named(value)
      const through = wordingOf(relation)?.relation
      if (!through || !b || b === a || b.cluster !== a.cluster) continue
      if (!(await library.shows(titleQuery(a), a.id)) || !(await library.shows(titleQuery(b), b.id))) continue
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
async function* sharing(entries: readonly Entry[], { catalog, shows }: Library): AsyncGenerator<Group> {
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
      const query = await firstThatShows(queries, members, shows)
      if (query) yield { value, members, query, several: wording.several }
    }
}

const firstThatShows = async (queries: readonly string[], all: readonly Entry[], shows: Library['shows']) => {
  for (const query of queries) {
    let shown = 0
    for (const { id } of all) if (await shows(query, id)) shown += 1
    if (shown === all.length) return query
  }
  return undefined
}

const numerals = ['zero', 'one', 'two', 'three']

export async function* aggregation(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for await (const { value, members, query, several } of sharing(entries, library)) {
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

export async function* temporal(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for await (const { value, members, query, several } of sharing(entries, library)) {
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

export async function* negation(entries: readonly Entry[], library: Library): AsyncGenerator<Parts> {
  for await (const { value, members, query, several } of sharing(entries, library)) {
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
