/**
 * my-skill: a question in; search, read, and answer from what was read. material.ts makes documents and questions. Change here: `gold` (the
 * ideal way), `mistakes` (what your student gets wrong), `targets` (what is good enough).
 */
import { definePlugin, mulberry32, pick, seedFrom } from 'whetstone/skill'
import { z } from 'zod'
import { grade } from './grade.ts'
import { call, caseOf, environmentOf, Item, said, tools } from './item.ts'
import { makeCase, topics } from './material.ts'

const otherOf = (item: Item) => caseOf(item).documents.find(({ id }) => id !== caseOf(item).target)?.id ?? ''
const madeUp = (item: Item) => topics[item.tags.topic?.[0] ?? '']?.answers.find((each) => each !== caseOf(item).answer)

export const plugin = definePlugin({
  contract: 1,
  name: 'my-skill',
  summary: 'search, read, answer from what was read',
  options: z.strictObject({}), // the skill's section of whetstone.yaml
  definition: z.object({}),
  item: Item,
  define: async () => ({}),
  dimensions: () => ({ topic: Object.keys(topics) }),
  rubrics: [
    {
      name: 'my-skill',
      criteria: [
        { name: 'answered', weight: 3, passAt: 1 }, // the first target: it decides promotion
        { name: 'read', weight: 2, passAt: 1 }, // the document that answers, before the answer
        { name: 'searched', weight: 1, passAt: 1 },
      ],
    },
  ],
  failureTags: ['wrong-answer', 'not-read', 'not-searched'],
  format: 'searched',
  targets: () => [
    { of: 'answered', measure: 'pass-rate', pass: 0.7, warn: 0.5 },
    { of: 'searched', measure: 'pass-rate', pass: 0.95, warn: 0.8 },
  ],
  async *generate(spec) {
    for (const [at, { where, rows }] of spec.parts.entries())
      for (let n = 0; n < rows; n += 1) {
        const seed = seedFrom(spec.seed, spec.split, at, n)
        const topic = pick(mulberry32(seed), where.topic ?? Object.keys(topics))
        const { project, question } = makeCase(topic, spec.split, seed)
        yield { id: `${question} ${seed}`, family: project, tags: { topic: [topic] }, seed, split: spec.split }
      }
  },
  mistakes: [
    {
      name: 'answers-unread',
      fails: 'read',
      apply: (item) => ({ at: 1, turn: said(`It is ${caseOf(item).answer}.`) }),
    },
    {
      name: 'reads-at-random',
      fails: 'searched',
      apply: (item) => ({ at: 1, turn: call('read', { id: caseOf(item).target }) }),
    },
    { name: 'reads-another', fails: 'read', apply: (item) => ({ at: 3, turn: call('read', { id: otherOf(item) }) }) },
    {
      name: 'makes-it-up',
      fails: 'answered',
      apply: (item, gold) => ({ at: gold.length - 1, turn: said(`It is ${madeUp(item)}.`) }),
    },
    {
      name: 'gives-up',
      fails: 'answered',
      apply: (_, gold) => ({ at: gold.length - 1, turn: said('I could not find it.') }),
    },
  ],
  begin: (item) => ({ messages: [{ role: 'user', content: caseOf(item).question }], tools, maxSteps: 3 }),
  gold(item, soFar) {
    const { project, target, answer } = caseOf(item)
    const step = soFar.filter(({ role }) => role === 'assistant').length
    return [call('search', { words: project }), call('read', { id: target }), said(`It is ${answer}.`)][step]
  },
  environment: async (item) => environmentOf(item),
  grade: async (item, transcript) => grade(item, transcript),
})
