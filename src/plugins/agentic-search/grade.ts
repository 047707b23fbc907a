import type { z } from 'zod'
import { type Grade, type GradeContext, RubricFields, readRubric, type Transcript, type Verdict } from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { Item } from './item.ts'
import { judgeQueries } from './queries.ts'
import { anchorsOf, answerWords, says, tokenF1 } from './text.ts'
import { searchesOf, type Trace, traceOf } from './trace.ts'

export const failureTags = [
  'malformed-call',
  'no-end',
  'prose',
  'missed-document',
  'wrong-document',
  'unread-document',
  'wrong-answer',
  'canary',
  'ungrounded',
  'uncited',
  'answered-unanswerable',
  'gave-up',
  'did-not-search',
  'did-not-ask',
  'searched-needlessly',
  'poor-query',
] as const
type FailureTag = (typeof failureTags)[number]

let read: z.output<typeof RubricFields> | undefined
/** The rubric, read at the first need and not at import. */
export const rubric = () => {
  read ??= readRubric(new URL('./rubrics/agentic-search.yaml', import.meta.url), RubricFields)
  return read
}

class Findings {
  readonly criteria: Record<string, Verdict> = {}
  readonly failures = new Set<FailureTag>()

  set(name: string, score: number, reason: string, ...tags: readonly FailureTag[]): void {
    const criterion = rubric().criteria.find((each) => each.name === name)!
    const pass = score >= criterion.passAt
    this.criteria[name] = { status: pass ? 'pass' : 'fail', score, reason }
    if (!pass) for (const tag of tags) this.failures.add(tag)
  }

  passes = (name: string): boolean => this.criteria[name]?.status !== 'fail'

  reason(name: string): string {
    const verdict = this.criteria[name]
    return verdict && 'reason' in verdict ? verdict.reason : ''
  }
}

/**
 * Judges an episode by its transcript alone, so that stored ones can be graded again. Where there is a judge, it is also asked whether
 * what was read supports the answer; that stands beside, and decides nothing.
 */
export const grade = async (
  item: Item,
  transcript: Transcript,
  definition: Definition,
  { judge }: Pick<GradeContext, 'judge'>,
): Promise<Grade> => {
  const trace = traceOf(transcript)
  const found = new Findings()
  judgeFormat(trace, found)
  if (definition.mode === 'live') judgeSearch(item, trace, found)
  if (item.answers.length > 0) judgeAnswer(item, trace, definition, transcript, found)
  else if (item.kind === 'ambiguous') judgeAsking(item, trace, found)
  else judgeNotFound(trace, definition, found)
  judgeWhole(item, found)
  const { criteria, ...graded } = finished(found)
  const isForJudge = judge !== undefined && trace.end.kind === 'answer' && item.kind !== 'in-context'
  const open = { status: 'ungraded', reason: 'a judge is to say' } as const
  return { ...graded, criteria: { ...criteria, ...(isForJudge && { supported: open }) } }
}

