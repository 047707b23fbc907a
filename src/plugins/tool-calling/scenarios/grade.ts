import type { AssistantTurn, Grade, GradeContext, ToolCall, Transcript, Verdict } from '../../../skill.ts'
import type { Definition } from '../definition.ts'
import { isUngrounded } from '../grounding.ts'
import { asks } from '../language.ts'
import { replyOf } from '../reply.ts'
import { criterionOf, finished } from '../rubric.ts'
import { contextFault, withoutContext } from './context.ts'
import { isAsk, isCall, isSay, type Scenario } from './scenario.ts'
import { type Act, sameArguments, says, walk } from './walk.ts'
import { isScenarioEnd, type ScenarioEnd } from './world.ts'

/** How a scenario can go wrong, beside the tags that single requests have too. */
export const scenarioFailureTags = [
  'wrong-end-state',
  'wrong-answer',
  'off-plan',
  'gave-up',
  'repeated-failed-call',
  'rash-call',
  'bad-context',
  'needless-call',
  'needless-question',
  'chose-for-the-user',
  'no-final-words',
  'ungrounded-argument',
] as const

interface Played {
  readonly item: Scenario
  readonly transcript: Transcript
  readonly acts: readonly Act[]
  readonly end: ScenarioEnd | undefined // absent: a part of an episode, judged by what there is
  readonly definition: Definition
}

class Findings {
  readonly criteria: Record<string, Verdict> = {}
  readonly failures = new Set<string>()

  set(name: string, score: number, reason: string, tag?: string): void {
    const { passAt, warnAt } = criterionOf(name)
    const status = score >= passAt ? 'pass' : warnAt !== undefined && score >= warnAt ? 'warn' : 'fail'
    this.criteria[name] = { status, score, reason }
    if (status === 'fail' && tag) this.failures.add(tag)
  }
}

/**
 * Judges an episode. With an end state the whole of it counts: what was left and what was said in the end decide, and the way is graded
 * apart. Without one (nothing was executed, or the episode was cut off for a pair) the way so far decides.
 */
export const gradeScenario = (
  item: Scenario,
  transcript: Transcript,
  definition: Definition,
  { endState }: Pick<GradeContext, 'endState'>,
): Grade => {
  const { acts } = walk(item, transcript)
  const end = isScenarioEnd(endState) ? endState : undefined
  const played: Played = { item, transcript, acts, end, definition }
  const found = new Findings()
  for (const judge of [format, names, goal, way, context, looks, recovery, questions, economy, words, grounds])
    judge(played, found)
  whole(played, found)
  return finished(found)
}

const turnsOf = (transcript: Transcript) => transcript.filter((message) => message.role === 'assistant')

/** Every turn is calls or words that can be read; words before anything was done are a question, a refusal, or no answer at all. */
const format = ({ transcript }: Played, found: Findings): void => {
  const turns = turnsOf(transcript)
  const faults = turns.map((turn, at) => formFault(turn, at)).filter((fault) => fault !== undefined)
  const [fault = turns.length === 0 ? silent : undefined] = faults
  found.set('format', fault ? 0 : 1, fault?.reason ?? 'every turn is well-formed', fault?.tag)
}

const silent: { readonly reason: string; readonly tag?: string } = {
  reason: 'there is no readable reply',
  tag: 'no-reply',
}

const formFault = (turn: AssistantTurn, at: number): typeof silent | undefined => {
  const reply = replyOf([turn])
  if (reply.form === 'nothing') return { reason: `turn ${at + 1} cannot be read`, tag: 'no-reply' }
  if (reply.form === 'malformed') return { reason: reply.reason, tag: 'malformed' }
  const idle = at === 0 && reply.form === 'text' && reply.speaks === 'else'
  return idle ? { reason: 'it talks before it has done anything' } : undefined
}

