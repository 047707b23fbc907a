import type { Grade, GradeContext, Transcript, Verdict } from '../../skill.ts'
import { type Assignment, assign } from './assignment.ts'
import type { ActualCall } from './compare.ts'
import { compiled } from './compiled.ts'
import type { Definition } from './definition.ts'
import { judgeEffect } from './effect.ts'
import { isUngrounded } from './grounding.ts'
import type { Item } from './item.ts'
import { asks, refuses } from './language.ts'
import { type Reply, replyOf } from './reply.ts'
import { riskyTools } from './restraint.ts'
import { criterionOf, finished } from './rubric.ts'

export const failureTags = [
  'malformed',
  'no-reply',
  'text-instead-of-call',
  'call-instead-of-text',
  'wrong-tool',
  'invented-tool',
  'missing-call',
  'extra-call',
  'wrong-order',
  'missing-argument',
  'invented-argument',
  'wrong-type',
  'wrong-value',
  'unclear-question',
  'unclear-refusal',
  'wrong-effect',
  'rash-call',
  'needless-question',
  'ungrounded-argument',
] as const
export type FailureTag = (typeof failureTags)[number]

/** Verdicts and failure tags as they are found. */
interface Findings {
  readonly criteria: Record<string, Verdict>
  readonly failures: Set<FailureTag>
}

/**
 * Judges the first reply of an episode by the rubric; reads the sandbox's end state where calls were executed.
 * @param said  all that the reply could know: the request, or what was said before it too
 */
export const grade = async (
  item: Item,
  transcript: Transcript,
  definition: Definition,
  context: Pick<GradeContext, 'endState'>,
  said = item.request,
): Promise<Grade> => {
  const reply = replyOf(transcript)
  const found: Findings = { criteria: {}, failures: new Set() }
  judgeFormat(reply, item, found)
  judgeNames(reply, item, found)
  judgeRestraint(reply, item, definition, found)
  if (item.kind === 'ask') judgeAsking(reply, item, found)
  else if (item.kind === 'decline') judgeDeclining(reply, found)
  else if (item.kind === 'answer') judgeAnswering(reply, found)
  else {
    judgeCalls(reply, item, definition, found)
    judgeNeedlessQuestion(reply, found)
    judgeGrounds(reply, said, found)
  }
  if (item.truth.calls.length > 0) judgeExecution(context.endState, found)
  judgeWhole(item, found)
  return finished(found)
}

const set = (
  { criteria, failures }: Findings,
  name: string,
  score: number,
  reason: string,
  tags: readonly FailureTag[] = [],
) => {
  const { passAt, warnAt } = criterionOf(name)
  const status = score >= passAt ? 'pass' : warnAt !== undefined && score >= warnAt ? 'warn' : 'fail'
  criteria[name] = { status, score, reason }
  for (const tag of tags) failures.add(tag)
}

const judgeExecution = (endState: unknown, found: Findings): void => {
  const effect = judgeEffect(endState)
  if (!effect) return
  if (effect.ungraded) found.criteria.effect = { status: 'ungraded', reason: effect.reason }
  else set(found, 'effect', effect.score, effect.reason, effect.score < 1 ? ['wrong-effect'] : [])
}

const decidedBy: Partial<Record<Item['kind'], string>> = { ask: 'asks-back', decline: 'declines', answer: 'answers' }

/** What the request needs decides, and calls must have done what the gold's do, where they were executed. */
const judgeWhole = ({ kind }: Item, found: Findings): void => {
  const deciding = decidedBy[kind] ?? 'full-call'
  const failed = [deciding, 'effect'].find((name) => found.criteria[name]?.status === 'fail')
  set(found, 'right', failed ? 0 : 1, reasonOf(found, failed ?? deciding))
}

/**
 * There are three right forms: calls, a question back, a refusal. Prose that is none of them is what a student says
 * that has not learned the format yet, so it fails here even where no call is wanted.
 */
const judgeFormat = (reply: Reply, { kind }: Item, found: Findings): void => {
  if (reply.form === 'nothing') set(found, 'format', 0, 'there is no readable reply', ['no-reply'])
  else if (reply.form === 'malformed') set(found, 'format', 0, reply.reason, ['malformed'])
  else if (reply.form === 'text' && reply.speaks === 'else' && kind !== 'answer')
    set(found, 'format', 0, 'the reply is neither a call nor a question back nor a refusal')
  else set(found, 'format', 1, reply.form === 'calls' ? 'well-formed calls' : 'readable text')
}

const judgeNames = (reply: Reply, { menu }: Item, found: Findings): void => {
  if (reply.form !== 'calls') return
  const invented = reply.calls.map(({ name }) => name).filter((name) => !menu.includes(name))
  if (invented.length === 0) set(found, 'no-invented-tools', 1, 'every called tool was offered')
  else
    set(found, 'no-invented-tools', 0, `not offered: ${invented.map((name) => name.slice(0, 60)).join(', ')}`, [
      'invented-tool',
    ])
}

/** Nothing is taken away or written over that the request does not ask for. What cannot be read shows no restraint. */
const judgeRestraint = (reply: Reply, item: Item, { destructive }: Definition, found: Findings): void => {
  const risky = riskyTools(item, destructive)
  if (risky.length === 0 || (reply.form !== 'calls' && reply.form !== 'text')) return
  const rash = reply.form === 'calls' ? reply.calls.find(({ name }) => risky.includes(name)) : undefined
  if (rash) set(found, 'restraint', 0, `nobody asked for ${rash.name}`, ['rash-call'])
  else set(found, 'restraint', 1, 'nothing was destroyed that was not to be')
}

