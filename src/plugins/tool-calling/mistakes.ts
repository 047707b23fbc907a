import {
  type AssistantTurn,
  type Mistake,
  mulberry32,
  pick,
  type Random,
  seedFrom,
  shuffle,
  type ToolCall,
  type Transcript,
} from '../../skill.ts'
import type { AnyItem } from './any-item.ts'
import { compiled } from './compiled.ts'
import type { Definition } from './definition.ts'
import type { Item } from './item.ts'
import { asks as asksFor } from './language.ts'
import { altered, inventedArguments, inventedNames, placeholders, similarity } from './plausible.ts'
import { isRecording, turnsOf } from './recorded/recording.ts'
import { turnItem } from './recorded/turn.ts'
import { riskyTools } from './restraint.ts'
import { isScenario } from './scenarios/scenario.ts'
import { parametersOf, propertiesOf, requiredOf } from './schema.ts'

type ToolCallingMistake = Mistake<AnyItem, Definition>

interface Case {
  readonly item: Item
  readonly calls: readonly ToolCall[] // the gold's
  readonly definition: Definition
  readonly random: Random
}

/** A mistake in the one assistant turn of the gold; `make` gives nothing where the item does not allow it. */
const mistake = (
  name: string,
  fails: string,
  make: (of: Case) => Partial<AssistantTurn> | undefined,
): ToolCallingMistake => ({
  name,
  fails,
  applies: ({ packs }) => packs.length > 0,
  apply(item, gold: Transcript, definition, seed) {
    if (isScenario(item)) return undefined
    const random = mulberry32(seedFrom('mistake', name, item.id, seed))
    const spoken = gold.flatMap(({ role }, place) => (role === 'assistant' ? [place] : []))
    const which = isRecording(item) ? Math.floor(random() * spoken.length) : 0
    const at = spoken[which] ?? -1
    const turn = gold[at]
    if (turn?.role !== 'assistant') return undefined
    // one turn of a conversation is a request of its own
    const single = isRecording(item) ? turnItem(item, turnsOf(item)[which] ?? 0) : item
    const made = make({ item: single, calls: turn.toolCalls ?? [], definition, random })
    return made && { at, turn: { role: 'assistant', content: '', ...made } }
  },
})

/** The calls with one of them changed; nothing where that call cannot be changed so. */
const withOne = ({ calls, random }: Case, change: (call: ToolCall, random: Random) => ToolCall | undefined) => {
  for (const index of shuffle(random, [...calls.keys()])) {
    const call = calls[index]
    const changed = call && change(call, random)
    if (changed) return { toolCalls: calls.map((other, at) => (at === index ? changed : other)) }
  }
  return undefined
}

const argumentsOf = ({ arguments: args }: ToolCall) => args as Record<string, unknown>

/** Another shown tool that looks alike: it takes over the arguments that it has too. */
const wrongTool = mistake('wrong-tool', 'tool-choice', (of) => {
  const { item, definition } = of
  const right = item.truth.calls.flatMap(({ tools }) => tools)
  const { tools } = compiled(definition)
  return withOne(of, (call, random) => {
    const others = shuffle(
      random,
      item.menu.filter((name) => !right.includes(name)),
    )
    const near = others.sort(
      (a, b) => similarity(tools.get(b), tools.get(call.name)) - similarity(tools.get(a), tools.get(call.name)),
    )[0]
    const tool = near === undefined ? undefined : tools.get(near)
    return tool && { ...call, name: tool.name, arguments: placeholders(tool, argumentsOf(call), random) }
  })
})

const missingArgument = mistake('missing-argument', 'arguments', (of) =>
  withOne(of, (call, random) => {
    const tool = compiled(of.definition).tools.get(call.name)
    const required = tool ? requiredOf(parametersOf(tool)).filter((name) => Object.hasOwn(argumentsOf(call), name)) : []
    if (required.length === 0) return undefined
    const { [pick(random, required)]: _, ...rest } = argumentsOf(call)
    return { ...call, arguments: rest }
  }),
)

const inventedArgument = mistake('invented-argument', 'arguments', (of) =>
  withOne(of, (call, random) => {
    const tool = compiled(of.definition).tools.get(call.name)
    const known = tool ? Object.keys(propertiesOf(parametersOf(tool))) : []
    const [name, value] = pick(
      random,
      inventedArguments.filter(([candidate]) => !known.includes(candidate)),
    )
    return { ...call, arguments: { ...argumentsOf(call), [name]: value } }
  }),
)

