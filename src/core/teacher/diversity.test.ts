import { expect, test } from 'vitest'
import { Diversity } from './diversity.ts'

const of = async (...texts: string[]) => {
  const diversity = new Diversity()
  await diversity.add(...texts)
  return diversity
}

test('the reference values of the spread', async () => {
  expect((await of()).spread).toBe(1)
  expect((await of('one two three four', 'five six seven')).spread).toBe(1)
  expect((await of('one two three four', 'One two three!')).spread).toBeCloseTo(2 / 3, 12)
})

test('what too many texts share is named for the next prompt; what a few share is not', async () => {
  const alike = [
    'Who wrote the first part of it?',
    'Who wrote a song?',
    'Who wrote this?',
    'who wrote all?',
    'Who wrote Emma?',
  ]
  const other = ['Which year saw the end of it?', 'Since when is there a bridge?']
  expect((await of(...alike.slice(1), ...other)).advice).toBeUndefined()
  const diversity = await of(...alike, ...other)
  expect(diversity.overused).toEqual({ openings: ['who wrote'], phrases: [] })
  expect(diversity.advice).toBe('Do not begin with "who wrote": too many begin so.')
  const phrase = Array.from({ length: 6 }, (_, n) => `${'abcdef'[n]}${n} x${n} in the year of grace`)
  expect((await of(...phrase)).overused.phrases).toContain('in the year')
})

test('only the last hundred texts count', async () => {
  const diversity = await of(...Array.from({ length: 50 }, () => 'Who wrote it all?'))
  for (let n = 0; n < 100; n += 1) await diversity.add(`text${n} of${n} its${n} own${n}`)
  expect(diversity.spread).toBe(1)
  expect(diversity.advice).toBeUndefined()
})

/** Each text is a direction in the plane, in degrees. */
const degrees = async (texts: readonly string[]) =>
  texts.map((text) => {
    const angle = (Number(text) * Math.PI) / 180
    return Float32Array.of(Math.cos(angle), Math.sin(angle))
  })

test('the reference values of meaning: 0 where all mean the same, 1 where none has anything to do with another', async () => {
  const meaningOf = async (...texts: string[]) => {
    const diversity = new Diversity(degrees)
    await diversity.add(...texts)
    return diversity.meaning
  }
  expect(await meaningOf('10')).toBeUndefined()
  expect(await meaningOf('10', '10', '10')).toBeCloseTo(0, 6)
  expect(await meaningOf('0', '90')).toBeCloseTo(1, 6)
  // cosines of the three pairs: 1/2, 1/2 and -1/2
  expect(await meaningOf('0', '60', '120')).toBeCloseTo(1 - 1 / 6, 6)
  expect((await of('one', 'two')).measured).toEqual({ spread: 1 })
})

test('what too many texts mean is named once for each crowd, the largest first; words are not looked at', async () => {
  const diversity = new Diversity(degrees)
  const crowds = ['90', '91', '92', '93', '94', '1', '2', '3', '4', '5', '6']
  await diversity.add(...crowds, '180', '270')
  expect(diversity.crowded).toEqual(['1', '90'])
  expect(diversity.advice).toBe('Too many mean the same as "1", "90": be about something else.')
  const apart = new Diversity(degrees)
  await apart.add('0', '45', '90', '135', '180', '225')
  expect([apart.crowded, apart.advice]).toEqual([[], undefined])
})
