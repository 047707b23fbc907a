/** How an item comes about: facts from the pools of its split, jotted down in one of its ways. Change `facts` and `dues` with the material. */
import { parseTemplate, pick, render, type Split, splitPool } from 'whetstone/skill'
import { z } from 'zod'
import { jottings, values } from './material.ts'

export const Item = z.object({
  id: z.string(),
  family: z.string(), // the way of jotting: no way of an evaluation is ever trained on
  tags: z.record(z.string(), z.array(z.string())),
  notes: z.string(),
  facts: z.record(z.string(), z.string()),
})
export type Item = z.output<typeof Item>

/** How the time is said: a dimension that failures are counted by. */
export const dues = ['day', 'hour']

/** Every way of jotting and every value belongs to one split. */
const ways = splitPool(jottings, (way) => `family:${way}`)
const own = (name: string) => splitPool(values[name] ?? [], (value) => `slot:${value}`)
const pools = { who: own('who'), what: own('what'), day: own('day'), hour: own('hour') }

export const makeItem = (split: Split, due: string, random: () => number): Item => {
  const family = pick(random, ways[split])
  const facts = {
    who: pick(random, pools.who[split]),
    what: pick(random, pools.what[split]),
    when: pick(random, (due === 'day' ? pools.day : pools.hour)[split]),
  }
  const notes = render(parseTemplate(family), facts, random)
  return { id: notes, family, tags: { due: [due] }, notes, facts }
}