const judgeFormat = ({ steps, end }: Trace, found: Findings): void => {
  const malformed = steps.find(({ call }) => typeof call === 'string')
  const crowded = steps.find(({ turn }) => (turn.toolCalls?.length ?? 0) > 1)
  const leftOver = end.kind === 'text' && /<\/?tool_call|"arguments"\s*:|^\s*\{\s*"name"\s*:/.test(end.text)
  if (malformed) found.set('format', 0, `a call that is not well formed: ${malformed.call}`, 'malformed-call')
  else if (leftOver) found.set('format', 0, 'the reply holds a call that does not parse', 'malformed-call')
  else if (crowded) found.set('format', 0, 'several calls in one turn', 'malformed-call')
  else if (end.kind === 'none') found.set('format', 0, 'it came to no end', 'no-end')
  else if (end.kind === 'text' && !end.text.includes('?'))
    found.set('format', 0, 'prose that is neither a call nor a question back', 'prose')
  else found.set('format', 1, 'a valid episode')
}

const judgeSearch = (item: Item, trace: Trace, found: Findings): void => {
  const searches = searchesOf(trace)
  if (searches.length > 0) {
    const { score, reason } = judgeQueries(searches, item)
    found.set('queries', score, reason, 'poor-query')
  }
  if (item.kind === 'in-context') {
    const acted = searches.length + trace.opened.size
    const ended = trace.end.kind === 'answer'
    found.set(
      'restraint',
      acted === 0 && ended ? 1 : 0,
      acted === 0 ? (ended ? 'answered at once' : 'no answer') : 'searched for what it was told',
      'searched-needlessly',
    )
    return
  }
  const gold = [...new Set(item.needs.map(({ document }) => document))]
  if (gold.length === 0) return
  const shown = gold.filter((id) => trace.shown.has(id)).length
  const opened = gold.filter((id) => trace.opened.has(id)).length
  found.set(
    'hit',
    shown > 0 ? 1 : 0,
    shown > 0 ? 'a search showed what is needed' : 'no search showed what is needed',
    'missed-document',
  )
  found.set('full-hit', shown === gold.length ? 1 : 0, `${shown} of ${gold.length} needed documents shown`)
  found.set(
    'document-recall',
    opened / gold.length,
    `${opened} of ${gold.length} needed documents opened`,
    'unread-document',
  )
  // of what was never opened there is no precision
  if (trace.opened.size > 0)
    found.set(
      'document-precision',
      opened / trace.opened.size,
      `${opened} of ${trace.opened.size} opened documents were needed`,
      'wrong-document',
    )
}

const judgeAnswer = (
  item: Item,
  trace: Trace,
  definition: Definition,
  transcript: Transcript,
  found: Findings,
): void => {
  const { end } = trace
  if (end.kind !== 'none')
    found.set(
      'no-false-not-found',
      end.kind === 'not-found' ? 0 : 1,
      end.kind === 'not-found' ? 'gave up on what is there' : 'did not give up',
      'gave-up',
    )
  if (end.kind !== 'answer') {
    found.set('answer', 0, end.kind === 'not-found' ? 'said that it is not there' : 'no answer was given')
    found.set('token-f1', 0, 'no answer')
    return
  }
  const canary = item.canaries.find(
    (wrong) => says(end.text, wrong) && !item.answers.some((right) => says(right, wrong)),
  )
  if (item.canaries.length > 0)
    found.set(
      'canary',
      canary === undefined ? 1 : 0,
      canary === undefined ? 'not the wrong one' : `says ${JSON.stringify(canary)}, which a similar document suggests`,
      'canary',
    )
  const right =
    item.answers.some((alias) => says(end.text, alias)) && canary === undefined && answerWords(end.text).length <= 40
  found.set(
    'answer',
    right ? 1 : 0,
    right ? 'the right answer' : `the answer is ${JSON.stringify(item.answers[0])}`,
    'wrong-answer',
  )
  found.set('token-f1', Math.max(...item.answers.map((alias) => tokenF1(end.text, alias))), 'shared words')
  if (item.kind === 'in-context') return
  const fault = ungrounded(item, end, sourcesOf(trace, definition, transcript), transcript)
  if (fault) found.set('groundedness', 0, fault.reason, fault.tag)
  else found.set('groundedness', 1, 'what is cited says it')
}

/** What was seen of each document: read in the episode, or given with the question. */
const sourcesOf = ({ opened }: Trace, { mode }: Definition, transcript: Transcript): ReadonlyMap<string, string> => {
  if (mode === 'live') return opened
  const given = transcript.find(({ role }) => role === 'user')?.content ?? ''
  const parts = given.split(/^\[([^\]\n]{1,300})\] /m)
  return new Map(parts.slice(1).flatMap((id, at) => (at % 2 === 0 ? [[id, parts[at + 2] ?? ''] as const] : [])))
}

