import { expect, test } from 'vitest'
import { z } from 'zod'
import { type AnySkill, type AssistantTurn, definePlugin } from '../core/contract.ts'
import { mulberry32, seedFrom } from '../core/random.ts'
import { type Claim, checkPlugin } from './plugin-suite.ts'

const Item = z.object({
  id: z.string(),
  family: z.string(),
  tags: z.record(z.string(), z.array(z.string())),
  n: z.number(),
})
type Item = z.output<typeof Item>

const said = (content: string): AssistantTurn => ({ role: 'assistant', content })
const doubled = (n: number): AssistantTurn => said(String(2 * n))

/** A whole skill in a few lines: double a number. */
const doubling = definePlugin({
  contract: 1,
  name: 'doubling',
  summary: 'double a number',
  options: z.object({}),
  definition: z.object({}),
  item: Item,
  define: async () => ({}),
  dimensions: () => ({ size: ['small', 'large'] }),
  rubrics: [{ name: 'doubling', criteria: [{ name: 'right', weight: 1, passAt: 1 }] }],
  failureTags: ['wrong'],
  format: 'right',
  targets: () => [{ of: 'right', measure: 'pass-rate', pass: 0.9, warn: 0.8 }],
  async *generate({ seed, split, parts }) {
    const first = { train: 0, dev: 1, gate: 2, sealed: 3 }[split]
    for (const { where, rows } of parts) {
      const start = Math.floor(mulberry32(seedFrom(seed))() * 1000)
      for (let at = 0, made = 0; made < rows && at < 4 * rows; at += 1) {
        const n = 4 * (start + at) + first
        const size = at % 2 === 0 ? 'small' : 'large'
        if (where.size && !where.size.includes(size)) continue
        made += 1
        yield { id: String(n), family: `${split} ${size}`, tags: { size: [size] }, n } as Item
      }
    }
  },
  mistakes: [{ name: 'off by one', fails: 'right', apply: ({ n }: Item) => ({ at: 1, turn: doubled(n + 1) }) }],
  begin: ({ n }: Item) => ({ messages: [{ role: 'user', content: String(n) }], tools: [], maxSteps: 1 }),
  gold: ({ n }: Item, soFar) => (soFar.length > 1 ? undefined : doubled(n)),
  grade: async ({ n }: Item, transcript) => {
    const right = transcript.at(-1)?.content === String(2 * n)
    const verdict = {
      status: right ? 'pass' : 'fail',
      score: right ? 1 : 0,
      reason: right ? 'doubled' : 'not doubled',
    } as const
    return { score: right ? 1 : 0, criteria: { right: verdict }, failures: right ? [] : ['wrong'] }
  },
})

const findings = async (change: object): Promise<Claim[]> => {
  const plugin = { ...doubling, ...change } as AnySkill
  const found: Claim[] = []
  for await (const claim of checkPlugin(plugin, { options: {}, baseDir: '.', rows: 20, stallMs: 1500 }))
    if (!claim.ok) found.push(claim)
  return found
}
const failing = async (change: object): Promise<string[]> =>
  (await findings(change)).filter(({ advice }) => !advice).map(({ claim }) => claim)

test('a plugin that keeps the contract passes every check', async () => {
  expect(await failing({})).toEqual([])
})

