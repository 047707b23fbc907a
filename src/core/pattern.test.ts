import { expect, test } from 'vitest'
import { linearPattern } from './pattern.ts'

test('a pattern that would backtrack for ever elsewhere ends at once', () => {
  expect(linearPattern('^(a+)+$').test(`${'a'.repeat(20_000)}!`)).toBe(false)
})

test('JavaScript ways of writing are understood', () => {
  expect(linearPattern('^(?<year>\\d{4})-\\d\\d$').test('2026-11')).toBe(true)
  expect(linearPattern('\\u00e9').test('é')).toBe(true)
})

test.each(['(', '[a', 'a**', '(?=a)b', '(a)\\1'])('%s is refused with a reason', (source) => {
  expect(() => linearPattern(source)).toThrow(/\S/)
})

test('look-around is refused with what it would do', () => {
  expect(() => linearPattern('(?=a)b')).toThrow(/backtrack for ever/)
})