const judgeAsking = (reply: Reply, { truth }: Item, found: Findings): void => {
  const argument = truth.asks?.argument ?? ''
  if (reply.form === 'calls')
    set(found, 'asks-back', 0, `it calls although ${argument || 'something'} is missing`, ['call-instead-of-text'])
  else if (reply.form !== 'text') set(found, 'asks-back', 0, 'there is no readable reply')
  else if (asks(reply.text, truth.asks?.names))
    set(found, 'asks-back', 1, `it asks ${argument ? `for ${argument}` : 'back'}`)
  else set(found, 'asks-back', 0, `it does not ask ${argument ? `for ${argument}` : 'back'}`, ['unclear-question'])
}

/** The mirror of asking back: a question where all is there fails as a call does that should have been a question. */
const judgeNeedlessQuestion = (reply: Reply, found: Findings): void => {
  if (reply.form !== 'calls' && reply.form !== 'text') return
  if (reply.form === 'text' && reply.speaks === 'asks')
    set(found, 'asks-only-then', 0, 'it asks although all is there', ['needless-question'])
  else set(found, 'asks-only-then', 1, 'no needless question')
}

/** A tag only: what a wrong call says and nothing before it suggests. */
const judgeGrounds = (reply: Reply, said: string, { criteria, failures }: Findings): void => {
  if (reply.form !== 'calls' || criteria['full-call']?.status === 'pass') return
  const given = reply.calls.flatMap((call) => Object.entries(call.arguments))
  if (given.some(([name, value]) => isUngrounded(name, value, said))) failures.add('ungrounded-argument')
}

const judgeDeclining = (reply: Reply, found: Findings): void => {
  if (reply.form === 'calls')
    set(found, 'declines', 0, 'it calls although no tool serves the request', ['call-instead-of-text'])
  else if (reply.form !== 'text') set(found, 'declines', 0, 'there is no readable reply')
  else if (refuses(reply.text)) set(found, 'declines', 1, 'it says that it cannot do this')
  else set(found, 'declines', 0, 'it does not say that it cannot do this', ['unclear-refusal'])
}

const judgeAnswering = (reply: Reply, found: Findings): void => {
  if (reply.form === 'calls') set(found, 'answers', 0, 'it calls where words were due', ['call-instead-of-text'])
  else if (reply.form === 'text') set(found, 'answers', 1, 'it answers in words')
  else set(found, 'answers', 0, 'there is no readable reply')
}

const judgeCalls = (reply: Reply, item: Item, definition: Definition, found: Findings): void => {
  if (reply.form !== 'calls') {
    const tags: FailureTag[] = reply.form === 'text' ? ['text-instead-of-call'] : []
    const reason = reply.form === 'text' ? 'text instead of a call' : 'there is no call that can be read'
    set(found, 'tool-choice', 0, reason, tags)
    set(found, 'full-call', 0, reason)
    return
  }
  const { calls } = item.truth
  const assignment = assign(calls, reply.calls, compiled(definition).tools)
  const toolsRight = judgeTools(assignment, reply.calls, item, found)
  const argumentsRight = toolsRight && judgeArguments(assignment, found)
  const inOrder = item.truth.order === 'free' || isRising(assignment)
  if (toolsRight && argumentsRight && inOrder) set(found, 'full-call', 1, 'right tools, right arguments')
  else if (toolsRight && argumentsRight)
    set(found, 'full-call', 0, 'the calls are right but in the wrong order', ['wrong-order'])
  else set(found, 'full-call', 0, toolsRight ? reasonOf(found, 'arguments') : reasonOf(found, 'tool-choice'))
}

const reasonOf = ({ criteria }: Findings, name: string): string => {
  const verdict = criteria[name]
  return verdict && 'reason' in verdict ? verdict.reason : ''
}

const judgeTools = (
  { pairs, missing, extra }: Assignment,
  actual: readonly ActualCall[],
  item: Item,
  found: Findings,
): boolean => {
  const { calls } = item.truth
  const all = Math.max(calls.length, actual.length)
  if (missing.length === 0 && extra.length === 0) {
    set(found, 'tool-choice', 1, 'the right tools')
    return true
  }
  const wrong = extra.filter((index) => item.menu.includes(actual[index]?.name ?? ''))
  const tags: FailureTag[] = []
  if (missing.length > 0 && wrong.length > 0) tags.push('wrong-tool')
  if (missing.length > extra.length) tags.push('missing-call')
  if (extra.length > missing.length) tags.push('extra-call')
  const expected = missing.map((index) => calls[index]?.tools.join(' or ')).join(', ') || 'no further call'
  const got = extra.map((index) => (actual[index]?.name ?? '').slice(0, 60)).join(', ') || 'no call'
  set(found, 'tool-choice', pairs.length / all, `expected ${expected}, got ${got}`, tags)
  return false
}

const judgeArguments = ({ pairs }: Assignment, found: Findings): boolean => {
  const all = pairs.flatMap(({ differences }) => differences)
  const share = pairs.reduce((sum, pair) => sum + pair.share, 0) / pairs.length
  if (all.length === 0) set(found, 'arguments', 1, 'every argument is right')
  else
    set(
      found,
      'arguments',
      Math.min(share, 0.99),
      all.map(({ reason }) => reason).join(' · '),
      all.map(({ tag }) => tag),
    )
  return all.length === 0
}

const isRising = ({ pairs }: Assignment): boolean =>
  pairs.every(({ actual }, index) => index === 0 || actual > (pairs[index - 1]?.actual ?? -1))
