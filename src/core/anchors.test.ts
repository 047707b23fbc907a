import { describe, expect, test } from 'vitest'
import { anchorsOf, directionOf, directionsOf, evenedOut, isSameCall } from './anchors.ts'
import type { AssistantTurn } from './contract.ts'
import { lintPairs } from './pair-lint.ts'
import { interleave, type Pair } from './pairs.ts'

const say = (content: string): AssistantTurn => ({ role: 'assistant', content })
const call = (name: string): AssistantTurn => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'c', name, arguments: { path: name } }],
})
const pair = (id: string, good: AssistantTurn, bad: AssistantTurn, source: string): Pair => ({
  id,
  prompt: [{ role: 'user', content: id }],
  tools: [],
  good,
  bad,
  source,
})

/** What could be made of a request that needs a call, and of one that needs a question. */
const calling = (n: number) => [
  pair(`call-${n}`, call(`tool-${n}`), say(`Which one, ${n}?`), 'asks-instead'),
  pair(`call-${n}`, call(`tool-${n}`), say(`I cannot, ${n}.`), 'declines-instead'),
  pair(`call-${n}`, call(`tool-${n}`), call(`other-${n}`), 'wrong-tool'),
  pair(`call-${n}`, call(`tool-${n}`), call(`near-${n}`), 'altered-value'),
]
const asking = (n: number) => [
  pair(`ask-${n}`, say(`Where, ${n}?`), call(`guess-${n}`), 'call-instead'),
  pair(`ask-${n}`, say(`Where, ${n}?`), say(`No way, ${n}.`), 'refuses'),
]
const many = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n))

test.each([
  [call('x'), say('Which?'), 'act'],
  [say('Which?'), call('x'), 'hold-back'],
  [say('Which?'), say('No.'), 'say'],
  [call('x'), call('y'), 'how'],
])('a pair teaches by its forms', (good, bad, direction) => expect(directionOf(good, bad)).toBe(direction))

test.each([
  ['two calls of one tool', call('x'), { ...call('x'), content: 'so' }, true],
  ['calls of two tools', call('x'), call('y'), false],
  ['two texts', say('Which?'), say('No.'), false],
  ['a call and a text', call('x'), say('No.'), false],
])('of %s a pair is about the arguments: %#', (_, good, bad, same) =>
  expect(isSameCall(pair('a', good, bad, 's'))).toBe(same),
)

describe("the student's own mistakes", () => {
  const gaveIn = many(20, (n) => pair(`own-${n}`, call('not_found'), call('answer'), 'student'))
  const gaveUp = (count: number) => many(count, (n) => [pair(`q-${n}`, call('answer'), call('not_found'), 'gives-up')])

  test('have the opposite choice on another request beside them, as often', () => {
    const { own, opposites } = evenedOut(gaveIn, gaveUp(60), 100)
    expect([own.length, opposites.length]).toEqual([20, 20])
    expect(new Set(opposites.map(({ id }) => id)).size).toBe(20)
  })

  test('have opposites of all the moves that are right instead, in turn', () => {
    const givesUp = many(60, (n) => [
      pair(`q-${n}`, call('search'), call('not_found'), 'at-once'),
      pair(`q-${n}`, call('read'), call('not_found'), 'before-reading'),
      pair(`q-${n}`, call('answer'), call('not_found'), 'after-reading'),
    ])
    const { opposites } = evenedOut(gaveIn.slice(0, 18), givesUp, 100)
    const of = (source: string) => opposites.filter((each) => each.source === source).length
    expect([of('at-once'), of('before-reading'), of('after-reading')]).toEqual([6, 6, 6])
  })

  test('are left out where they and their opposites do not fit', () => {
    const { own, opposites } = evenedOut(gaveIn, gaveUp(60), 30)
    expect([own.length, opposites.length]).toEqual([15, 15])
  })

  test('need no opposite where they even each other out, or do the same in another way', () => {
    const mixed = many(10, (n) => [
      pair(`a-${n}`, call('not_found'), call('answer'), 'student'),
      pair(`b-${n}`, call('answer'), call('not_found'), 'student'),
      pair(`c-${n}`, call('search'), call('search'), 'student'),
    ]).flat()
    const { own, opposites } = evenedOut(mixed, gaveUp(60), 100)
    expect(own).toHaveLength(30)
    expect(opposites.length).toBeLessThanOrEqual(1)
  })

  test('stay where nothing shows the opposite', () =>
    expect(evenedOut(gaveIn, [], 100)).toEqual({ own: gaveIn, opposites: [] }))
})

