import {
  type AssistantTurn,
  type Mistake,
  mulberry32,
  pick,
  type Random,
  sample,
  seedFrom,
  type Transcript,
} from '../../skill.ts'
import { parseCall } from './calls.ts'
import type { Definition } from './definition.ts'
import type { Item } from './item.ts'
import { traceOf } from './trace.ts'

type SearchMistake = Mistake<Item, Definition>

interface Case {
  readonly item: Item
  readonly gold: Transcript
  readonly random: Random
  /** The first assistant turn with such a call, from `after` on. */
  at(name: string, after?: number): number | undefined
  /** Documents that searches before a turn had shown and that the answer does not stand on. */
  distractors(before: number): string[]
}

type Made = {
  readonly at: number | undefined
  readonly call?: readonly [name: string, given: Record<string, unknown>]
  readonly text?: string
}

const mistake = (name: string, fails: string, make: (of: Case) => Made | undefined): SearchMistake => ({
  name,
  fails,
  apply(item, gold, _definition, seed) {
    const random = mulberry32(seedFrom('mistake', name, item.id, seed))
    const made = make({
      item,
      gold,
      random,
      at: finder(gold),
      distractors: (before) => others(item, gold.slice(0, before)),
    })
    const was = made?.at === undefined ? undefined : gold[made.at]
    if (!made || was?.role !== 'assistant') return undefined
    const id = was.toolCalls?.[0]?.id ?? 'call_1'
    const turn: AssistantTurn = made.call
      ? { role: 'assistant', content: '', toolCalls: [{ id, name: made.call[0], arguments: made.call[1] }] }
      : { role: 'assistant', content: made.text ?? '' }
    return { at: made.at!, turn }
  },
})

const callOf = (turn: Transcript[number] | undefined) => {
  const [call] = turn?.role === 'assistant' ? (turn.toolCalls ?? []) : []
  const parsed = call && parseCall(call.name, call.arguments)
  return typeof parsed === 'object' ? parsed : undefined
}

const finder =
  (gold: Transcript) =>
  (name: string, after = 0) => {
    const at = gold.findIndex((turn, index) => index >= after && callOf(turn)?.name === name)
    return at < 0 ? undefined : at
  }

const others = ({ needs, looks }: Item, soFar: Transcript): string[] => {
  const wanted = new Set([...needs, ...looks].map(({ document }) => document))
  const { shown, opened } = traceOf(soFar)
  return [...shown].filter((id) => !wanted.has(id) && !opened.has(id))
}

const firstTurn = (gold: Transcript) => gold.findIndex(({ role }) => role === 'assistant')
const soup =
  'information details about document facts data question answer find all records history name date place thing list search please'.split(
    ' ',
  )

const keywordSoup = mistake('keyword-soup', 'queries', ({ at, random, gold }) => {
  const search = at('search')
  const call = callOf(gold[search ?? -1])
  const words = [...sample(random, soup, 12), call?.name === 'search' ? call.query.split(' ')[0]! : '']
  return { at: search, call: ['search', { query: words.join(' ').trim() }] }
})

const wholeQuestion = mistake('whole-question', 'queries', ({ at, item }) =>
  item.question.split(' ').length < 5 ? undefined : { at: at('search'), call: ['search', { query: item.question }] },
)

/** Instead of reading what was found. */
const sameQueryAgain = mistake('same-query-again', 'queries', ({ at, gold }) => {
  const search = at('search')
  const call = callOf(gold[search ?? -1])
  if (search === undefined || call?.name !== 'search') return undefined
  const next = gold.findIndex((turn, index) => index > search && turn.role === 'assistant')
  return next < 0 ? undefined : { at: next, call: ['search', { query: call.query }] }
})

const answerWithoutReading = mistake('answer-without-reading', 'groundedness', ({ at, item }) =>
  item.needs.length === 0
    ? undefined
    : { at: at('read'), call: ['answer', { text: item.answers[0]!, citations: [item.needs[0]!.document] }] },
)

const wrongDocument = mistake('wrong-document', 'document-precision', ({ at, item, distractors, random }) => {
  const read = at('read')
  const wrong = distractors(read ?? 0)
  if (read === undefined || item.needs.length === 0 || wrong.length === 0) return undefined
  return { at: read, call: ['read', { document: pick(random, wrong) }] }
})

const uncited = mistake('uncited-claim', 'groundedness', ({ at, item }) =>
  item.needs.length === 0
    ? undefined
    : { at: at('answer'), call: ['answer', { text: item.answers[0]!, citations: [] }] },
)

const wrongCitation = mistake('wrong-citation', 'groundedness', ({ at, item, distractors, random }) => {
  const answer = at('answer')
  const wrong = distractors(answer ?? 0)
  if (answer === undefined || item.needs.length === 0 || wrong.length === 0) return undefined
  return { at: answer, call: ['answer', { text: item.answers[0]!, citations: [pick(random, wrong)] }] }
})