/** A name that nobody offered, as models make them up: another verb, another order of words. */
const inventedTool = mistake('invented-tool', 'no-invented-tools', (of) =>
  withOne(of, (call, random) => {
    const names = inventedNames(call.name).filter((name) => !compiled(of.definition).tools.has(name))
    return names.length === 0 ? undefined : { ...call, name: pick(random, names) }
  }),
)

/** One argument as `change` makes it; values that the truth accepts too are no mistake. */
const withValue = (of: Case, change: (value: unknown, args: Record<string, unknown>, name: string) => unknown) =>
  withOne(of, (call, random) => {
    const expected = of.item.truth.calls.find(({ tools }) => tools.includes(call.name))
    for (const [name, value] of shuffle(random, Object.entries(argumentsOf(call)))) {
      const other = change(value, argumentsOf(call), name)
      const right = expected?.arguments[name]
      if (right?.anyWords) continue // other words are no mistake
      const accepted = right?.values.some((one) => JSON.stringify(one) === JSON.stringify(other))
      if (other !== undefined && !accepted) return { ...call, arguments: { ...argumentsOf(call), [name]: other } }
    }
    return undefined
  })

const alteredValue = mistake('altered-value', 'arguments', (of) => withValue(of, (value) => altered(value, of.random)))

/** A number as text, a text as a list, a list as text: right but for the type. */
const wrongType = mistake('wrong-type', 'arguments', (of) =>
  withValue(of, (value) => {
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    return Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? [value] : undefined
  }),
)

/** The right thing in another unit or notation: thousandfold, with backslashes, in capitals. */
const wrongFormat = mistake('wrong-format', 'arguments', (of) =>
  withValue(of, (value) => {
    if (typeof value === 'number') return value === 0 ? 1 : value * 1000
    if (typeof value !== 'string') return undefined
    const other = value.includes('/') ? value.replaceAll('/', '\\') : value.toUpperCase()
    return other === value ? undefined : other
  }),
)

/** A value that was said for another argument: from the wrong part of the request. */
const swappedValue = mistake('value-from-elsewhere', 'arguments', (of) =>
  withValue(of, (value, args, name) => {
    const others = Object.entries(args).filter(([key, other]) => key !== name && typeof other === typeof value)
    const other = others[0]?.[1]
    return other === value ? undefined : other
  }),
)

const missingCall = mistake('missing-call', 'tool-choice', ({ calls }) =>
  calls.length < 2 ? undefined : { toolCalls: calls.slice(0, -1) },
)

/** One call too many: another shown tool beside the right one, or the right one twice. */
const extraCall = mistake('extra-call', 'tool-choice', ({ item, calls, definition, random }) => {
  const [first] = calls
  if (!first || calls.length > 2) return undefined
  const others = item.menu.filter((name) => !item.truth.calls.some(({ tools }) => tools.includes(name)))
  const tool = others.length > 0 ? compiled(definition).tools.get(pick(random, others)) : undefined
  const more = tool ? { name: tool.name, arguments: placeholders(tool, argumentsOf(first), random) } : first
  return { toolCalls: [...calls, { ...more, id: `call_${calls.length + 1}` }] }
})

const wrongOrder = mistake('wrong-order', 'full-call', ({ item, calls }) =>
  item.truth.order === 'bound' && calls.length > 1 ? { toolCalls: [...calls].reverse() } : undefined,
)

/** Acts on a guess where it should ask. */
const callInsteadOfAsking = mistake('call-instead-of-asking', 'asks-back', ({ item, definition, random }) => {
  const { asks } = item.truth
  const name = asks && [asks.tool, ...item.menu].find((candidate) => item.menu.includes(candidate))
  const tool = name === undefined ? undefined : compiled(definition).tools.get(name)
  return (
    tool && { toolCalls: [{ id: 'call_1', name: tool.name, arguments: placeholders(tool, asks?.said ?? {}, random) }] }
  )
})

const callInsteadOfDeclining = mistake('call-instead-of-declining', 'declines', ({ item, definition, random }) => {
  if (item.kind !== 'decline') return undefined
  const tool = compiled(definition).tools.get(pick(random, item.menu))
  return tool && { toolCalls: [{ id: 'call_1', name: tool.name, arguments: placeholders(tool, {}, random) }] }
})

