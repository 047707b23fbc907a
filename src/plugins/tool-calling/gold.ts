import type { AssistantTurn, Opening, ToolCall, Transcript } from '../../skill.ts'
import { compiled } from './compiled.ts'
import type { Definition } from './definition.ts'
import type { ExpectedCall, Item } from './item.ts'
import { parametersOf, propertiesOf } from './schema.ts'

/** The request alone: the chat template writes the shown tools into the system turn. One exchange, so one step. */
export const begin = (item: Item, definition: Definition): Opening => {
  const { tools } = compiled(definition)
  return {
    messages: [{ role: 'user', content: item.request }],
    tools: item.menu.flatMap((name) => tools.get(name) ?? []),
    maxSteps: 1,
  }
}

/** The right calls, or the question or refusal in the pack's words; nothing once an assistant has spoken. */
export const gold = (item: Item, soFar: Transcript, definition: Definition): AssistantTurn | undefined => {
  if (soFar.some(({ role }) => role === 'assistant')) return undefined
  const calls = item.truth.calls.map((expected, index) => goldCall(expected, index, item, definition))
  return calls.length > 0
    ? { role: 'assistant', content: '', toolCalls: calls }
    : { role: 'assistant', content: item.reply ?? '' }
}

/** The canonical tool, or the first shown one that does the same; only what was said, in the schema's order. */
export const goldCall = (expected: ExpectedCall, index: number, item: Item, definition: Definition): ToolCall => {
  const name = expected.tools.find((tool) => item.menu.includes(tool)) ?? expected.tools[0] ?? ''
  const tool = compiled(definition).tools.get(name)
  const order = tool ? Object.keys(propertiesOf(parametersOf(tool))) : []
  const said = Object.entries(expected.arguments).filter(([, { optional }]) => !optional)
  const sorted = said.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
  return {
    id: `call_${index + 1}`,
    name,
    arguments: Object.fromEntries(sorted.map(([argument, { values }]) => [argument, values[0]])),
  }
}
