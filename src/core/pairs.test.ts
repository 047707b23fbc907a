import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AssistantTurn } from './contract.ts'
import { lintPairs } from './pair-lint.ts'
import { balanced, fewestPairs, interleave, leanOf, type Pair } from './pairs.ts'

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

  test('keep each reply with its own prompt', () => {
    for (const { prompt, completion, label } of interleave(many(9)))
      expect(completion[0].content).toBe(`${label ? 'good' : 'bad'} ${prompt[0]?.content?.replace('request ', '')}`)
  })

  test('of too few pairs are refused', () => {
    expect(() => interleave(many(3))).toThrowError(/3 pairs/)
  })
})

describe('a choice of bad replies', () => {
  const bads = [
    { ...pair(1, call('right'), say('Which one?')), source: 'asks' },
    { ...pair(1, call('right'), call('other')), source: 'wrong-tool' },
  ]
  test('leans against the pairs that are there until form says nothing, and then keeps to the form', () => {
    const groups = Array.from({ length: 5 }, () => bads)
    expect(balanced(groups, 3).map((pair) => pair?.source)).toEqual([
      'asks',
      'asks',
      'asks',
      'wrong-tool',
      'wrong-tool',
    ])
  })
  test('is nothing where there is no bad reply', () => {
    expect(balanced([[]], 0)).toEqual([undefined])
  })
  test.each([
    [say('Which?'), call('x'), 1],
    [call('x'), say('Which?'), -1],
    [call('x'), call('y'), 0],
  ])('leans by its forms', (good, bad, lean) => expect(leanOf(good, bad)).toBe(lean))
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
