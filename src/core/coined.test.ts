import { expect, test } from 'vitest'
import { coinedWords } from './coined.ts'

test('are all different, always the same, and the first ones of a longer list', () => {
  const words = coinedWords(3000)
  expect(new Set(words).size).toBe(3000)
  expect(coinedWords(3000)).toEqual(words)
  expect(coinedWords(50)).toEqual(words.slice(0, 50))
})

test('can stand in a path and a pattern as they are', () => {
  for (const word of coinedWords(3000)) expect(word).toMatch(/^[A-Za-z][\w-]{2,24}$/)
})