const right = { status: 'pass', score: 1, reason: '' }
test.each([
  [
    'a grader that passes everything',
    { grade: async () => ({ score: 1, criteria: { right }, failures: [] }) },
    'near nothing',
  ],
  [
    'a grader that fails the gold',
    { grade: async () => ({ score: 0, criteria: { right: { ...right, status: 'fail', score: 0 } }, failures: [] }) },
    'gold answers pass',
  ],
  ['a grader that throws', { grade: () => Promise.reject(new Error('no')) }, 'rubbish'],
  ['an undeclared failure tag', { failureTags: [] }, 'rubbish'],
  ['a dimension that is not declared', { dimensions: () => ({}) }, 'declared dimension'],
  ['a tag that nothing has', { dimensions: () => ({ size: ['small', 'large', 'huge'] }) }, 'one tag'],
  [
    'a target of nothing',
    { targets: () => [{ of: 'speed', measure: 'pass-rate', pass: 1, warn: 1 }] },
    'name each other',
  ],
  [
    'a mistake that is none',
    { mistakes: [{ name: 'none', fails: 'right', apply: ({ n }: Item) => ({ at: 1, turn: doubled(n) }) }] },
    'every mistake',
  ],
  [
    'a mistake that can never be made',
    { mistakes: [{ name: 'never', fails: 'right', apply: () => undefined }] },
    'every mistake',
  ],
  [
    'a gold that never ends',
    {
      gold: ({ n }: Item) => doubled(n),
      begin: ({ n }: Item) => ({ messages: [{ role: 'user', content: String(n) }], tools: [], maxSteps: 3 }),
    },
    'comes to an end',
  ],
  [
    'items by chance',
    {
      generate: async function* () {
        yield { id: String(Math.random()), family: 'f', tags: { size: ['small'] }, n: 1 }
      },
    },
    'same seed',
  ],
  ['a definition that its own schema cuts', { define: async () => ({ more: 1 }) }, 'fits its own schema'],
  [
    'a request that every split asks',
    { begin: () => ({ messages: [{ role: 'user', content: 'double it' }], tools: [], maxSteps: 1 }) },
    'comes in two splits',
  ],
  ['items that do not fit their schema', { item: Item.extend({ more: z.string() }) }, 'fit their schema'],
])('%s is found out', async (_, change, claim) => {
  expect((await failing(change)).join(' | ')).toContain(claim)
})

const itemsWith = (change: (item: Item, split: string) => object) => ({
  async *generate(...args: Parameters<typeof doubling.generate>) {
    for await (const item of doubling.generate(...args)) yield { ...item, ...change(item, args[0].split) }
  },
})
const families = itemsWith(({ n }, split) => ({ family: `${split} ${n % 80}` }))

test.each([
  [
    'a generator that waits for every item',
    {
      async *generate(...args: Parameters<typeof doubling.generate>) {
        let left = args[0].seed === 5 ? 3 : Number.POSITIVE_INFINITY // the seed that is timed
        for await (const item of families.generate(...args)) {
          if (left-- <= 0) return
          if (left < 3) await new Promise((resolve) => setTimeout(resolve, 60))
          yield item
        }
      },
    },
    'fast enough',
    'items a second: a round of 1,000 rows takes',
  ],
  ['a gate of two families', itemsWith(({ n }, split) => ({ family: `${split} ${n % 8}` })), 'families', 'gate has 2'],
  [
    'a tag that comes only where it is asked for',
    {
      ...families,
      dimensions: () => ({ size: ['small', 'large'], rare: ['yes'] }),
      async *generate(...args: Parameters<typeof doubling.generate>) {
        const [{ parts }] = args
        for await (const item of families.generate(...args))
          yield parts[0]?.where.rare ? { ...item, tags: { ...item.tags, rare: ['yes'] } } : item
      },
    },
    'without being asked for',
    'carries rare "yes"',
  ],
  [
    'good and bad replies that differ by a word',
    {
      ...families,
      mistakes: [{ name: 'talks', fails: 'right', apply: () => ({ at: 1, turn: said('let me think about it') }) }],
    },
    'told by their surface',
    'the length of a reply alone tells 100 % of the labels',
  ],
  [
    'a criterion that no mistake fails',
    { ...families, mistakes: [] },
    'failed by some mistake',
    'there are no mistakes',
  ],
])('%s is advised about, and fails nothing', async (_, change, claim, words) => {
  const found = await findings(change)
  expect(found.filter(({ advice }) => !advice)).toEqual([])
  const about = found.find((each) => each.claim.includes(claim))
  expect([about?.detail, about?.mend]).toEqual([expect.stringContaining(words), expect.stringMatching(/\S/)])
})

test('what is measured is told: baselines and items a second', async () => {
  const plugin = { ...doubling, ...families } as AnySkill
  const figures: Record<string, string> = {}
  for await (const { claim, figure } of checkPlugin(plugin, { options: {}, baseDir: '.', rows: 20 }))
    figures[claim] = figure
  expect(figures).toMatchObject({
    'the oracle scores one, and random and silent students near nothing': 'oracle 1.00 · random 0.00 · silent 0.00',
    'it makes items fast enough': expect.stringMatching(/^\d+ items a second$/),
  })
})
