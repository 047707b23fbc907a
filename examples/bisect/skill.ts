/**
 * Find a hidden number by halving: a dialogue of several turns, in which the user says "higher" or "lower".
 *
 *   npx whet plugin check ./examples/bisect/skill.ts
 *   npx whet run -c examples/bisect/whetstone.yaml
 */
import {
  type AssistantTurn,
  definePlugin,
  mulberry32,
  pick,
  seedFrom,
  splitPool,
  type Transcript,
  type Verdict,
} from 'whetstone/skill'
import { z } from 'zod'

const Item = z.object({
  id: z.string(),
  family: z.string(), // the range: no range of an evaluation is ever played in training
  tags: z.record(z.string(), z.array(z.string())),
  low: z.number(),
  high: z.number(),
  secret: z.number(),
})
type Item = z.output<typeof Item>

const spans = { narrow: 7, wide: 15 } // how many numbers a range holds: three and four halvings
type Span = keyof typeof spans
const starts = Array.from({ length: 1200 }, (_, n) => n * 4 + 1) // a range is asked once: two of the same would open alike
const pools = splitPool(starts, (start) => `slot:${start}`)

/** What the dialogue so far has left: the bounds after every guess that was one, and the guesses themselves. */
const played = ({ low, high, secret }: Item, transcript: Transcript) => {
  const guesses = transcript.flatMap((turn) => (turn.role === 'assistant' ? [turn.content.trim()] : []))
  let bounds = [low, high] as [number, number]
  const sound = guesses.map((guess) => {
    const number = /^\d{1,6}$/.test(guess) ? Number(guess) : Number.NaN
    const before = bounds
    const inside = number >= before[0] && number <= before[1]
    if (inside) bounds = number < secret ? [number + 1, bounds[1]] : [bounds[0], number - 1]
    return { number, inside, middle: middleOf(before) }
  })
  return { guesses: sound, bounds, found: sound.at(-1)?.number === secret }
}

const middleOf = ([low, high]: readonly [number, number]) => Math.floor((low + high) / 2)
const say = (content: string): AssistantTurn => ({ role: 'assistant', content })
const verdict = (pass: boolean, reason: string): Verdict => ({
  status: pass ? 'pass' : 'fail',
  score: pass ? 1 : 0,
  reason,
})

/** The reply that stands at `at` in the gold dialogue, changed. */
const instead =
  (at: number, content: (item: Item) => string | number | undefined) => (item: Item, gold: Transcript) => {
    const said = content(item)
    return gold[at]?.role !== 'assistant' || said === undefined ? undefined : { at, turn: say(String(said)) }
  }

export const plugin = definePlugin({
  contract: 1,
  name: 'bisect',
  summary: 'find a hidden number by halving, from higher and lower',
  options: z.strictObject({}),
  definition: z.object({}),
  item: Item,

  // define
  define: async () => ({}),
  dimensions: () => ({ span: Object.keys(spans) }),
  rubrics: [
    {
      name: 'bisect',
      criteria: [
        { name: 'found', weight: 3, passAt: 1 },
        { name: 'halves', weight: 2, passAt: 1 },
        { name: 'inside', weight: 1, passAt: 1 },
      ],
    },
  ],
  failureTags: ['not-found', 'not-the-middle', 'outside-the-range'],
  format: 'inside',
  targets: () => [
    { of: 'found', measure: 'pass-rate', pass: 0.8, warn: 0.5 },
    { of: 'inside', measure: 'pass-rate', pass: 0.95, warn: 0.8 },
  ],

  // create
  async *generate(spec) {
    const seen = new Set<string>()
    for (const [at, { where, rows }] of spec.parts.entries())
      for (let made = 0, tries = 0; made < rows && tries < 10 * rows; tries += 1) {
        const random = mulberry32(seedFrom(spec.seed, spec.split, at, tries))
        const span = pick(random, where.span ?? Object.keys(spans)) as Span
        const low = pick(random, pools[spec.split])
        const high = low + spans[span] - 1
        const secret = low + Math.floor(random() * spans[span])
        const family = `${low}-${high}`
        if (seen.has(family)) continue
        seen.add(family)
        made += 1
        yield { id: `${family}:${secret}`, family, tags: { span: [span] }, low, high, secret }
      }
  },
  mistakes: [
    { name: 'starts-at-the-edge', fails: 'halves', apply: instead(1, ({ low }) => low) },
    { name: 'leaves-the-range', fails: 'inside', apply: instead(1, ({ high }) => high + 3) },
    { name: 'talks', fails: 'inside', apply: instead(1, ({ low, high }) => `Is it between ${low} and ${high}?`) },
    {
      name: 'says-the-same-again',
      fails: 'found',
      apply: (item, gold) => instead(3, () => gold[1]?.content)(item, gold),
    },
  ],

  // perform: the user answers each guess, until it is right
  begin: ({ low, high }) => ({
    messages: [{ role: 'user', content: `My number is from ${low} to ${high}. Guess; I say higher or lower.` }],
    tools: [],
    maxSteps: 4,
  }),
  gold(item, soFar) {
    const { bounds, found } = played(item, soFar)
    return found ? undefined : say(String(middleOf(bounds)))
  },
  respond(item, soFar) {
    const { guesses, found } = played(item, soFar)
    const last = guesses.at(-1)
    if (!last || found || !last.inside) return undefined // found, or no guess of the range: the dialogue is over
    return { role: 'user', content: last.number < item.secret ? 'higher' : 'lower' }
  },

  // evaluate
  async grade(item, transcript) {
    const { guesses, found } = played(item, transcript)
    const inside = guesses.length > 0 && guesses.every((guess) => guess.inside)
    const halves = inside && guesses.every(({ number, middle }) => number === middle)
    const off = guesses.find(({ number, middle }) => number !== middle)
    return {
      score: (Number(found) * 3 + Number(halves) * 2 + Number(inside)) / 6,
      criteria: {
        found: verdict(found, found ? `found in ${guesses.length}` : `did not find ${item.secret}`),
        halves: verdict(halves, halves ? 'always the middle' : `the middle was ${off?.middle ?? 'never asked'}`),
        inside: verdict(inside, inside ? 'numbers of the range' : 'something else than a number of the range'),
      },
      failures: [
        ...(found ? [] : ['not-found']),
        ...(inside ? [] : ['outside-the-range']),
        ...(inside && !halves ? ['not-the-middle'] : []),
      ],
    }
  },
})
