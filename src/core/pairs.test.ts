import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AssistantTurn } from './contract.ts'
import { lintPairs } from './pair-lint.ts'
import { fewestPairs, heldRow, interleave, type Pair, spreadBetween } from './pairs.ts'

const say = (content: string): AssistantTurn => ({ role: 'assistant', content })
const call = (name: string): AssistantTurn => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'c', name, arguments: {} }],
})
const pair = (id: number, good = say(`good ${id}`), bad = say(`bad ${id}`)): Pair => ({
  id: `item-${id}`,
  prompt: [{ role: 'user', content: `request ${id}` }],
  tools: [],
  good,
  bad,
  source: 'student',
})
const many = (count: number, make = pair) => Array.from({ length: count }, (_, id) => make(id))

describe('interleaved rows', () => {
  test('alternate their labels, hold each reply once and never have both labels of a prompt side by side', () => {
    fc.assert(
      fc.property(fc.integer({ min: fewestPairs, max: 200 }), (count) => {
        const rows = interleave(many(count))
        expect(rows.map(({ label }) => label)).toEqual(rows.map((_, at) => at % 2 === 0))
        expect(new Set(rows.map(({ id }) => id)).size).toBe(2 * count)
        for (const [at, { prompt }] of rows.entries()) expect(rows[at + 1]?.prompt).not.toEqual(prompt)
      }),
    )
  })

  test('never have both labels of a prompt side by side where an item has several pairs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 8, maxLength: 90 }), (items) => {
        const most = Math.max(...items.map((id) => items.filter((other) => other === id).length))
        fc.pre(most < Math.floor(items.length / 2))
        const pairs = items.map((id, at) => ({ ...pair(id), source: `mistake-${at}` }))
        const rows = interleave(pairs)
        expect(new Set(rows.map(({ id }) => id)).size).toBe(2 * items.length)
        for (const [at, row] of rows.entries()) {
          const next = rows[at + 1]
          if (next && next.label !== row.label) expect(next.prompt).not.toEqual(row.prompt)
        }
      }),
    )
  })

  test('keep each reply with its own prompt', () => {
    for (const { prompt, completion, label } of interleave(many(9)))
      expect(completion[0].content).toBe(`${label ? 'good' : 'bad'} ${prompt[0]?.content?.replace('request ', '')}`)
  })

  test('of too few pairs are refused', () => {
    expect(() => interleave(many(3))).toThrowError(/3 pairs/)
    expect(() => interleave(Array.from({ length: 6 }, () => pair(1)))).toThrowError(/cannot be kept apart/)
  })
})

test('held rows stand evenly between the others, whose order stays', () => {
  fc.assert(
    fc.property(fc.integer({ min: fewestPairs, max: 60 }), fc.integer({ min: 0, max: 200 }), (count, more) => {
      const rows = interleave(many(count))
      const held = many(more).map(({ id, prompt, tools, good }) => heldRow({ id: `h-${id}`, prompt, tools }, good))
      const all = spreadBetween(rows, held)
      expect(all.filter(({ source }) => source !== 'held')).toEqual(rows)
      expect(all.filter(({ source }) => source === 'held')).toEqual(held)
      const early = all.slice(0, Math.ceil(all.length / 2)).filter(({ source }) => source === 'held').length
      expect(Math.abs(early - more / 2)).toBeLessThanOrEqual(1 + more / rows.length)
    }),
  )
})

describe('the linter of pairs', () => {
  test('finds a length that tells the labels', () => {
    const lint = lintPairs(interleave(many(20, (id) => pair(id, say('x'.repeat(50 + id)), say(`y${id}`)))))
    expect(lint.length).toBe(1)
    expect(lint.warnings[0]).toMatch(/length of a reply alone tells 100 %/)
  })
  test('finds a form that tells the labels', () => {
    const lint = lintPairs(interleave(many(20, (id) => pair(id, say(`ask ${id}`), call(`t${id}`)))))
    expect(lint.form).toBe(1)
  })
  test('finds a word that tells the labels', () => {
    const lint = lintPairs(interleave(many(20, (id) => pair(id, say(`please ${id}`), say(`kindly ${id}`)))))
    expect(lint.word?.accuracy).toBe(1)
  })
  test('is at chance where good and bad replies are the same texts', () => {
    const rows = interleave(many(20, (id) => pair(id, say(`t${id % 10}`), say(`t${(id + 5) % 10}`))))
    expect(lintPairs(rows)).toMatchObject({ form: 0.5, warnings: [] })
    expect(lintPairs(rows).length).toBeLessThan(0.6)
  })
})
