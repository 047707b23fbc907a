import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judged } from '../../core/judge/grade.ts'
import { checkPlugin, type Llm, type Transcript } from '../../skill.ts'
import { checkKinds } from './format.ts'
import { declarativeSkill } from './index.ts'
import type { Item } from './item.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'whet-checks-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const names = 'Ada, Ben, Cleo, Dan, Eve, Fay, Gil, Hal, Ida, Jon, Kim, Lea, Max, Noa, Oli, Pia, Rob, Sue, Tom, Una'
const say = `say: ["{mood} {other} too."]
slots: { other: name }
pools: { name: [${names}] }
phrases:
  mood:
    good: ["{name} is glad.", "{name} smiles.", "{name} sings.", "All is well with {name}.", "{name} laughs.", "{name} hums."]
    bad: ["{name} is sad.", "{name} weeps.", "{name} sighs.", "Nothing is well with {name}.", "{name} cries.", "{name} sulks."]
`
const record = `skill: 1
name: moods
summary: s
schema:
  type: object
  required: [mood, both, count]
  properties: { mood: { enum: [good, bad] }, both: { type: array }, count: { type: number } }
gold: { mood: "{mood}", both: ["{name}", "{other}"], count: "= $length(name) + 10" }
${say}`
const text = `skill: 1
name: notes
summary: s
gold: "{name} said that the weather will be {mood} in the whole of the week."
${say}`

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = []
  for await (const each of source) list.push(each)
  return list
}

const load = async (content: string) => {
  const file = path.join(folder, 'skill.yaml')
  await writeFile(file, content)
  const plugin = await declarativeSkill(file)
  const signal = new AbortController().signal
  const context = { baseDir: folder, signal, progress: () => {} }
  const definition = await plugin.define({}, context)
  const [item] = await all(
    plugin.generate({ seed: 1, split: 'train', parts: [{ where: {}, rows: 1 }] }, definition, context),
  )
  const said = (content: string): Transcript => [{ role: 'assistant', content }]
  return {
    plugin,
    item: item as Item,
    grade: (reply: string) => plugin.grade(item!, said(reply), definition, { signal }),
  }
}

interface Gold {
  readonly mood: string
  readonly both: readonly string[]
  readonly count: number
}
const written = (change: (gold: Gold) => object) => (gold: unknown) =>
  JSON.stringify({ ...(gold as Gold), ...change(gold as Gold) })
const worded = (change: (gold: string) => string) => (gold: unknown) => change(String(gold))
const same = (gold: unknown) => (typeof gold === 'string' ? gold : JSON.stringify(gold))

/** A reply that each kind of check passes, and one that it fails. */
const checks: readonly (readonly [check: string, file: string, passes: typeof same, fails: typeof same])[] = [
  ['schema: true', record, same, written(() => ({ mood: 'meh' }))],
  ['equals: $.mood', record, written(() => ({ count: 1 })), written(({ mood }) => ({ mood: `${mood}!` }))],
  ['equals: $', record, same, written(({ count }) => ({ count: count + 1 }))],
  [
    'set: $.both',
    record,
    written(({ both }) => ({ both: both.toReversed() })),
    written(({ both }) => ({ both: [both[0]] })),
  ],
  ['order: $.both', record, same, written(({ both }) => ({ both: both.toReversed() }))],
  [
    'number: { at: $.count, within: 1 }',
    record,
    written(({ count }) => ({ count: count + 1 })),
    written(({ count }) => ({ count: count + 2 })),
  ],
  [
    'number: { at: $.count, within: 0.5, relative: true }',
    record,
    written(({ count }) => ({ count: count * 1.4 })),
    written(({ count }) => ({ count: count * 1.6 })),
  ],
  ['{ regex: "^(good|bad)$", at: $.mood }', record, same, written(() => ({ mood: 'so' }))],
  ['regex: "weather"', text, same, () => 'no word of it'],
  ['{ regex: "(?:a+)+sunny", absent: true }', text, same, worded((gold) => `${gold} aasunny`)],
  ['contains: ["{name}", weather]', text, same, worded((gold) => gold.replace(/^\S+/, 'She'))],
  ['{ contains: [sorry], absent: true }', text, same, worded((gold) => `Sorry. ${gold}`)],
  ['length: { words: [10, 16] }', text, same, worded((gold) => `${gold} ${gold}`)],
  ['length: { sentences: [1, 1] }', text, same, worded((gold) => `${gold} ${gold}`)],
  ['language: en', text, same, () => 'Das Wetter wird in der ganzen Woche sehr schön werden.'],
  [
    'readability: { grade: 9 }',
    text,
    same,
    () =>
      'Meteorological characteristics demonstrate considerable heterogeneity notwithstanding anticipated stabilisation.',
  ],
  ['holds: "reply.count = gold.count and reply.mood = slots.mood"', record, same, written(() => ({ count: 0 }))],
]

describe('a check of a skill file', () => {
  test('of every kind is tried here', () => {
    const tried = checks.map(([check]) => /(\w+):/.exec(check)?.[1])
    expect(new Set([...tried, 'question'])).toEqual(new Set(checkKinds))
  })

  test.each(checks)(
    '%s passes what fits and fails what does not, with its reason',
    async (check, file, passes, fails) => {
      const { plugin, item, grade } = await load(
        `${file}checks: { one: ${check.startsWith('{') ? check : `{ ${check} }`} }\n`,
      )
      const [right, wrong] = [await grade(passes(item.gold)), await grade(fails(item.gold))]
      expect([right.criteria.one, wrong.criteria.one]).toMatchObject([
        { status: 'pass', score: 1 },
        { status: 'fail', reason: expect.stringMatching(/\S/) },
      ])
      expect(wrong.failures).toEqual(['fails-one'])
      await plugin.dispose?.()
    },
  )

  test('that is a question is left to the judge, who is asked as every other skill asks', async () => {
    const { plugin, item, grade } = await load(
      `${text}checks: { exact: { equals: $ }, polite: { question: Is it polite?, passAt: 0.75 } }\n`,
    )
    const graded = await grade(String(item.gold))
    expect(Object.keys(graded.criteria)).toEqual(['exact'])
    const judge = { complete: async () => ({ reasons: 'it says please', score: 4 }) } as unknown as Llm
    const transcript: Transcript = [{ role: 'assistant', content: String(item.gold) }]
    const { criteria } = await judged(graded, { rubrics: plugin.rubrics, transcript, judge })
    expect(criteria.polite).toEqual({ status: 'pass', score: 1, reason: 'it says please' })
  })
})

test.each([
  [
    'a record',
    record,
    ['drop', 'swap', 'invent', 'wrong-type', 'wrong-label', 'wrong-order', 'too-long', 'preamble', 'refuse'],
  ],
  ['a text', text, ['drop', 'swap', 'invent', 'wrong-type', 'too-long', 'preamble', 'refuse']],
])('every mistake that %s can have is made, and fails what it names', async (_, file, kinds) => {
  const mistakes = kinds.map(
    (kind) => `  - { make: ${kind}, fails: exact${kind === 'wrong-label' ? ', at: $.mood' : ''} }`,
  )
  const { plugin } = await load(`${file}checks: { exact: { equals: $ } }\nmistakes:\n${mistakes.join('\n')}\n`)
  const claims = await all(checkPlugin(plugin, { options: {}, baseDir: folder, rows: 20 }))
  expect(claims.find(({ claim }) => claim.startsWith('every mistake'))).toMatchObject({ ok: true, detail: '' })
})
