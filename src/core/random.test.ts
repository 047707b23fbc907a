import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mulberry32, pick, sample, seedFrom, shuffle } from './random.ts'

describe('mulberry32', () => {
  test('gives the reference sequence of seed 42', () => {
    const random = mulberry32(42)
    const expected = [0.601103752, 0.44829056, 0.852465793, 0.669734041, 0.174813899]
    for (const value of expected) expect(random()).toBeCloseTo(value, 8)
  })

  test('stays in [0, 1) for every seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const value = mulberry32(seed)()
        return value >= 0 && value < 1
      }),
    )
  })
})

test('seedFrom keeps its parts apart and is a seed for NumPy too: 0 to 2^32 - 1', () => {
  expect(seedFrom('a', 'b')).not.toBe(seedFrom('ab'))
  expect(seedFrom('a|b')).not.toBe(seedFrom('a', 'b'))
  expect(seedFrom(1)).not.toBe(seedFrom('1'))
  expect(seedFrom('spec', 2)).toBe(seedFrom('spec', 2))
  for (let n = 0; n < 100; n += 1) expect(seedFrom('spec', n) >>> 0).toBe(seedFrom('spec', n))
})

test('shuffle keeps all values and leaves its input alone', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (values, seed) => {
      const before = [...values]
      const shuffled = shuffle(mulberry32(seed), values)
      expect(values).toEqual(before)
      expect([...shuffled].sort()).toEqual([...values].sort())
    }),
  )
})

test('sample takes each place at most once, and all of them where fewer are left', () => {
  const values = Array.from({ length: 20 }, (_, at) => at)
  expect(new Set(sample(mulberry32(1), values, 8)).size).toBe(8)
  expect(sample(mulberry32(1), values, 99).sort((a, b) => a - b)).toEqual(values)
  expect(sample(mulberry32(1), values, -1)).toEqual([])
})

test('pick refuses an empty list with a code', () => {
  expect(pick(mulberry32(3), ['only'])).toBe('only')
  expect(() => pick(mulberry32(3), [])).toThrow(expect.objectContaining({ code: 'nothing-to-pick' }))
})
