/**
 * How an item comes about: tool, then wording, then values, all from the pools of its split. Change `Call` and `makeItem` where your truth
 * is more than one call with plain arguments.
 */
import { type AssistantTurn, parseTemplate, pick, render, type Split, slotsOf, splitPool } from 'whetstone/skill'
import { z } from 'zod'
import { requests, tools, values } from './material.ts'

const Call = z.object({ name: z.string(), arguments: z.record(z.string(), z.union([z.string(), z.number()])) })
export const Item = z.object({
  id: z.string(),
  family: z.string(), // the wording: no wording of an evaluation is ever trained on
  tags: z.record(z.string(), z.array(z.string())),
  request: z.string(),
  call: Call, // the truth, known because the request was made from it
})
export type Item = z.output<typeof Item>

export const names = tools.map(({ name }) => name)

/** Every wording and every value belongs to one split; made once, since items are many. */
const bySplit = (pools: Readonly<Record<string, readonly string[]>>, kind: string) =>
  Object.fromEntries(Object.entries(pools).map(([name, pool]) => [name, splitPool(pool, (each) => `${kind}:${each}`)]))
const [wordings, slots] = [bySplit(requests, 'family'), bySplit(values, 'slot')]

export const makeItem = (tool: string, split: Split, random: () => number): Item => {
  const family = pick(random, wordings[tool]?.[split] ?? [])
  const pieces = parseTemplate(family)
  const said = Object.fromEntries(slotsOf(pieces).map((slot) => [slot, pick(random, slots[slot]?.[split] ?? [])]))
  const request = render(pieces, said, random)
  const { minutes, ...rest } = said
  const call = { name: tool, arguments: { ...(minutes !== undefined && { minutes: Number(minutes) }), ...rest } }
  return { id: request, family, tags: { tool: [tool] }, request, call }
}

export const asTurn = (call: Item['call']): AssistantTurn => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'call_1', ...call }],
})
