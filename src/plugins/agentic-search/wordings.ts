/** How facts are asked for. `{it}` is a document's title, or what stands for it: `the designer of ...`. */
export interface Wording {
  readonly asks: readonly string[]
  readonly first?: string // of several, by this fact: dates and years
  readonly last?: string
  readonly relation?: string // another document's title: `the designer of {it}`
  readonly several?: { readonly count: string; readonly thing: string } // documents that share the value
}

export const wordings: Readonly<Record<string, Wording>> = {
  // the made-up world
  opened: {
    asks: ['When was {it} opened?', 'In which year was {it} opened?'],
    first: 'opened first',
    last: 'opened last',
  },
  length: { asks: ['How long is {it}?', 'What is the length of {it}?'] },
  designer: {
    asks: ['Who designed {it}?', 'Who was the designer of {it}?'],
    relation: 'the designer of {it}',
    several: { count: 'How many bridges did {value} design?', thing: 'bridge designed by {value}' },
  },
  born: { asks: ['When was {it} born?', 'In which year was {it} born?'], first: 'born first', last: 'born last' },
  home: { asks: ['Where did {it} live?', 'Where was the home of {it}?'] },
  teacher: { asks: ['Who was the teacher of {it}?', 'Who taught {it}?'], relation: 'the teacher of {it}' },
  director: { asks: ['Who is the director of {it}?'] },
  product: { asks: ['What does {it} produce?'] },
  founded: { asks: ['When was {it} founded?'], first: 'founded first', last: 'founded last' },
  founder: { asks: ['Who founded {it}?', 'Who was the founder of {it}?'], relation: 'the founder of {it}' },
  month: { asks: ['In which month is {it} held?'] },
  begun: { asks: ['Since when has {it} been held?'], first: 'begun first', last: 'begun last' },
  // the heads of PEPs and of documents like them
  author: {
    asks: ['Who wrote {it}?', 'Who is the author of {it}?'],
    several: { count: 'How many documents were written by {value} alone?', thing: 'document written by {value} alone' },
  },
  status: { asks: ['What is the status of {it}?', 'Which status does {it} have?'] },
  created: {
    asks: ['When was {it} created?', 'On which date was {it} created?'],
    first: 'created first',
    last: 'created last',
  },
  date: { asks: ['Which date does {it} have?'], first: 'dated first', last: 'dated last' },
  'python-version': { asks: ['Which Python version is {it} for?'] },
  sponsor: { asks: ['Who sponsors {it}?', 'Who is the sponsor of {it}?'] },
  'pep-delegate': { asks: ['Who is the delegate for {it}?'] },
  type: { asks: ['Of which type is {it}?'] },
  replaces: { asks: [], relation: 'the document that {it} replaces' },
  'superseded-by': { asks: [], relation: 'the document that replaced {it}' },
  requires: { asks: [], relation: 'the document that {it} requires' },
}

/** Fields that are no facts of what a document is about. */
export const passedOver = new Set([
  'pep',
  'version',
  'last-modified',
  'content-type',
  'post-history',
  'resolution',
  'discussions-to',
  'topic',
  'id',
])

export const wordingOf = (field: string): Wording | undefined => {
  if (passedOver.has(field)) return undefined
  return Object.hasOwn(wordings, field)
    ? wordings[field]
    : { asks: [`What is the ${field.replace(/[-_]/g, ' ')} of {it}?`] }
}

/** The time that a value stands for, to be compared; undefined where it is none. */
export const timeOf = (value: string): number | undefined => {
  if (/^\d{4}$/.test(value)) return Number(value)
  if (!/^\d{1,2}-[A-Za-z]{3}-\d{4}$|^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined
  const time = Date.parse(value.replaceAll('-', ' ').replace(/^(\d{4}) (\d{2}) (\d{2})$/, '$1-$2-$3'))
  return Number.isNaN(time) ? undefined : 1970 + time / (365.25 * 24 * 3600 * 1000)
}
