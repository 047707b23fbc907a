/** A small made-up world, for students that learn in minutes: short documents whose facts are all known, and true nowhere else. */
import { mulberry32, pick, type Random, seedFrom, shuffle } from '../../skill.ts'
import { type Field, lineStarts, placesOf, type ReadDocument } from './corpus/document.ts'
import type { Source } from './corpus/update.ts'

/** What is made in a town, and what people call it who do not know the word in the document. */
export const products: readonly (readonly [word: string, asked: string])[] = [
  ['clocks', 'timepieces'], ['bells', 'chimes'], ['boots', 'footwear'], ['lamps', 'lights'], ['boats', 'vessels'], ['spectacles', 'glasses'],
  ['carpets', 'rugs'], ['cupboards', 'closets'], ['mirrors', 'looking-glasses'], ['bicycles', 'bikes'], ['candies', 'sweets'], ['cradles', 'cots'],
  ['kettles', 'teapots'], ['lifts', 'elevators'], ['motors', 'engines'], ['jars', 'pots'], ['ropes', 'cords'], ['stoves', 'ovens'],
  ['toys', 'playthings'], ['wagons', 'carts'], ['violins', 'fiddles'], ['parcels', 'packages'], ['fences', 'railings'], ['brooms', 'sweepers'],
] // biome-ignore format: a table
export const qualities: readonly (readonly [word: string, asked: string])[] = [
  ['red', 'scarlet'], ['large', 'big'], ['tiny', 'minute'], ['round', 'circular'], ['quiet', 'silent'], ['costly', 'expensive'],
  ['strong', 'sturdy'], ['shiny', 'gleaming'], ['odd', 'strange'], ['quick', 'fast'],
] // biome-ignore format: a table

interface Draft {
  readonly title: string
  readonly facts: readonly (readonly [name: string, value: string, sentence: string])[]
}

/** The documents of one town: two bridges whose names differ in a word, two people, a works, a museum and a fair. */
const townOf = (town: string, names: readonly string[], number: number, random: Random): Draft[] => {
  const [first = '', second = '', works = '', third = ''] = names
  const people = [first, second] as const
  const year = (from: number, to: number) => String(from + Math.floor(random() * (to - from)))
  const years = shuffle(
    random,
    Array.from({ length: 60 }, (_, index) => String(1850 + 2 * index + Math.floor(random() * 2))),
  )
  const designers = random() < 0.7 ? [people[0], people[0]] : shuffle(random, people)
  const [product] = products[number % products.length]!
  const [quality] = qualities[(3 * Math.floor(number / products.length) + number) % qualities.length]!
  const bridge = (title: string, index: number): Draft => ({
    title,
    facts: [
      ['opened', years[index]!, `Opened in ${years[index]}.`],
      ['designer', designers[index]!, `Designer: ${designers[index]}.`],
      ...(index === 0 || random() < 0.5
        ? [['length', `${40 + Math.floor(random() * 900)} metres`, 'Length: %.'] as const]
        : []),
    ].map(([name, value, sentence]) => [name!, value!, sentence!.replace('%', value!)] as const),
  })
  const person = (name: string, index: number): Draft => ({
    title: name,
    facts: [
      ['born', year(1790, 1840), 'Born in %.'],
      ['teacher', people[1 - index]!, index === 0 ? 'Teacher: %.' : ''],
      [
        'home',
        `${pick(random, ['Kite', 'Mill', 'Harbour', 'Orchard', 'Tanner', 'Castle'])} ${pick(random, ['Street', 'Lane', 'Square'])}`,
        'Home: %.',
      ],
    ]
      .filter(([, , sentence]) => sentence !== '')
      .map(([field, value, sentence]) => [field!, value!, sentence!.replace('%', value!)] as const),
  })
  const named = (title: string, facts: readonly (readonly [string, string, string])[]): Draft => ({
    title,
    facts: facts.map(([name, value, sentence]) => [name, value, sentence.replace('%', value)] as const),
  })
  return [
    bridge(`Old ${town} Bridge`, 0),
    bridge(`New ${town} Bridge`, 1),
    person(people[0], 0),
    person(people[1], 1),
    named(`${works} Company`, [
      ['product', `${quality} ${product}`, 'Produces %.'],
      ['director', `${pick(random, givenNames)} ${third}`, 'Director: %.'],
    ]),
    named(`${town} Museum`, [
      ['founded', years[5]!, 'Founded in %.'],
      ['founder', pick(random, people), 'Founder: %.'],
    ]),
    named(`${town} Fair`, [
      ['month', pick(random, ['March', 'April', 'May', 'June', 'July', 'September', 'October']), 'Held in %.'],
      ['begun', years[6]!, 'Begun in %.'],
    ]),
  ]
}

const givenNames =
  'Ada Bram Cora Dario Edda Finn Greta Hugo Ines Jonas Kira Leo Mara Nils Olga Piet Rosa Sven Tilda Udo'.split(' ')

/** Short, since a small student writes them letter by letter. */
const idOf = (number: number) => String(10 + number)

/** Names of five letters that nobody has: a student cannot know them by heart, and they are a few tokens long. */
const shortNames = (count: number, random: Random): string[] => {
  const names = new Set<string>()
  const letters = () => [
    pick(random, [...'BDFGHKLMNPRSTVZ']),
    pick(random, [...'aeiou']),
    pick(random, [...'bdklmnrstv']),
    pick(random, [...'aeio']),
    pick(random, [...'klmnrst']),
  ]
  while (names.size < count) names.add(letters().join(''))
  return [...names]
}

/** Every document of so many towns; the same for the same number. */
export const factDocuments = (towns: number): ReadDocument[] => {
  const random = mulberry32(seedFrom('facts', towns))
  const names = shortNames(5 * towns, random)
  const drafts = Array.from({ length: towns }, (_, town) => {
    const own = names.slice(5 * town, 5 * town + 5)
    return townOf(own[0]!, own.slice(1), town, random).map((draft) => ({ ...draft, town: own[0]! }))
  }).flat()
  // shuffled, so that a number says nothing of what a document is about
  return shuffle(random, drafts).map((draft, number) => documentOf(draft, idOf(number)))
}

const documentOf = ({ title, facts, town }: Draft & { town: string }, id: string): ReadDocument => {
  const text = facts.map(([, , sentence]) => sentence).join(' ')
  let at = 0
  const fields = facts.map(([name, value, sentence]): Field => {
    const start = at + sentence.lastIndexOf(value)
    at += sentence.length + 1
    return { name, value, start, end: start + value.length }
  })
  const cluster: Field = { name: 'cluster', value: town, start: 0, end: 0 }
  return { id, title, text, fields: [...fields, cluster], places: placesOf('line', lineStarts(text)) }
}

/** The made-up documents as if they were one file. */
export const factSource = (towns: number): Source => ({
  notes: [],
  files: [{ path: 'facts', file: 'facts', base: 'facts', size: towns, mtimeMs: 1 }],
  hash: async () => `facts ${towns}`,
  async *read() {
    yield* factDocuments(towns)
  },
})
