import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AssistantTurn } from './contract.ts'
import { heldLike } from './held.ts'
import type { Pair } from './pairs.ts'

const call = (name: string): AssistantTurn => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'call_1', name, arguments: {} }],
})
const say = (content: string): AssistantTurn => ({ role: 'assistant', content })
const pair = (id: string, good: AssistantTurn, bad: AssistantTurn): Pair => ({
  id,
  prompt: [{ role: 'user', content: id }],
  tools: [],
  good,
  bad,
  source: 'student',
})
const many = <Of>(count: number, make: (n: number) => Of): Of[] => Array.from({ length: count }, (_, n) => make(n))
const tellOrAsk = [pair('a', call('read'), say('Which one?')), pair('b', say('Which one?'), call('read'))]
const isCall = ({ turn }: { turn: AssistantTurn }) => turn.toolCalls !== undefined

test('what is held calls as often as the pairs choose to, however many more calls there are', () => {
  const candidates = many(90, (n) => ({ of: `${n}`, turn: n % 9 === 0 ? say(`Where, ${n}?`) : call('read') }))
  const held = heldLike(tellOrAsk, candidates, 20)
  expect([held.length, held.filter(isCall).length]).toEqual([20, 10])
})

test('pairs that do the same in two ways say nothing of what is to be held', () => {
  const samePath = many(20, (n) => pair(`same-${n}`, call('read'), call('read')))
  const candidates = many(40, (n) => ({ of: `${n}`, turn: n % 2 === 0 ? say(`Where, ${n}?`) : call('read') }))
  expect(heldLike([...tellOrAsk, ...samePath], candidates, 20).filter(isCall)).toHaveLength(10)
})

test('what comes first is held first', () => {
  const candidates = many(40, (n) => ({ of: `${n}`, turn: n % 2 === 0 ? say(`Where, ${n}?`) : call('read') }))
  expect(
    heldLike(tellOrAsk, candidates, 6)
      .map(({ of }) => Number(of))
      .sort((a, b) => a - b),
  ).toEqual([0, 1, 2, 3, 4, 5])
})

test('as many are held as were wanted, or all there are, and of each gold one turn', () =>
  fc.assert(
    fc.property(
      fc.array(fc.record({ of: fc.nat(30).map(String), move: fc.constantFrom('', 'read', 'search', 'move') })),
      fc.nat(40),
      (turns, wanted) => {
        const candidates = turns.map(({ of, move }) => ({ of, turn: move === '' ? say('Done.') : call(move) }))
        const held = heldLike(tellOrAsk, candidates, wanted).map(({ of }) => of)
        expect(new Set(held).size).toBe(held.length)
        expect(held).toHaveLength(Math.min(wanted, new Set(turns.map(({ of }) => of)).size))
      },
    ),
  ))
