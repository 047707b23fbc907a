import { type Split, splitOf } from '../../skill.ts'
import type { DocumentInfo, SearchIndex } from './corpus/search-index.ts'
import { folded, wordsOf } from './corpus/words.ts'

/** A document with the facts that its head gives, each with one value. */
export interface Entry {
  readonly id: string
  readonly title: string
  readonly chars: number
  readonly facts: ReadonlyMap<string, string>
  readonly cluster: string
}

/** What questions are made from: documents, their facts, and which of them belong together. */
export interface Catalog {
  readonly entries: ReadonlyMap<string, Entry>
  readonly clusters: ReadonlyMap<string, readonly Entry[]> // documents that are split together
  clustersOf(split: Split): readonly string[]
  /** The document that a value names: by title, or by a number as in `Requires: 615`. */
  named(value: string): Entry | undefined
  readonly values: ReadonlyMap<string, readonly Entry[]> // `field\nvalue` -> its documents
  near(entry: Entry): readonly Entry[] // documents whose titles differ from this one's in a word
}

/** Larger clusters would leave no choice of splits. */
const largestCluster = 12
const relations = ['replaces', 'superseded-by', 'requires', 'designer', 'founder', 'teacher']

export const catalogOf = (index: SearchIndex): Catalog => {
  const infos = [...index.documents()]
  const named = namesOf(infos)
  const titles = titlesOf(infos)
  const clusterOf = clustersOf(infos, named, titles)
  const entries = new Map(infos.map((info) => [info.id, entryOf(info, clusterOf(info.id))]))
  const of = (info: DocumentInfo | undefined) => info && entries.get(info.id)
  const near = new Map<string, Entry[]>()
  for (const same of titles.values())
    for (const { id } of same) {
      const others = same.flatMap((info) => (info.id === id ? [] : (of(info) ?? [])))
      near.set(id, [...new Set([...(near.get(id) ?? []), ...others])])
    }
  const clusters = grouped([...entries.values()], ({ cluster }) => [cluster])
  return {
    entries,
    clusters,
    clustersOf: (split) => [...clusters.keys()].filter((cluster) => splitOf(`family:${cluster}`) === split),
    named: (value) => of(named(value)),
    values: grouped([...entries.values()], ({ facts }) => [...facts].map(([name, value]) => `${name}\n${value}`)),
    near: ({ id }) => near.get(id) ?? [],
  }
}

const entryOf = ({ id, title, chars, fields }: DocumentInfo, cluster: string): Entry => {
  const facts = fields.filter(({ name, value }) => name !== 'cluster' && value.length <= 60)
  return { id, title, chars, cluster, facts: new Map(facts.map(({ name, value }) => [name, value])) }
}

export const grouped = <T>(values: readonly T[], keysOf: (value: T) => readonly string[]): Map<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const value of values)
    for (const key of keysOf(value)) {
      const group = groups.get(key)
      if (group) group.push(value)
      else groups.set(key, [value])
    }
  return groups
}

const namesOf = (infos: readonly DocumentInfo[]) => {
  const byTitle = new Map(infos.map((info) => [info.title.toLowerCase(), info]))
  const byNumber = new Map(
    infos.flatMap((info) => (/(\d+)$/.test(info.id) ? [[Number(/(\d+)$/.exec(info.id)![1]), info] as const] : [])),
  )
  return (value: string) =>
    byTitle.get(value.toLowerCase()) ?? (/^\d{1,6}$/.test(value) ? byNumber.get(Number(value)) : undefined)
}

/** Titles of three words and more that are alike but for one word. */
const titlesOf = (infos: readonly DocumentInfo[]): Map<string, DocumentInfo[]> => {
  const groups = grouped(infos, ({ title }) => {
    const words = wordsOf(title).map(folded)
    return words.length < 3 || words.length > 12 ? [] : words.map((_, at) => words.with(at, '*').join(' '))
  })
  for (const [key, same] of groups) if (same.length < 2 || same.length > 4) groups.delete(key)
  return groups
}

/** Documents that name each other, whose titles nearly agree, or whose cluster is told, belong together. */
const clustersOf = (
  infos: readonly DocumentInfo[],
  named: (value: string) => DocumentInfo | undefined,
  titles: ReadonlyMap<string, readonly DocumentInfo[]>,
) => {
  const parent = new Map(infos.map(({ id }) => [id, id]))
  const size = new Map(infos.map(({ id }) => [id, 1]))
  const root = (id: string): string => {
    const above = parent.get(id) ?? id
    return above === id ? id : root(above)
  }
  const join = (a: string, b: string) => {
    const [one, other] = [root(a), root(b)].sort() as [string, string]
    const together = size.get(one)! + size.get(other)!
    if (one === other || together > largestCluster) return
    parent.set(other, one)
    size.set(one, together)
  }
  const told = grouped(infos, ({ fields }) => fields.filter(({ name }) => name === 'cluster').map(({ value }) => value))
  for (const same of [...told.values(), ...titles.values()]) for (const { id } of same.slice(1)) join(same[0]!.id, id)
  for (const { id, fields } of infos)
    for (const { name, value } of fields)
      if (relations.includes(name)) for (const part of value.split(/,\s*/)) if (named(part)) join(id, named(part)!.id)
  return root
}
