import { describe, expect, test } from 'vitest'
import { essayStyle } from './index.ts'
import { type Disturbance, disturbances } from './item.ts'
import { context, definitionOf, itemsOf } from './test-support.ts'
import { countWords, wordsOf } from './voice/words.ts'
import { contentWords } from './words.ts'

describe.each(['compact', 'default'] as const)('brainstorms of the %s contract', (contract) => {
  test('are as long as it wants, and say every idea, the tone and, unless a question is due, the thesis', async () => {
    const definition = await definitionOf(contract)
    const [least, most] = definition.contract.brainstorm.words
    for (const item of await itemsOf(definition, 150)) {
      const said = new Set(contentWords(item.brainstorm))
      const words = item.ideas.flatMap(({ subject, claims }) => contentWords([subject, ...claims].join(' ')))
      expect(words.filter((word) => !said.has(word))).toEqual([])
      expect(item.brainstorm).toContain(item.tone)
      expect(item.brainstorm.includes(item.thesis)).toBe(item.kind !== 'clarify')
      const length = countWords(item.brainstorm)
      expect(length >= least && length <= most).toBe(true)
    }
  })
})

describe('disturbances', () => {
  const shows: Record<Disturbance, RegExp> = {
    filler: /\b(?:um|uh|hm|you know|well), /,
    'false-start': /, no, the /,
    tangent: /oh and | by the way|wait, /,
    repetition: /like I said, /,
    correction: /, no wait, it /,
    'out-of-order': /(?:start with|first comes|end on|last comes) the /,
    dictation: / full stop/,
  }
  test.each(disturbances)('%s can be heard where it is declared', async (name) => {
    for (const { brainstorm, tags } of await itemsOf(await definitionOf(), 25, { disturbance: [name] })) {
      expect(tags.disturbance).toContain(name)
      expect(brainstorm).toMatch(shows[name])
    }
  })
  test('ideas are spoken in another order only where that is declared, and then the order can be heard', async () => {
    for (const { spoken, tags, ideas, brainstorm } of await itemsOf(await definitionOf(), 150)) {
      const moved = spoken.some((idea, at) => idea !== at)
      expect(moved).toBe(tags.disturbance!.includes('out-of-order'))
      const places = spoken.map((idea) => brainstorm.indexOf(`the ${ideas[idea]!.subject}`))
      if (!tags.disturbance!.includes('repetition')) expect(places).toEqual(places.toSorted((a, b) => a - b))
    }
  })
  test('harder parts of a spec have more of them', async () => {
    const definition = await definitionOf()
    const mean = async (difficulty: 1 | 2 | 3) => {
      const counts: number[] = []
      const spec = { seed: 1, split: 'train' as const, parts: [{ where: {}, rows: 40, difficulty }] }
      for await (const { tags } of essayStyle.generate(spec, definition, context)) counts.push(tags.disturbance!.length)
      return counts.reduce((sum, n) => sum + n, 0) / counts.length
    }
    expect(await mean(1)).toBeLessThan(await mean(3))
  })
})

test('splits share no topic, subject, verb, noun, abstract, tone or aside', async () => {
  const definition = await definitionOf()
  const slotsOf = async (split: 'train' | 'dev' | 'gate' | 'sealed') =>
    new Set(
      (await itemsOf(definition, 120, {}, split)).flatMap(({ topic, ideas, stands, tone, tangents }) => [
        `topic ${topic}`,
        `tone ${tone}`,
        ...stands.map((each) => `abstract ${each}`),
        ...tangents,
        ...ideas.flatMap(({ subject, claims }) => [
          `subject ${subject}`,
          ...claims.flatMap((claim) => [`verb ${wordsOf(claim)[0]}`, `noun ${wordsOf(claim).at(-1)}`]),
        ]),
      ]),
    )
  const [train, ...others] = await Promise.all((['train', 'dev', 'gate', 'sealed'] as const).map(slotsOf))
  for (const other of others) expect([...other].filter((slot) => train!.has(slot))).toEqual([])
})

test('kinds come in the shares of the options, and a kind of share 0 is no dimension', async () => {
  const options = essayStyle.options.parse({
    contract: 'compact',
    kinds: { outline: 0.8, clarify: 0.2, revise: 0, passage: 0 },
  })
  const definition = { ...(await definitionOf()), kinds: options.kinds }
  const items = await itemsOf(definition, 50)
  expect(items.filter(({ kind }) => kind === 'clarify')).toHaveLength(10)
  expect(essayStyle.dimensions(definition).kind).toEqual(['outline', 'clarify'])
})
