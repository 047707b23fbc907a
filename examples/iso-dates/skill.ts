/**
 * A whole skill in one file: turn a date as people say it into ISO 8601.
 *
 *   npx whet plugin check ./examples/iso-dates/skill.ts
 *   npx whet run -c examples/iso-dates/whetstone.yaml
 */
import { definePlugin, mulberry32, pick, seedFrom, splitOf } from 'whetstone/skill'
import { z } from 'zod'

const Item = z.object({
  id: z.string(),
  family: z.string(), // the wording: statistics cluster by it, and no wording of an evaluation is ever trained on
  tags: z.record(z.string(), z.array(z.string())),
  said: z.string(),
  iso: z.string(),
})

const months = 'January February March April May June July August September October November December'.split(' ')
const ordinal = (n: number) => `${n}${n > 3 && n < 21 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`
const two = (n: number) => String(n).padStart(2, '0')

/** Ways to say a date, by order of its parts; each is combined with a way to ask. */
const orders = {
  'day-first': [
    (y: number, m: number, d: number) => `${d} ${months[m]} ${y}`,
    (y: number, m: number, d: number) => `the ${ordinal(d)} of ${months[m]} ${y}`,
    (y: number, m: number, d: number) => `${d}. ${months[m]?.slice(0, 3)} ${y}`,
  ],
  'month-first': [
    (y: number, m: number, d: number) => `${months[m]} ${d}, ${y}`,
    (y: number, m: number, d: number) => `${months[m]} ${ordinal(d)} ${y}`,
    (y: number, m: number, d: number) => `${months[m]?.slice(0, 3)}. ${d} ${y}`,
  ],
  'year-first': [
    (y: number, m: number, d: number) => `${y}, ${months[m]} ${d}`,
    (y: number, m: number, d: number) => `in ${y}, on ${months[m]} ${ordinal(d)}`,
  ],
}
const asks = [
  'Write DATE as an ISO date.',
  'DATE in ISO format?',
  'Give me the ISO date for DATE.',
  'iso: DATE',
  'Normalise DATE.',
  'How is DATE written in ISO 8601?',
  'Convert DATE, please.',
  'I need DATE for a file name, as ISO.',
  'DATE',
  'What is DATE as year-month-day?',
  'Please turn DATE into digits, year first.',
  'The form wants DATE in ISO.',
  'DATE -> ?',
  'Reformat: DATE.',
  'Our database needs DATE as ISO.',
  'Standardise the date DATE.',
  'DATE, machine readable?',
  'Put DATE in the log as an ISO date.',
  'Rewrite DATE the ISO way.',
  'The meeting is on DATE; ISO, please.',
  'Can you write DATE with dashes, year first?',
  'DATE as yyyy-mm-dd',
  'Make DATE sortable.',
  'Which ISO date is DATE?',
]

const orderNames = Object.keys(orders) as (keyof typeof orders)[]
const wordings = orderNames.flatMap((order) =>
  orders[order].flatMap((say, n) => asks.map((ask) => ({ order, say, ask, family: `${order}-${n}|${ask}` }))),
)

export const plugin = definePlugin({
  contract: 1,
  name: 'iso-dates',
  summary: 'dates as people say them, into ISO 8601',
  options: z.strictObject({ from: z.int().default(1950), to: z.int().default(2049) }),
  definition: z.object({ from: z.number(), to: z.number() }),
  item: Item,

  // define
  define: async (options) => options,
  dimensions: () => ({ order: orderNames }),
  rubrics: [
    {
      name: 'iso-dates',
      criteria: [
        { name: 'right', weight: 2, passAt: 1 },
        { name: 'format', weight: 1, passAt: 1 },
      ],
    },
  ],
  failureTags: ['not-a-date', 'wrong-date'],
  format: 'format',
  targets: () => [
    { of: 'right', measure: 'pass-rate', pass: 0.9, warn: 0.6 },
    { of: 'format', measure: 'pass-rate', pass: 0.98, warn: 0.9 },
  ],

  // create
  async *generate(spec, { from, to }) {
    const own = wordings.filter(({ family }) => splitOf(`family:${family}`) === spec.split)
    for (const [at, part] of spec.parts.entries()) {
      const fitting = own.filter(({ order }) => part.where.order?.includes(order) ?? true)
      for (let n = 0; n < part.rows; n += 1) {
        const random = mulberry32(seedFrom(spec.seed, at, n))
        const { order, say, ask, family } = pick(random, fitting)
        const [y, m, d] = aDay(random, from, to, spec.split)
        const iso = `${y}-${two(m + 1)}-${two(d)}`
        const said = ask.replace('DATE', say(y, m, d))
        yield { id: `${family}|${iso}`, family, tags: { order: [order] }, said, iso }
      }
    }
  },
  mistakes: [
    {
      name: 'day-and-month-swapped',
      fails: 'right',
      apply: (item) => {
        const [y, m, d] = item.iso.split('-')
        return m === d ? undefined : { at: 2, turn: { role: 'assistant', content: `${y}-${d}-${m}` } }
      },
    },
    {
      name: 'said-back',
      fails: 'format',
      apply: (item) => ({ at: 2, turn: { role: 'assistant', content: item.said } }),
    },
  ],

  // perform
  begin: (item) => ({
    messages: [
      { role: 'system', content: 'Answer with the ISO date only.' },
      { role: 'user', content: item.said },
    ],
    tools: [],
    maxSteps: 1,
  }),
  gold: (item, soFar) => (soFar.at(-1)?.role === 'user' ? { role: 'assistant', content: item.iso } : undefined),

  // evaluate
  async grade(item, transcript) {
    const reply = transcript.findLast(({ role }) => role === 'assistant')?.content.trim() ?? ''
    const format = /^\d{4}-\d{2}-\d{2}$/.test(reply)
    const right = reply === item.iso
    return {
      score: (Number(right) * 2 + Number(format)) / 3,
      criteria: {
        right: verdict(right, right ? 'the date that was said' : `expected ${item.iso}, got ${JSON.stringify(reply)}`),
        format: verdict(format, format ? 'an ISO date' : `not an ISO date: ${JSON.stringify(reply)}`),
      },
      failures: right ? [] : [format ? 'wrong-date' : 'not-a-date'],
    }
  },
})

const verdict = (pass: boolean, reason: string) =>
  ({ status: pass ? 'pass' : 'fail', score: pass ? 1 : 0, reason }) as const

/** A day that belongs to the split: splits share no dates. */
const aDay = (random: () => number, from: number, to: number, split: string): [number, number, number] => {
  for (;;) {
    const day: [number, number, number] = [
      from + Math.floor(random() * (to - from + 1)),
      Math.floor(random() * 12),
      1 + Math.floor(random() * 28),
    ]
    if (splitOf(`day:${day.join('-')}`) === split) return day
  }
}