describe('a set that is filled up', () => {
  test('has as many rows as were asked for, and both halves of a judgement in equal numbers', () => {
    const chosen = anchorsOf([...many(150, calling), ...many(60, asking)], { wanted: 120 })
    expect(chosen).toHaveLength(120)
    expect(directionsOf(chosen)).toEqual({ act: 36, 'hold-back': 36, say: 12, how: 36 })
    expect(lintPairs(interleave(chosen)).form).toBe(0.5)
  })

  test('evens out what the student itself got wrong', () => {
    const had = many(20, (n) => pair(`own-${n}`, say(`Where, ${n}?`), call(`rash-${n}`), 'student'))
    const all = [...had, ...anchorsOf([...many(150, calling), ...many(60, asking)], { wanted: 100, had })]
    const { act, 'hold-back': held } = directionsOf(all)
    expect([all.length, act, held]).toEqual([120, 36, 36])
  })

  test('lets no tool stand in bad replies alone, where the student answered too early', () => {
    const had = many(20, (n) => pair(`own-${n}`, call('search'), call('answer'), 'student'))
    const mistakes = many(60, (n) => [
      pair(`q-${n}`, call('search'), call('answer'), 'answers-at-once'),
      pair(`q-${n}`, call('answer'), call('search'), 'searches-on'),
      pair(`q-${n}`, call('search'), call('search'), 'poor-query'),
    ])
    const all = [...had, ...anchorsOf(mistakes, { wanted: 60, had })]
    const named = (turn: AssistantTurn) => turn.toolCalls?.[0]?.name === 'answer'
    const [good, bad] = [all.filter((each) => named(each.good)).length, all.filter((each) => named(each.bad)).length]
    expect(Math.abs(good - bad)).toBeLessThanOrEqual(1)
  })

  test('spreads over criteria first and then over mistakes, and takes every request once before any comes twice', () => {
    const fails: Record<string, string> = { 'wrong-tool': 'tools', 'altered-value': 'arguments' }
    const options = { wanted: 60, failsOf: (source: string) => fails[source] ?? 'judgement' }
    const chosen = anchorsOf([...many(150, calling), ...many(60, asking)], options)
    expect(new Set(chosen.map(({ id }) => id)).size).toBe(60)
    const of = (source: string) => chosen.filter((one) => one.source === source).length
    expect([of('wrong-tool'), of('altered-value')]).toEqual([9, 9])
    expect(Math.abs(of('asks-instead') - of('declines-instead'))).toBeLessThan(2)
  })

  test('takes a request again, three times at most, where there are too few', () => {
    const chosen = anchorsOf([...many(10, calling), ...many(10, asking)], { wanted: 200 })
    const uses = many(10, (n) => chosen.filter(({ id }) => id === `call-${n}`).length)
    expect(Math.max(...uses)).toBe(3)
    expect(() => interleave(chosen)).not.toThrow()
  })

  test('stops one half where the other runs out: form would tell the labels', () => {
    const { act, 'hold-back': held } = directionsOf(
      anchorsOf([...many(100, calling), ...many(3, asking)], { wanted: 100 }),
    )
    expect(held).toBe(3)
    expect(act).toBeLessThanOrEqual(held + 1)
  })

  test('of a handful keeps one pair of an item, so that its labels can be kept apart', () => {
    const chosen = anchorsOf(many(5, calling).slice(0, 2), { wanted: 50 })
    expect(new Set(chosen.map(({ id }) => id)).size).toBe(chosen.length)
  })

  test('is empty where nothing can go wrong', () => expect(anchorsOf([[]], { wanted: 5 })).toEqual([]))
})
