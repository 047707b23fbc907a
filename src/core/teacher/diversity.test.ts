import { expect, test } from 'vitest'
import { Diversity } from './diversity.ts'

const of = (...texts: string[]) => {
  const diversity = new Diversity()
  for (const text of texts) diversity.add(text)
  return diversity
}

test('the reference values of the spread', () => {
  expect(of().spread).toBe(1)
  expect(of('one two three four', 'five six seven').spread).toBe(1)
  expect(of('one two three four', 'One two three!').spread).toBeCloseTo(2 / 3, 12)
})

test('what too many texts share is named for the next prompt; what a few share is not', () => {
  const alike = [
    'Who wrote the first part of it?',
    'Who wrote a song?',
    'Who wrote this?',
    'who wrote all?',
    'Who wrote Emma?',
  ]
  const other = ['Which year saw the end of it?', 'Since when is there a bridge?']
  expect(of(...alike.slice(1), ...other).advice).toBeUndefined()
  const diversity = of(...alike, ...other)
  expect(diversity.overused).toEqual({ openings: ['who wrote'], phrases: [] })
  expect(diversity.advice).toBe('Do not begin with "who wrote": too many begin so.')
  const phrase = Array.from({ length: 6 }, (_, n) => `${'abcdef'[n]}${n} x${n} in the year of grace`)
  expect(of(...phrase).overused.phrases).toContain('in the year')
})

test('only the last hundred texts count', () => {
  const diversity = of(...Array.from({ length: 50 }, () => 'Who wrote it all?'))
  for (let n = 0; n < 100; n += 1) diversity.add(`text${n} of${n} its${n} own${n}`)
  expect(diversity.spread).toBe(1)
  expect(diversity.advice).toBeUndefined()
})
