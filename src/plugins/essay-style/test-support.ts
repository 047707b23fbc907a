import { playGold } from '../../core/episode.ts'
import {
  type AssistantTurn,
  type DefineContext,
  type Split,
  seedFrom,
  type Tags,
  type Transcript,
} from '../../skill.ts'
import type { Definition } from './definition.ts'
import { essayStyle } from './index.ts'
import type { Item } from './item.ts'

const signal = new AbortController().signal
export const context: DefineContext = { baseDir: import.meta.dirname, signal, progress: () => {} }
const defined = new Map<string, Promise<Definition>>()

/** The skill defined with a contract, once. */
export const definitionOf = (contract: 'compact' | 'default' = 'compact'): Promise<Definition> => {
  const made = defined.get(contract) ?? essayStyle.define(essayStyle.options.parse({ contract }), context)
  defined.set(contract, made)
  return made
}

export const itemsOf = async (
  definition: Definition,
  rows: number,
  where: Tags = {},
  split: Split = 'train',
): Promise<Item[]> => {
  const items: Item[] = []
  const spec = { seed: seedFrom('test', split), split, parts: [{ where, rows }] }
  for await (const item of essayStyle.generate(spec, definition, context)) items.push(item)
  return items
}

export const goldOf = async (item: Item, definition: Definition): Promise<Transcript> =>
  (await playGold(item, { plugin: essayStyle, definition, signal })).transcript

/** The criteria that an episode fails where the student says `reply` and nothing more. */
export const failedBy = async (item: Item, definition: Definition, reply: string): Promise<string[]> => {
  const turn: AssistantTurn = { role: 'assistant', content: reply }
  return failedIn(item, definition, [...essayStyle.begin(item, definition).messages, turn])
}

export const failedIn = async (item: Item, definition: Definition, transcript: Transcript): Promise<string[]> => {
  const { criteria } = await essayStyle.grade(item, transcript, definition, { signal })
  return Object.entries(criteria).flatMap(([name, { status }]) => (status === 'fail' ? [name] : []))
}