const guesses = ['1931', 'Ada Brask', 'It is not known exactly, but about 1900', 'In the year 1887']

const answersUnanswerable = mistake('answers-unanswerable', 'not-found', ({ at, item, gold, random }) => {
  if (item.kind !== 'unanswerable') return undefined
  const shown = [...traceOf(gold).shown]
  return { at: at('not_found'), call: ['answer', { text: pick(random, guesses), citations: shown.slice(0, 1) }] }
})

/** Nothing that was found is what was asked for. */
const readsAStranger = mistake('reads-a-stranger', 'not-found', ({ at, item, gold }) => {
  const [first] = traceOf(gold).shown
  return item.kind !== 'unanswerable' || first === undefined
    ? undefined
    : { at: at('not_found'), call: ['read', { document: first }] }
})

const notFound = ['not_found', { reason: 'No document says it.' }] as const

const givesUp = mistake('gives-up-at-once', 'no-false-not-found', ({ item, gold }) =>
  item.answers.length === 0 ? undefined : { at: firstTurn(gold), call: notFound },
)

/** The document stands among the results. */
const givesUpBeforeReading = mistake('gives-up-before-reading', 'no-false-not-found', ({ at, item }) =>
  item.answers.length === 0 ? undefined : { at: at('read'), call: notFound },
)

/** What was read says it. */
const givesUpAfterReading = mistake('gives-up-after-reading', 'no-false-not-found', ({ at, item }) =>
  item.needs.length === 0 || item.answers.length === 0 ? undefined : { at: at('answer'), call: notFound },
)

/** What the first document names is only the key of the second one. */
const stopsHalfway = mistake('stops-halfway', 'answer', ({ at, item }) => {
  const [first, second] = item.evidence
  const further = at('search', (at('read') ?? 0) + 1)
  if (item.kind !== 'two-hop' || !first || !second || further === undefined) return undefined
  return { at: further, call: ['answer', { text: first.text, citations: [first.document] }] }
})

/** When there is enough to answer: the same once more, or for what was found, as if there were another hop. */
const searchesOn = mistake('searches-on', 'queries', ({ at, gold, item, random }) => {
  const call = callOf(gold[at('search') ?? -1])
  if (call?.name !== 'search') return undefined
  const due = item.needs.flatMap(({ queries }) => queries)
  const named = item.answers.find((answer) => /^\p{Lu}\p{L}+$/u.test(answer) && !due.includes(answer))
  return { at: at('answer'), call: ['search', { query: named && random() < 0.7 ? named : call.query }] }
})

/** One more document, when there is enough to answer. */
const readsEverything = mistake('reads-everything', 'document-precision', ({ at, item, distractors, random }) => {
  const answer = at('answer')
  const wrong = distractors(answer ?? 0)
  const needed = new Set(item.needs.map(({ document }) => document)).size
  if (answer === undefined || needed === 0 || needed > 2 || wrong.length === 0) return undefined
  return { at: answer, call: ['read', { document: pick(random, wrong) }] }
})

const saysTheCanary = mistake('says-the-canary', 'canary', ({ at, item, random }) =>
  item.canaries.length === 0
    ? undefined
    : {
        at: at('answer'),
        call: [
          'answer',
          { text: pick(random, item.canaries), citations: item.needs.slice(0, 1).map(({ document }) => document) },
        ],
      },
)

const guessesInsteadOfAsking = mistake('guesses-instead-of-asking', 'asks-back', ({ item, gold }) => {
  const last = gold.findLastIndex(({ role }) => role === 'assistant')
  return item.kind !== 'ambiguous' ? undefined : { at: last, call: ['read', { document: item.looks[0]!.document }] }
})

const searchesNeedlessly = mistake('searches-needlessly', 'restraint', ({ item, gold }) =>
  item.kind !== 'in-context'
    ? undefined
    : { at: firstTurn(gold), call: ['search', { query: item.context!.split(/[,:]/)[0]! }] },
)

const prose = mistake('prose', 'format', ({ item, gold, random }) => ({
  at: firstTurn(gold),
  text: `I think that it is ${item.answers[0] ?? pick(random, guesses)}.`,
}))

/** Plausible mistakes of a searcher, each on the same question as the gold. */
export const mistakes: readonly SearchMistake[] = [
  keywordSoup,
  wholeQuestion,
  sameQueryAgain,
  answerWithoutReading,
  wrongDocument,
  uncited,
  wrongCitation,
  answersUnanswerable,
  readsAStranger,
  givesUp,
  givesUpBeforeReading,
  givesUpAfterReading,
  stopsHalfway,
  searchesOn,
  readsEverything,
  saysTheCanary,
  guessesInsteadOfAsking,
  searchesNeedlessly,
  prose,
]
