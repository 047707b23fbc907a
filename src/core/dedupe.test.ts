import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NearDuplicates } from './dedupe.ts'
import { mulberry32, pick } from './random.ts'
import { containment, jaccard } from './shingles.ts'

const booking = "Book a table for two at Luigi's in Bern on Friday at seven"

describe('the reference prompts', () => {
  test.each([
    [booking.replace('seven', 'eight'), 0.846154, 0.916667],
    [`Please ${booking.toLowerCase()}`, 0.923077, 1],
    ['Reserve a table for four at Chez Anna in Basel on Monday at noon', 0.043478, undefined],
  ])('%s', (other, similarity, contained) => {
    expect(jaccard(booking, other)).toBeCloseTo(similarity, 6)
    if (contained !== undefined) expect(containment(booking, other)).toBeCloseTo(contained, 6)
  })

  test('candidates of 25 bands of 5 rows are found as often as the reference says', () => {
    const chance = (s: number) => 1 - (1 - s ** 5) ** 25
    expect(chance(0.8)).toBeCloseTo(0.999951, 6)
    expect(chance(0.7)).toBeCloseTo(0.98995, 6)
    expect(chance(0.5)).toBeCloseTo(0.547839, 6)
  })
})

const index = (...texts: string[]) => {
  const near = new NearDuplicates()
  texts.forEach((text, at) => {
    near.add(`t${at}`, text)
  })
  return near
}

describe('find', () => {
  test('sees through case, punctuation, width and composition', () => {
    expect(index(booking).find(`  ${booking.toUpperCase()}!!! `)).toEqual({ id: 't0', similarity: 1 })
    const french = 'Réserve une table pour deux personnes à Genève demain soir'
    expect(index(french).find(french.normalize('NFD'))?.similarity).toBe(1)
  })

  test('finds a changed last word and leaves another request alone', () => {
    const near = index('Reserve a table for four at Chez Anna in Basel on Monday at noon', booking)
    expect(near.find(booking.replace('seven', 'eight'))?.id).toBe('t1')
    expect(near.find('What will the weather be like in Basel on Monday at noon, please?')).toBeUndefined()
  })

  test('tells short texts apart by characters', () => {
    const near = index('List the files in notes')
    expect(near.find('list the files in notes.')).toEqual({ id: 't0', similarity: 1 })
    expect(near.find('List the files in notess')?.id).toBe('t0')
    expect(near.find('Delete the files in drafts')).toBeUndefined()
    expect(index('hi').find('hi')?.similarity).toBe(1)
    expect(index('hi').find('ho')).toBeUndefined()
  })

  test('holds a text of eight words against short ones too', () => {
    const near = index('list the files in my notes folder')
    expect(near.find('please list the files in my notes folder')?.id).toBe('t0')
    expect(index('please list the files in my notes folder').find('list the files in my notes folder')?.id).toBe('t0')
  })

  test('judges two longer texts by words alone', () => {
    const near = index('move the report of march from inbox to archive')
    expect(near.find('move the report of march from inbox to archives')).toBeUndefined()
    expect(near.find('copy the report of march from inbox to drafts')).toBeUndefined()
  })

  test('works for writing without spaces', () => {
    expect(index('明日の東京の天気を教えてください').find('明日の東京の天気を教えてください！')?.similarity).toBe(1)
    expect(index('明日の東京の天気を教えてください').find('昨日の大阪の試合結果は？')).toBeUndefined()
  })

  test('never calls a text without words a duplicate', () => {
    const near = index('', '???')
    expect(near.find('')).toBeUndefined()
    expect(near.find('!!!')).toBeUndefined()
    expect(near.size).toBe(0)
  })

  test('finds whatever was added, through every growth of its tables', () => {
    const random = mulberry32(5)
    const words = Array.from({ length: 400 }, (_, at) => `w${at}`)
    const texts = Array.from({ length: 2000 }, () => Array.from({ length: 12 }, () => pick(random, words)).join(' '))
    const near = index(...texts)
    expect(near.size).toBe(2000)
    for (const [at, text] of texts.entries()) expect(near.find(text)).toEqual({ id: `t${at}`, similarity: 1 })
  })

  test('misses less than 1 % of the pairs at the threshold or above, and reports no pair below it', () => {
    const random = mulberry32(11)
    const words = Array.from({ length: 5000 }, (_, at) => `word${at}`)
    let [close, found] = [0, 0]
    for (let pair = 0; pair < 1500; pair += 1) {
      const text = Array.from({ length: 30 + Math.floor(random() * 30) }, () => pick(random, words))
      const other = [...text]
      for (let change = 0; change < 1 + Math.floor(random() * 2); change += 1)
        other[Math.floor(random() * other.length)] = pick(random, words)
      const similarity = jaccard(text.join(' '), other.join(' '))
      const hit = index(text.join(' ')).find(other.join(' '))
      if (hit) expect(hit.similarity).toBeCloseTo(similarity, 12)
      if (hit) expect(similarity).toBeGreaterThanOrEqual(0.8)
      if (similarity < 0.8) continue
      close += 1
      if (hit) found += 1
    }
    expect(close).toBeGreaterThan(500)
    expect(found / close).toBeGreaterThanOrEqual(0.99)
  })

  test('finds every text that was added, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 120 }), { maxLength: 20 }), (texts) => {
        const near = index(...texts)
        for (const text of texts) {
          const found = near.find(text)
          expect(found === undefined ? /[\p{L}\p{N}\p{M}]/u.test(text.normalize('NFKC')) : false).toBe(false)
        }
      }),
      { numRuns: 40 },
    )
  })
})

test('jaccard and containment of texts without words are 0', () => {
  expect(jaccard('', '')).toBe(0)
  expect(containment('', booking)).toBe(0)
})
