import type { AnySkill, AssistantTurn, ItemBase, ToolSchema, Transcript } from '../core/contract.ts'
import { mulberry32, pick, type Random, seedFrom } from '../core/random.ts'

interface Of {
  readonly plugin: AnySkill
  readonly definition: unknown
}

/** What an episode looks like after one turn of a student. */
export const transcriptOf = ({ plugin, definition }: Of, item: ItemBase, turn: AssistantTurn): Transcript => [
  ...plugin.begin(item, definition).messages,
  turn,
]

export const doNothing: AssistantTurn = { role: 'assistant', content: '' }

const words = 'the a of blue table river seven quickly under because lantern walks not maybe green'.split(' ')
const prose = (random: Random) => Array.from({ length: 12 }, () => pick(random, words)).join(' ')

/** A random offered tool with random arguments, or random words: half and half where tools are offered. */
export const randomTurn = ({ plugin, definition }: Of, item: ItemBase): AssistantTurn => {
  const random = mulberry32(seedFrom('random student', item.id))
  const { tools } = plugin.begin(item, definition)
  if (tools.length === 0 || random() < 0.5) return { role: 'assistant', content: prose(random) }
  const tool = pick(random, tools)
  return {
    role: 'assistant',
    content: '',
    toolCalls: [{ id: 'call_1', name: tool.name, arguments: randomArguments(tool, random) }],
  }
}

const randomArguments = ({ parameters }: ToolSchema, random: Random): Record<string, unknown> => {
  const properties = (parameters.properties ?? {}) as Record<string, { type?: unknown }>
  return Object.fromEntries(
    Object.entries(properties)
      .filter(() => random() < 0.7)
      .map(([name, { type }]) => [
        name,
        type === 'number' || type === 'integer' ? Math.floor(random() * 100) : pick(random, words),
      ]),
  )
}

/** Answers that no grader may choke on. */
export const hostileTurns = ({ plugin, definition }: Of, item: ItemBase): Record<string, AssistantTurn> => {
  const [tool] = plugin.begin(item, definition).tools
  const call = (name: string, args: unknown): AssistantTurn => ({
    role: 'assistant',
    content: '',
    toolCalls: [{ id: 'call_1', name, arguments: args }],
  })
  const name = tool?.name ?? 'nothing'
  return {
    'megabytes of text': { role: 'assistant', content: 'All work and no play. '.repeat(100_000) },
    'control characters': { role: 'assistant', content: '\u0000\u001b[31m\u202e\u200b\ud800' },
    'text arguments': call(name, '{"a": 1}'),
    'null arguments': call(name, null),
    'list arguments': call(name, [1, 2, 3]),
    'a name from the prototype': call('constructor', {}),
    'arguments from the prototype': call(
      name,
      JSON.parse('{"__proto__": {"x": 1}, "toString": "x", "constructor": 5}'),
    ),
    'many calls': {
      role: 'assistant',
      content: '',
      toolCalls: Array.from({ length: 500 }, (_, index) => ({ id: `${index}`, name, arguments: {} })),
    },
    'a broken call in the text': { role: 'assistant', content: '<tool_call>{"name": "' },
  }
}
