import fc from 'fast-check'
import { expect, test } from 'vitest'
import { position, splitOf } from './splits.ts'

test.each([
  ['family:refund-partial-001', 0.169586, 'train'],
  ['family:weather-two-city-014', 0.980036, 'sealed'],
  ['slot:city:Bern', 0.293023, 'train'],
  ['slot:city:Basel', 0.692286, 'dev'],
  ['slot:name:Aiko Tanaka', 0.948629, 'sealed'],
])('%s lies at %d, in %s', (key, u, split) => {
  expect(position(key)).toBeCloseTo(u, 6)
  expect(splitOf(key)).toBe(split)
})

test('every key has exactly one split, the same each time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (key) => {
      expect(['train', 'dev', 'gate', 'sealed']).toContain(splitOf(key))
      expect(splitOf(key)).toBe(splitOf(key))
    }),
  )
})

test('the shares are 60, 15, 15 and 10 percent', () => {
  const counts = { train: 0, dev: 0, gate: 0, sealed: 0 }
  for (let n = 0; n < 20_000; n += 1) counts[splitOf(`family:${n}`)] += 1
  expect(counts.train / 20_000).toBeCloseTo(0.6, 1)
  expect(counts.dev / 20_000).toBeCloseTo(0.15, 1)
  expect(counts.gate / 20_000).toBeCloseTo(0.15, 1)
  expect(counts.sealed / 20_000).toBeCloseTo(0.1, 1)
})