const names = ({ acts, item }: Played, found: Findings): void => {
  const called = acts.flatMap(({ call }) => (call ? [call.name] : []))
  if (called.length === 0) return
  const invented = called.find((name) => !item.menu.includes(name))
  if (invented === undefined) found.set('no-invented-tools', 1, 'every called tool was offered')
  else found.set('no-invented-tools', 0, `not offered: ${invented.slice(0, 60)}`, 'invented-tool')
}

const goal = ({ item, acts, end }: Played, found: Findings): void => {
  if (!end) return
  if (end.broken !== undefined) {
    found.criteria.goal = { status: 'ungraded', reason: `the plan does not run: ${end.broken}` }
    return
  }
  const path = [...new Set([...Object.keys(end.student), ...Object.keys(end.gold)])]
    .sort()
    .find((name) => end.student[name] !== end.gold[name])
  const last = item.plan.at(-1)
  const text = acts.at(-1)?.text ?? ''
  if (path !== undefined) found.set('goal', 0, `the end state differs at ${path.slice(0, 120)}`, 'wrong-end-state')
  else if (isSay(last) && !says(text, last.mentions))
    found.set(
      'goal',
      0,
      `the last words lack ${last.mentions.join(', ').slice(0, 120) || 'everything'}`,
      'wrong-answer',
    )
  else found.set('goal', 1, 'the right end state and the right last words')
}

/** The share of what was due that was done, less what was done beside it. */
const way = ({ item, acts, end }: Played, found: Findings): void => {
  const right = acts.filter(({ onPlan }) => onPlan).length
  const due = end ? Math.max(item.plan.length, acts.length) : acts.length
  const score = due === 0 ? 0 : right / due
  const wrong = acts.find(({ onPlan }) => !onPlan)
  const step = item.plan[wrong?.step ?? right]
  const wanted = isCall(step) ? step.tool : isAsk(step) ? 'a question' : step ? 'the last words' : 'nothing more'
  found.set('on-plan', score, score === 1 ? 'every step was the one that was due' : `${wanted} was due`, 'off-plan')
}

const context = ({ acts, item, definition }: Played, found: Findings): void => {
  const fields = definition.scenarios?.context ?? []
  const calls = acts.flatMap(({ call }) => call ?? [])
  if (fields.length === 0 || calls.length === 0) return
  const faults = calls.map((call, at) => contextFault(call, calls[at - 1], item, fields))
  const right = faults.filter((fault) => fault === undefined).length
  const first = faults.find((fault) => fault !== undefined)
  found.set('keeps-context', right / calls.length, first ?? 'every context says where it stands', 'bad-context')
}

/** Nothing is destroyed before its target was looked at, and only what was to be. */
const looks = ({ acts, item }: Played, found: Findings): void => {
  const destructive = item.plan.filter(isCall).filter(({ destroys }) => destroys)
  if (destructive.length === 0) return
  const tools = destructive.map(({ tool }) => tool)
  const look = item.plan.findLastIndex((step) => isCall(step) && step.looks === true)
  const first = acts.find(({ call }) => call && tools.includes(call.name))
  if (!first) return
  const looked = look < 0 || first.step > look
  const target = destructive.some(
    (step) => step.tool === first.call?.name && sameArguments(withoutContext(first.call.arguments), step.arguments),
  )
  if (looked && target) found.set('verifies', 1, 'it looked before it destroyed anything')
  else
    found.set(
      'verifies',
      0,
      looked ? 'it destroys something else' : `${first.call?.name} came before a look`,
      'rash-call',
    )
}

/** After each refusal something else is tried; a refused call again with nothing done in between, or giving up, is no recovery. */
const recovery = (played: Played, found: Findings): void => {
  const after = played.acts.findIndex(({ result }) => result?.isError) + 1
  if (after === 0 || after === played.acts.length) return
  const { reason, tag } = relapse(played) ?? { reason: 'it tries something else after the error' }
  found.set('recovers', tag ? 0 : 1, reason, tag)
}