/** @returns why an answer is not grounded; undefined where it is */
const ungrounded = (
  item: Item,
  { text, citations }: { readonly text: string; readonly citations: readonly string[] },
  sources: ReadonlyMap<string, string>,
  transcript: Transcript,
): { readonly reason: string; readonly tag: FailureTag } | undefined => {
  const cited = [...new Set(citations)]
  if (cited.length === 0) return { reason: 'nothing is cited', tag: 'uncited' }
  const unread = cited.filter((id) => !sources.has(id))
  if (unread.length > 0)
    return { reason: `cites ${unread.join(', ').slice(0, 100)}, which was not read`, tag: 'ungrounded' }
  const needed = item.needs.some(({ document }) => cited.includes(document))
  if (!needed) return { reason: 'what is cited does not say it', tag: 'ungrounded' }
  // titles are shown by searches and named in questions: what is asked about needs no support of its own
  const support = [
    ...cited.map((id) => sources.get(id) ?? ''),
    ...transcript.filter(({ role }) => role === 'user').map(({ content }) => content),
  ].join('\n')
  const counted = item.kind === 'aggregation' && cited.length === Number(item.answers[0])
  const titles = transcript.filter(({ role }) => role === 'tool').map(({ content }) => content).join('\n') // biome-ignore format: one thing
  const loose = anchorsOf(text).filter(
    (anchor) => !says(support, anchor) && !(counted && /^\d+$/.test(anchor)) && !titles.includes(`] ${text}`),
  )
  if (loose.length > 0)
    return { reason: `${loose.join(', ').slice(0, 100)} stands in none of what is cited`, tag: 'ungrounded' }
  return undefined
}

const judgeAsking = ({ names }: Item, { end }: Trace, found: Findings): void => {
  const asks = end.kind === 'text' && end.text.includes('?') && namesBoth(end.text, names)
  found.set(
    'asks-back',
    asks ? 1 : 0,
    asks ? 'asks which one is meant' : `does not ask whether ${names.join(' or ')} is meant`,
    'did-not-ask',
  )
}

/** The words in which the names differ are enough: `Old or New?` */
const namesBoth = (text: string, names: readonly string[]): boolean =>
  names.every((name) => {
    const elsewhere = new Set(names.filter((other) => other !== name).flatMap(answerWords))
    const own = answerWords(name).filter((word) => !elsewhere.has(word))
    return own.length > 0 ? own.every((word) => says(text, word)) : says(text, name)
  })

const judgeNotFound = (trace: Trace, { mode }: Definition, found: Findings): void => {
  const searched =
    mode === 'static' ||
    trace.steps.some(({ call, failed }) => typeof call !== 'string' && call.name === 'search' && !failed)
  if (trace.end.kind !== 'not-found')
    found.set(
      'not-found',
      0,
      trace.end.kind === 'answer' ? 'answers what no document says' : 'does not say that it is not there',
      'answered-unanswerable',
    )
  else if (!searched) found.set('not-found', 0, 'says so without having searched', 'did-not-search')
  else found.set('not-found', 1, 'searched, and says that it is not there')
}

/** What the question needs decides. An answer from memory, however right, is none. */
const judgeWhole = ({ kind, answers }: Item, found: Findings): void => {
  const deciding =
    kind === 'ambiguous'
      ? ['asks-back']
      : answers.length === 0
        ? ['not-found']
        : ['answer', 'groundedness', 'restraint', 'document-recall']
  const failed = [...deciding, 'format'].find((name) => !found.passes(name))
  found.set('right', failed ? 0 : 1, found.reason(failed ?? deciding[0]!))
}

/** The weighted mean of the criteria that apply. */
const finished = ({ criteria, failures }: Findings): Grade => {
  let [sum, weights] = [0, 0]
  const all: Record<string, Verdict> = {}
  for (const { name, weight } of rubric().criteria) {
    const verdict = criteria[name] ?? { status: 'not-applicable' }
    all[name] = verdict
    if (!('score' in verdict)) continue
    sum += weight * verdict.score
    weights += weight
  }
  return { score: weights === 0 ? 0 : sum / weights, criteria: all, failures: [...failures] }
}
