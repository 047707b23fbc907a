import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { attribution, separation } from '../../../../bench/voice-accuracy.ts'
import { authorOf, sampleAuthors, sampleScale } from './authors.ts'
import { compareVoices, neighboursOf } from './compare.ts'
import { countsOf, sumOf, without } from './counts.ts'
import { distance } from './distance.ts'
import { voiceMap } from './map.ts'
import { mixtureOf } from './mixture.ts'
import { passagesOf } from './passages.ts'
import { profileOf } from './profile.ts'
import { countWords, sentencesOf, wordsOf } from './words.ts'

describe('words and sentences', () => {
  test('a contraction is one word, a decimal two, and titles end no sentence', () => {
    expect(wordsOf('Don’t pay 3.5, M. Légaré!')).toEqual(["don't", 'pay', '3', '5', 'm', 'légaré'])
    expect(sentencesOf('Mr. Wells saw it. "Did he?" she asked… Yes.')).toEqual([
      'Mr. Wells saw it.',
      '"Did he?" she asked…',
      'Yes.',
    ])
  })
  test('passages hold every word of the text once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('One two. ', 'Three! ', 'Why so many words here? ', 'No stop '), { maxLength: 60 }),
        (parts) => {
          const text = parts.join('')
          expect(passagesOf(text, 10).reduce((sum, passage) => sum + countWords(passage), 0)).toBe(countWords(text))
        },
      ),
    )
  })
})

describe('the distance of voices', () => {
  const texts = [
    'I was there, and you were not.',
    'The state of nature is the law of all.',
    'Oh, we do not know! Do you?',
  ]
  test('counts add up, and leaving one out takes them back', () => {
    const [a, b] = [countsOf(texts[0]!), countsOf(texts[1]!)]
    expect(without(sumOf([a, b]), b)).toEqual(a)
    expect(sumOf([a, b]).words).toBe(16)
  })
  test('is 0 to itself, symmetric, and between 0 and 2', async () => {
    const scale = await sampleScale()
    const counts = texts.map(countsOf)
    for (const a of counts)
      for (const b of counts) {
        const found = distance(a, b, scale)
        expect(found).toBeCloseTo(distance(b, a, scale), 12)
        expect(found).toBeGreaterThanOrEqual(-1e-9)
        expect(found).toBeLessThanOrEqual(2)
        if (a === b) expect(found).toBeCloseTo(0, 9)
      }
  })
  test('names the author of at least 90 % of held-out passages of 500 words', async () => {
    const { right, of } = await attribution(3)
    expect(right / of).toBeGreaterThanOrEqual(0.9)
  })
  test('holds halves of one author nearer than two authors in at least 95 % of splits of 3,000 words', async () => {
    const { nearer, of } = await separation(3000)
    expect(nearer / of).toBeGreaterThanOrEqual(0.95)
  })
})

describe('two voices compared', () => {
  test('two authors read as two voices, halves of one as one, both with an interval around the distance', async () => {
    const [chesterton, thoreau] = await sampleAuthors()
    const two = await compareVoices(chesterton!, thoreau!)
    const half = (from: number) =>
      authorOf(
        `half ${from}`,
        chesterton!.pieces.filter((_, at) => at % 2 === from),
      )
    const one = await compareVoices(half(0), half(1))
    expect([two.reads, one.reads]).toEqual(['two voices', 'one voice'])
    for (const { distance: found, low, high } of [one, two]) expect(low < found && found < high).toBe(true)
  })
  test('an author is not its own neighbour', async () => {
    const [author] = await sampleAuthors()
    expect((await neighboursOf(author!)).map(({ name }) => name)).not.toContain(author!.name)
  })
  test('each author has a corner of the map: its pieces lie nearest to its own middle', async () => {
    const authors = await sampleAuthors()
    const { groups } = await voiceMap(authors)
    const middles = groups.map(({ points }) =>
      [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / points.length),
    )
    const own = groups.flatMap(({ points }, at) =>
      points.map((point) => {
        const away = middles.map((middle) => Math.hypot(point[0] - middle[0]!, point[1] - middle[1]!))
        return away.indexOf(Math.min(...away)) === at
      }),
    )
    expect(own.filter(Boolean).length / own.length).toBeGreaterThan(0.8)
  })
})

describe('a voice profile', () => {
  test('knows who says I, who asks and who exclaims', async () => {
    const profiles = await Promise.all((await sampleAuthors()).map(profileOf))
    const of = (name: string) => profiles.find(({ author }) => author.startsWith(name))!
    const rate = (name: string, what: string) => of(name).person.find((each) => each.what === what)!.own
    expect(rate('jerome', 'I, me, my')).toBeGreaterThan(rate('ralph', 'I, me, my'))
    expect(of('jerome').readingEase).toBeGreaterThan(of('ralph').readingEase)
    expect(of('jerome').favourite.map(({ word }) => word)).toContain('harris')
    for (const { sentences } of profiles)
      expect(sentences.histogram.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
  })
})

describe('two hands in one folder', () => {
  test('none of the sample authors is taken for two', async () => {
    for (const author of await sampleAuthors()) expect(await mixtureOf(author)).toBeUndefined()
  })
  test('every pair of sample authors is told apart, with the files of each hand', async () => {
    const authors = await sampleAuthors()
    for (const [at, a] of authors.entries())
      for (const b of authors.slice(at + 1)) {
        const name = (author: typeof a) =>
          author.pieces.slice(0, 10).map((piece) => ({ ...piece, name: `${author.name}/${piece.name}` }))
        const found = await mixtureOf(authorOf('both', [...name(a), ...name(b)]))
        const purity = found!.groups.map(
          (files) =>
            Math.max(...[a, b].map(({ name }) => files.filter((file) => file.startsWith(name)).length)) / files.length,
        )
        expect(Math.min(...purity)).toBeGreaterThan(0.7)
      }
  })
})
