import {
  type AssistantTurn,
  type Mistake,
  mulberry32,
  pick,
  type Random,
  seedFrom,
  type ToolCall,
  type Transcript,
} from '../../../skill.ts'
import type { Definition } from '../definition.ts'
import type { Item } from '../item.ts'
import { contextArgument } from '../vault/tools.ts'
import { contextOf, withoutContext } from './context.ts'
import { isAsk, isCall, isSay, isScenario, type Scenario, type Step } from './scenario.ts'
import { type Act, walk } from './walk.ts'

interface Case {
  readonly item: Scenario
  readonly act: Act // the gold's, which the mistake replaces
  readonly step: Step
  readonly earlier: readonly Act[]
  readonly random: Random
}

type Made = Partial<Pick<AssistantTurn, 'content' | 'toolCalls'>>

/** A mistake in one turn of a scenario's gold, wherever `make` gives something; which one of several turns is left to the seed. */
const mistake = (
  name: string,
  fails: string,
  make: (of: Case) => Made | undefined,
): Mistake<Item | Scenario, Definition> => ({
  name,
  fails,
  applies: (definition) =>
    definition.scenarios !== undefined && (fails !== 'keeps-context' || definition.scenarios.context.length > 0),
  apply(item, gold: Transcript, _definition, seed) {
    if (!isScenario(item)) return undefined
    const { acts } = walk(item, gold)
    const random = mulberry32(seedFrom('mistake', name, item.id, seed))
    const made = acts.flatMap((act, at) => {
      const step = item.plan[act.step]
      const turn = step && act.onPlan && make({ item, act, step, earlier: acts.slice(0, at), random })
      return turn ? [{ at: act.at, turn: { role: 'assistant' as const, content: '', ...turn } }] : []
    })
    return made.length > 0 ? pick(random, made) : undefined
  },
})

const call = ({ act }: Case, name: string, args: Record<string, unknown>): Made => {
  const context = contextOf(act.call?.arguments) ?? contextOf(undefined)
  return {
    toolCalls: [
      { id: act.call?.id ?? 'call_x', name, arguments: { ...(context && { [contextArgument]: context }), ...args } },
    ],
  }
}

const changed = (
  { act }: Case,
  change: (args: Record<string, unknown>, context: Record<string, unknown>) => unknown,
): Made | undefined => {
  const context = contextOf(act.call?.arguments)
  if (!act.call || !context) return undefined
  const next = change(withoutContext(act.call.arguments), context)
  return next
    ? { toolCalls: [{ ...act.call, arguments: { ...(act.call.arguments as object), [contextArgument]: next } }] }
    : undefined
}

const lastCall = (earlier: readonly Act[]): ToolCall | undefined => earlier.findLast((act) => act.call)?.call
const failedBefore = ({ earlier }: Case): Act | undefined =>
  earlier.at(-1)?.result?.isError ? earlier.at(-1) : undefined

const apologies = [
  'Sorry, that did not work.',
  'I could not do that: the tool gave an error.',
  'The tool failed, so I cannot go on.',
]

const givesUp = mistake('gives-up-after-error', 'recovers', (of) =>
  failedBefore(of) && isCall(of.step) ? { content: pick(of.random, apologies) } : undefined,
)

const repeats = mistake('repeats-failed-call', 'recovers', (of) => {
  const failed = failedBefore(of)?.call
  return failed ? { toolCalls: [{ ...failed, id: of.act.call?.id ?? `${failed.id}x` }] } : undefined
})

const emptyContext = mistake('empty-context', 'keeps-context', (of) =>
  changed(of, (_, context) => ({
    ...context,
    [pick(
      of.random,
      ['sessionMemory', 'toolContext', 'subgoal']
        .filter((field) => field in context)
        .concat(Object.keys(context)[0] ?? ''),
    )]: '',
  })),
)

const copiedContext = mistake('copied-context', 'keeps-context', (of) => {
  const before = contextOf(lastCall(of.earlier)?.arguments)
  return before && 'sessionMemory' in before
    ? changed(of, (_, context) => ({ ...context, sessionMemory: before.sessionMemory }))
    : undefined
})

const inventedId = mistake('invented-session', 'keeps-context', (of) =>
  changed(of, (_, context) => {
    const field = pick(
      of.random,
      ['sessionId', 'workspaceId'].filter((name) => name in context).concat(Object.keys(context)[0] ?? ''),
    )
    return { ...context, [field]: pick(of.random, ['default', 'session_1', 'current', 'workspace']) }
  }),
)

/** The destructive call of the plan where the look before it was due. */
const destroysUnasked = mistake('destroys-unasked', 'verifies', (of) => {
  const { item, step } = of
  const rash = item.plan.filter(isCall).find(({ destroys }) => destroys)
  const looksStill = item.plan.slice(of.act.step).some((later) => isCall(later) && later.looks)
  return rash && looksStill && isCall(step) ? call(of, rash.tool, rash.arguments) : undefined
})

/** Goes on with one of several that fit, where a question is due. */
const assumesChoice = mistake('assumes-choice', 'asks-back', (of) => {
  const { item, act, step, earlier } = of
  if (!isAsk(step)) return undefined
  const next = item.plan.slice(act.step + 1).find(isCall)
  const before = lastCall(earlier)
  if (!next || !before) return undefined
  const context = contextOf(before.arguments)
  return {
    toolCalls: [
      {
        id: `${before.id}x`,
        name: next.tool,
        arguments: { ...(context && { [contextArgument]: context }), ...next.arguments },
      },
    ],
  }
})

const needless = [
  'Which note do you mean?',
  'Could you tell me the exact path?',
  'What should I do with it?',
  'Should I go on?',
]

/** Asks for what can be found out: the mirror of choosing for the user. */
const needlessQuestion = mistake('needless-question', 'asks-only-then', (of) =>
  isCall(of.step) ? { content: pick(of.random, needless.slice(0, 3)) } : undefined,
)

/** Says that all is done while calls are still due. */
const stopsEarly = mistake('stops-early', 'on-plan', (of) => {
  const last = of.item.plan.at(-1)
  return isCall(of.step) && of.act.step > 0 && isSay(last) ? { content: last.say } : undefined
})

/** Another call after everything is done, where words are due. */
const tooManyCalls = mistake('too-many-calls', 'answers', (of) => {
  const before = lastCall(of.earlier)
  return isSay(of.step) && before ? { toolCalls: [{ ...before, id: `${before.id}x` }] } : undefined
})

/** A value that stands somewhere else in the conversation: the one of the step before, under the same argument. */
const fromElsewhere = mistake('value-of-another-thing', 'on-plan', (of) => {
  const { act, item, step } = of
  if (!isCall(step) || !act.call) return undefined
  const said = [...Object.keys(item.state.files), ...item.state.folders, ...Object.values(item.state.tags).flat()]
  const names = Object.entries(step.arguments).filter(([, value]) => said.some((other) => other !== value))
  if (names.length === 0) return undefined
  const [name, value] = pick(of.random, names)
  const other = pick(
    of.random,
    said.filter((entry) => entry !== value),
  )
  return { toolCalls: [{ ...act.call, arguments: { ...(act.call.arguments as object), [name]: other } }] }
})

/** Plausible mistakes of an episode, each in one turn, on the same prompt as the gold's. */
export const scenarioMistakes: readonly Mistake<Item | Scenario, Definition>[] = [
  givesUp,
  repeats,
  emptyContext,
  copiedContext,
  inventedId,
  destroysUnasked,
  assumesChoice,
  needlessQuestion,
  stopsEarly,
  tooManyCalls,
  fromElsewhere,
]