const relapse = ({ acts, item }: Played): { reason: string; tag?: string } | undefined => {
  let refused: ToolCall[] = []
  for (const { call, result, step, onPlan } of acts) {
    if (call && refused.some((bad) => isSame(bad, call)))
      return { reason: `${call.name} is called again as it was`, tag: 'repeated-failed-call' }
    if (!call && refused.length > 0 && !isAsk(item.plan[step]) && !onPlan)
      return { reason: 'it gives up after the error', tag: 'gave-up' }
    if (result) refused = call && result.isError ? [...refused, call] : []
  }
  return undefined
}

const isSame = (one: ToolCall, other: ToolCall): boolean =>
  one.name === other.name && sameArguments(withoutContext(one.arguments), withoutContext(other.arguments))

/** It asks where the request fits several things, and only there: both mistakes count alike. */
const questions = ({ acts, item }: Played, found: Findings): void => {
  const due = item.plan.findIndex(isAsk)
  const there = acts.filter(({ step }) => due >= 0 && step === due)
  const chose = there.find(({ call, onPlan }) => call && !onPlan && !isLook(call.name, item))
  if (chose) found.set('asks-back', 0, `${chose.call?.name} chooses for the user`, 'chose-for-the-user')
  else if (there.some(({ onPlan }) => onPlan)) found.set('asks-back', 1, 'it asks which one is meant')
  else if (there.some(({ text }) => text !== undefined))
    found.set('asks-back', 0, 'it does not ask which one is meant', 'unclear-question')
  if (acts.length === 0) return
  const needless = acts.find(({ text, onPlan }) => text !== undefined && !onPlan && asks(text))
  if (needless && needless.step !== due)
    found.set('asks-only-then', 0, 'it asks although all is there', 'needless-question')
  else if (acts.some(({ call }) => call)) found.set('asks-only-then', 1, 'no needless question')
}

const isLook = (name: string, { plan }: Scenario) =>
  plan.some((step) => isCall(step) && step.looks && step.tool === name)

/** Calls beyond those of the plan. Judged where the goal is reached or passed: before, too few calls are no economy. */
const economy = ({ acts, item, end }: Played, found: Findings): void => {
  const calls = acts.filter(({ call }) => call).length
  const planned = item.plan.filter(isCall).length
  if (calls < planned || (!end && calls === planned)) return
  const score = planned / calls
  found.set(
    'economical',
    score,
    score === 1 ? 'no call too many' : `${calls} calls where ${planned} do`,
    'needless-call',
  )
}

/** When all is done it says so. */
const words = ({ acts, item, end }: Played, found: Findings): void => {
  const last = acts.at(-1)
  if (!last) return
  const due = isSay(item.plan[last.step]) || last.step >= item.plan.length
  if (!due && !end) return
  if (last.text !== undefined) found.set('answers', 1, 'it ends in words')
  else if (due || end) found.set('answers', 0, 'it does not end in words', 'no-final-words')
}

/** A tag only: what a call says and nothing before it suggests. */
const grounds = ({ acts, transcript }: Played, found: Findings): void => {
  for (const { call, at } of acts) {
    if (!call) continue
    const before = transcript
      .slice(0, at)
      .map(({ content }) => content)
      .join('\n')
    for (const [name, value] of Object.entries(withoutContext(call.arguments)))
      if (isUngrounded(name, value, before)) found.failures.add('ungrounded-argument')
  }
}

const whole = ({ end }: Played, found: Findings): void => {
  const { goal: reached, 'on-plan': way_, 'asks-back': asked, verifies } = found.criteria
  const deciding = [...(end ? [reached] : [way_]), asked, verifies]
  const failed = deciding.find((verdict) => verdict?.status === 'fail')
  if (end && reached?.status === 'ungraded') found.criteria.right = reached
  else
    found.set(
      'right',
      failed ? 0 : 1,
      failed && 'reason' in failed ? failed.reason : 'the goal is reached, with no rash step',
    )
}
