/**
 * my-skill: pick the right tool and fill its arguments. material.ts says which tools there are and how people ask. Change here: `mistakes`
 * (what your student gets wrong), `targets` (what is good enough), `dimensions` (what failures are counted by).
 */
import { definePlugin, mulberry32, pick, seedFrom } from 'whetstone/skill'
import { z } from 'zod'
import { grade } from './grade.ts'
import { asTurn, Item, makeItem, names } from './item.ts'
import { tools } from './material.ts'

export const plugin = definePlugin({
  contract: 1,
  name: 'my-skill',
  summary: 'the right call with the right arguments',
  options: z.strictObject({}), // the skill's section of whetstone.yaml
  definition: z.object({}),
  item: Item,
  define: async () => ({}),
  dimensions: () => ({ tool: names }),
  rubrics: [
    {
      name: 'my-skill',
      criteria: [
        { name: 'right', weight: 4, passAt: 1 }, // the first target: it decides promotion
        { name: 'tool', weight: 1, passAt: 1 },
        { name: 'format', weight: 1, passAt: 1 },
      ],
    },
  ],
  failureTags: ['no-call', 'wrong-tool', 'wrong-arguments'],
  format: 'format',
  targets: () => [
    { of: 'right', measure: 'pass-rate', pass: 0.8, warn: 0.6 },
    { of: 'format', measure: 'pass-rate', pass: 0.98, warn: 0.9 },
  ],
  async *generate(spec) {
    const seen = new Set<string>() // a request comes once
    for (const [at, { where, rows }] of spec.parts.entries())
      for (let n = 0, tries = 0; n < rows && tries < 10 * rows; tries += 1) {
        const random = mulberry32(seedFrom(spec.seed, spec.split, at, tries))
        const item = makeItem(pick(random, where.tool ?? names), spec.split, random)
        if (seen.has(item.id)) continue
        seen.add(item.id)
        n += 1
        yield item
      }
  },
  mistakes: [
    {
      name: 'other-tool',
      fails: 'tool',
      apply: ({ call }) => ({ at: 1, turn: asTurn({ ...call, name: names.find((name) => name !== call.name) ?? '' }) }),
    },
    {
      name: 'empty-arguments',
      fails: 'right',
      apply: ({ call }) => ({ at: 1, turn: asTurn({ ...call, arguments: {} }) }),
    },
    {
      name: 'promise',
      fails: 'format',
      apply: () => ({ at: 1, turn: { role: 'assistant', content: 'Sure, I will do that.' } }),
    },
  ],
  begin: ({ request }) => ({ messages: [{ role: 'user', content: request }], tools, maxSteps: 1 }),
  gold: ({ call }, soFar) => (soFar.at(-1)?.role === 'user' ? asTurn(call) : undefined),
  grade: async (item, transcript) => grade(item, transcript),
})
