import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linearPattern } from '../pattern.ts'
import { checkEquals, checkNumber, checkOrder, checkSet } from './compare.ts'
import { checkLanguage, checkReadability } from './language.ts'
import { checkContains, checkLength, checkPattern } from './text.ts'

describe('equality', () => {
  test('does not hang on the order of keys, and says where two records differ', () => {
    expect(checkEquals({ a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 }).score).toBe(1)
    expect(checkEquals({ a: 1, b: { c: 3 } }, { a: 1, b: { c: 2 } })).toEqual({
      score: 0,
      reason: 'b.c: expected 2, got 3',
    })
    expect(checkEquals({}, { a: null }).reason).toBe('a: expected null, got nothing')
  })

  test('holds for any JSON value and itself', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => checkEquals(structuredClone(value), value).score === 1))
  })
})

test.each([
  [0.3, 0.1 + 0.2, {}, 1],
  [104, 100, { within: 5 }, 1],
  [106, 100, { within: 5 }, 0],
  [106, 100, { within: 0.06, relative: true }, 1],
  ['106', 100, { within: 0.05, relative: true }, 0],
  ['1e2', 100, {}, 1],
  ['', 0, {}, 0],
  ['0x10', 16, {}, 0],
  [null, 0, {}, 0],
  [Number.NaN, 0, { within: 1e9 }, 0],
])('the number %j against %j with %j scores %d', (actual, expected, options, score) => {
  expect(checkNumber(actual, expected, options).score).toBe(score)
})

describe('lists', () => {
  const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 8 })

  test('as sets are the same in any order, and never when an entry is missing', () => {
    fc.assert(fc.property(list, (entries) => checkSet(entries.toReversed(), entries).score === 1))
    fc.assert(fc.property(list, (entries) => entries.length === 0 || checkSet(entries.slice(1), entries).score < 1))
  })

  test('in order score one only when they are equal, and between nothing and one otherwise', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        const { score } = checkOrder(a, b)
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score === 1).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
    )
  })

  test('say what is missing, what is too much, and that only the order is wrong', () => {
    expect(checkSet(['a', 'x'], ['a', 'b']).reason).toBe('lacks "b" and has "x" too many')
    expect(checkOrder(['b', 'a'], ['a', 'b']).reason).toContain('in another order')
    expect(checkSet('a', ['a']).score).toBe(0)
  })
})

test('a text must hold all that it must, and nothing that it must not', () => {
  expect(checkContains('Dear Anna, thank you.', ['anna', 'thank']).score).toBe(1)
  expect(checkContains('Dear Anna', ['anna', 'thank'])).toEqual({ score: 0.5, reason: 'lacks "thank"' })
  expect(checkContains('Sure thing', ['sure'], { absent: true }).score).toBe(0)
  expect(checkPattern('order 4711', linearPattern('\\b\\d{4}\\b')).score).toBe(1)
  expect(checkPattern('order 4711', linearPattern('ORDER', { ignoreCase: true }), { absent: true }).score).toBe(0)
})

test('a length is counted in characters, words, sentences or lines', () => {
  const text = 'One two. Three?\n\nFour'
  expect(checkLength(text, 'words', [4, 4]).score).toBe(1)
  expect(checkLength(text, 'sentences', [3, 3]).score).toBe(1)
  expect(checkLength(text, 'lines', [2, 2]).score).toBe(1)
  expect(checkLength('héé', 'characters', [3, 3]).score).toBe(1)
  expect(checkLength(text, 'words', [5, 9]).reason).toBe('4 words, and 5 to 9 are wanted')
})

test('a language is told from a sentence, and not from a word', () => {
  expect(checkLanguage('The parcel has not arrived and I would like my money back.', 'en').score).toBe(1)
  expect(checkLanguage('Das Paket ist nicht angekommen und ich möchte mein Geld zurück.', 'de').score).toBe(1)
  expect(checkLanguage('Das Paket ist nicht angekommen und ich möchte mein Geld zurück.', 'en').score).toBe(0)
  expect(checkLanguage('ok', 'en').score).toBe(0)
})

test('short words in short sentences read more easily than long ones', () => {
  const easy = 'The dog ran to the man. He had a ball.'
  const hard = 'Organisational interdependencies necessitate comprehensive intergovernmental harmonisation procedures.'
  expect(checkReadability(easy, { grade: 5, ease: 80 }).score).toBe(1)
  expect(checkReadability(hard, { grade: 5 }).score).toBe(0)
  expect(checkReadability('', { grade: 5 }).score).toBe(0)
})
