/**
 * my-skill: rough notes in, a short text of a given shape out. material.ts says what the notes are about; rubric.yaml, what counts. Change
 * here: the system message, `mistakes` (what your student gets wrong), `targets` (what is good enough).
 */
import { type AssistantTurn, definePlugin, mulberry32, pick, seedFrom } from 'whetstone/skill'
import { z } from 'zod'
import { grade, rubric } from './grade.ts'
import { dues, Item, makeItem } from './item.ts'
import { wanted } from './material.ts'

const said = (content: string): AssistantTurn => ({ role: 'assistant', content })

export const plugin = definePlugin({
  contract: 1,
  name: 'my-skill',
  summary: 'notes in, a short plan of three parts out',
  options: z.strictObject({}), // the skill's section of whetstone.yaml
  definition: z.object({}),
  item: Item,
  define: async () => ({}),
  dimensions: () => ({ due: dues }),
  rubrics: [rubric],
  failureTags: rubric.criteria.map(({ name }) => `not-${name}`),
  format: 'parts',
  targets: () => [
    { of: 'good', measure: 'pass-rate', pass: 0.8, warn: 0.6 },
    { of: 'parts', measure: 'pass-rate', pass: 0.95, warn: 0.8 },
  ],
  async *generate(spec) {
    const seen = new Set<string>() // a request comes once
    for (const [at, { where, rows }] of spec.parts.entries())
      for (let n = 0, tries = 0; n < rows && tries < 10 * rows; tries += 1) {
        const random = mulberry32(seedFrom(spec.seed, spec.split, at, tries))
        const item = makeItem(spec.split, pick(random, where.due ?? dues), random)
        if (seen.has(item.id)) continue
        seen.add(item.id)
        n += 1
        yield item
      }
  },
  mistakes: [
    {
      name: 'praises',
      fails: 'sober',
      apply: ({ facts }) => ({ at: 2, turn: said(`${wanted(facts)} What an excellent plan!`) }),
    },
    {
      name: 'forgets-who',
      fails: 'grounded',
      apply: ({ facts }) => ({ at: 2, turn: said(wanted({ ...facts, who: 'somebody' })) }),
    },
    { name: 'leaves-as-it-is', fails: 'good', apply: ({ notes }) => ({ at: 2, turn: said(notes) }) },
    {
      name: 'one-part-short',
      fails: 'parts',
      apply: ({ facts }) => ({ at: 2, turn: said(wanted(facts).split('\n').slice(0, 2).join('\n')) }),
    },
  ],
  begin: ({ notes }) => ({
    messages: [
      { role: 'system', content: 'Write the notes as three lines: Task, Owner, Due.' },
      { role: 'user', content: notes },
    ],
    tools: [],
    maxSteps: 1,
  }),
  gold: ({ facts }, soFar) => (soFar.at(-1)?.role === 'user' ? said(wanted(facts)) : undefined),
  grade: async (item, transcript) => grade(item, transcript),
})