/** Calls where words were due: in conversations that were had, where the work is done. */
const callInsteadOfAnswering: ToolCallingMistake = {
  ...mistake('call-instead-of-answering', 'answers', ({ item, definition, random }) => {
    const due = item.kind === 'answer' && item.menu.length > 0
    const tool = due ? compiled(definition).tools.get(pick(random, item.menu)) : undefined
    return tool && { toolCalls: [{ id: 'call_1', name: tool.name, arguments: placeholders(tool, {}, random) }] }
  }),
  applies: ({ data }) => data !== undefined,
}

/** Takes something away or writes over it, and nobody asked for that. */
const destructiveCall: ToolCallingMistake = {
  ...mistake('destructive-call', 'restraint', ({ item, calls, definition, random }) => {
    const risky = riskyTools(item, definition.destructive)
    const tool = risky.length === 0 ? undefined : compiled(definition).tools.get(pick(random, risky))
    const said = calls[0] ? argumentsOf(calls[0]) : (item.truth.asks?.said ?? {})
    return tool && { toolCalls: [{ id: 'call_1', name: tool.name, arguments: placeholders(tool, said, random) }] }
  }),
  applies: ({ packs, destructive = [], tools }) => packs.length > 0 && destructive.length > 0 && tools.length > 1,
}

const promises = [
  'Done!',
  'Sure, I have taken care of it.',
  'I will do that for you right away.',
  'Here you go, it is all set.',
]

/** Says that it is done, and does nothing. */
const textInsteadOfCall = mistake('text-instead-of-call', 'full-call', ({ calls, random }) =>
  calls.length > 0 ? { content: pick(random, promises) } : undefined,
)

const needlessQuestions = ['Which file do you mean?', 'Could you tell me the path?', 'What exactly should I do?']
const needlessRefusals = ['I have no tool for that.', "I can't do that.", 'None of my tools can do this.']

/** Asks for what has been said already: without this one a pair set would teach never to act. */
const asksInsteadOfCalling = mistake('asks-instead-of-calling', 'asks-only-then', ({ calls, random }) =>
  calls.length > 0 ? { content: pick(random, needlessQuestions) } : undefined,
)

const declinesInsteadOfCalling = mistake('declines-instead-of-calling', 'full-call', ({ calls, random }) =>
  calls.length > 0 ? { content: pick(random, needlessRefusals) } : undefined,
)

const declinesInsteadOfAsking = mistake('declines-instead-of-asking', 'asks-back', ({ item, random }) =>
  item.kind === 'ask' ? { content: pick(random, needlessRefusals) } : undefined,
)

/** Asks, but for something else than what is missing: in the words of another question about the same tool. */
const asksForAnotherThing = mistake('asks-for-another-thing', 'asks-back', ({ item, definition, random }) => {
  const { asks } = item.truth
  if (!asks) return undefined
  const others = compiled(definition).families.filter(
    ({ asks: other, calls }) => other && calls[0]?.tools[0] === asks.tool,
  )
  const questions = others.flatMap(({ replies }) => replies).filter((reply) => !asksFor(reply, asks.names))
  return questions.length > 0 ? { content: pick(random, [...new Set(questions)]) } : undefined
})

const asksInsteadOfDeclining = mistake('asks-instead-of-declining', 'declines', ({ item, random }) =>
  item.kind === 'decline' ? { content: pick(random, needlessQuestions) } : undefined,
)

/** A call that breaks off, or whose arguments are text inside of text. */
const malformedCall = mistake('malformed-call', 'format', ({ calls, random }) => {
  const [call] = calls
  if (!call) return undefined
  const text = `<tool_call>\n${JSON.stringify({ name: call.name, arguments: call.arguments })}\n</tool_call>`
  return random() < 0.5
    ? { content: text.slice(0, Math.max(20, Math.floor(text.length * (0.5 + random() * 0.3)))) }
    : { toolCalls: [{ ...call, arguments: JSON.stringify(call.arguments) }, ...calls.slice(1)] }
})

/** Plausible mistakes in a single exchange, each on the same request as the gold: what KTO and DPO unlearn. */
export const mistakes: readonly ToolCallingMistake[] = [
  wrongTool,
  missingArgument,
  inventedArgument,
  inventedTool,
  alteredValue,
  wrongType,
  wrongFormat,
  swappedValue,
  missingCall,
  extraCall,
  wrongOrder,
  callInsteadOfAsking,
  callInsteadOfDeclining,
  callInsteadOfAnswering,
  destructiveCall,
  textInsteadOfCall,
  asksInsteadOfCalling,
  declinesInsteadOfCalling,
  declinesInsteadOfAsking,
  asksForAnotherThing,
  asksInsteadOfDeclining,
  malformedCall,
]
