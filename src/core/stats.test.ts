import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mulberry32, shuffle } from './random.ts'
import {
  bootstrap,
  brier,
  clustered,
  designEffect,
  familyWilson,
  holm,
  mcnemar,
  type Paired,
  passHatK,
  quantile,
  signFlip,
  smallestDetectable,
  wilson,
} from './stats.ts'

/** Pairs with the given sum and number of rows in each family. */
const families = (sums: readonly number[], sizes: readonly number[]): Paired[] =>
  sums.flatMap((total, at) =>
    Array.from({ length: sizes[at]! }, (_, row) => ({
      family: `f${String(at).padStart(3, '0')}`,
      difference: row === 0 ? total : 0,
    })),
  )
const reference1 = families([3, -1, 2, -1], [4, 3, 5, 2])
const reference2 = families([3, -1, 2, 0, 1, 4, -2, 1, 0, 2, 1, -1], [5, 5, 4, 6, 5, 7, 5, 3, 5, 4, 6, 5])

const somePairs = fc.array(
  fc.record({ family: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), difference: fc.constantFrom(-1, 0, 1) }),
  { maxLength: 60 },
)

describe('wilson', () => {
  test.each([
    [0, 30, 0.95, 0, 0.113513],
    [1, 30, 0.95, 0.005909, 0.166704],
    [15, 30, 0.95, 0.331541, 0.668459],
    [30, 30, 0.95, 0.886487, 1],
    [8, 10, 0.95, 0.490162, 0.943318],
    [18, 20, 0.95, 0.698966, 0.972134],
    [4, 200, 0.95, 0.007804, 0.050287],
    [127, 200, 0.95, 0.566317, 0.698595],
    [431, 500, 0.95, 0.828998, 0.889482],
    [960, 1000, 0.95, 0.94599, 0.970489],
    [127, 200, 0.9, 0.577549, 0.688847],
  ])('%d of %d at %d is [%d, %d]', (passes, n, level, low, high) => {
    expect(wilson(passes, n, level)?.low).toBeCloseTo(low, 6)
    expect(wilson(passes, n, level)?.high).toBeCloseTo(high, 6)
  })

  test('has no interval without rows', () => expect(wilson(0, 0)).toBeUndefined())

  test('contains the rate and stays in [0, 1]', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(2000), fc.double({ min: 0.5, max: 0.999, noNaN: true }), (a, b, level) => {
        const [passes, n] = [Math.min(a, b), Math.max(a, b, 1)]
        const { low, high } = wilson(passes, n, level)!
        expect(0 <= low && low <= passes / n && passes / n <= high && high <= 1).toBe(true)
      }),
    )
  })
})

describe('familyWilson', () => {
  test('is plain Wilson where every family has one row', () => {
    const rows = Array.from({ length: 200 }, (_, at) => ({ passes: at < 127 ? 1 : 0, n: 1 }))
    expect(designEffect(rows)).toBeCloseTo(1, 1)
    expect(familyWilson(rows)?.low).toBeCloseTo(0.566, 2)
  })

  test('counts families, not rows, where rows of a family are all alike', () => {
    const alike = Array.from({ length: 20 }, (_, at) => ({ passes: at < 10 ? 5 : 0, n: 5 }))
    const interval = familyWilson(alike)!
    const ofFamilies = wilson(10, 20)!
    expect(interval.low).toBeCloseTo(ofFamilies.low, 1)
    expect(interval.high - interval.low).toBeGreaterThan(wilson(50, 100)!.high - wilson(50, 100)!.low)
  })

  test('trusts thirty rows of one family less than thirty of thirty', () => {
    expect(familyWilson([{ passes: 30, n: 30 }])!.low).toBeLessThan(0.886487)
  })

  test('contains the rate', () => {
    const family = fc.tuple(fc.nat(9), fc.nat(9)).map(([a, b]) => ({ passes: Math.min(a, b), n: Math.max(a, b, 1) }))
    fc.assert(
      fc.property(fc.array(family, { minLength: 1, maxLength: 30 }), (counts) => {
        const n = counts.reduce((total, count) => total + count.n, 0)
        const rate = counts.reduce((total, count) => total + count.passes, 0) / n
        const { low, high } = familyWilson(counts)!
        expect(low - 1e-9 <= rate && rate <= high + 1e-9 && low >= 0 && high <= 1).toBe(true)
      }),
    )
  })
})

describe('mcnemar', () => {
  test.each([
    [0, 5, 0.0625, 0.03125, 0.03125],
    [0, 6, 0.03125, 0.015625, 0.015625],
    [1, 9, 0.021484, 0.011719, 0.010742],
    [5, 15, 0.041389, 0.026604, 0.020695],
    [12, 12, 1, 1, 0.58059],
    [20, 38, 0.024746, 0.018337, 0.012373],
    [30, 52, 0.019827, 0.015232, 0.009913],
    [480, 560, 0.014259, 0.013119, 0.00713],
  ])('of %d losses and %d gains', (losses, gains, twoSided, midP, oneSidedGain) => {
    const result = mcnemar(losses, gains)
    expect(result.twoSided).toBeCloseTo(twoSided, 6)
    expect(result.midP).toBeCloseTo(midP, 6)
    expect(result.oneSidedGain).toBeCloseTo(oneSidedGain, 6)
    expect(result.n).toBe(losses + gains)
  })

  test('says nothing where nothing differs', () => {
    expect(mcnemar(0, 0)).toEqual({ twoSided: 1, midP: 1, oneSidedGain: 1, n: 0 })
  })

  test('tells the direction: losses in the majority are never a gain', () => {
    expect(mcnemar(15, 5).twoSided).toBeCloseTo(mcnemar(5, 15).twoSided, 12)
    expect(mcnemar(15, 5).oneSidedGain).toBeGreaterThan(0.97)
  })
})

describe('clustered', () => {
  test('gives reference 1', () => {
    const result = clustered(reference1)!
    expect(result.difference).toBeCloseTo(0.214286, 6)
    expect(result.se).toBeCloseTo(0.263336, 6)
    expect(result.low).toBeCloseTo(-0.623769, 6)
    expect(result.high).toBeCloseTo(1.05234, 6)
    expect(result).toMatchObject({ families: 4, rows: 14 })
  })

  test('gives reference 2', () => {
    const result = clustered(reference2)!
    expect(result.difference).toBeCloseTo(0.166667, 6)
    expect(result.se).toBeCloseTo(0.1, 6)
    expect(result.low).toBeCloseTo(-0.053432, 6)
    expect(result.high).toBeCloseTo(0.386765, 6)
    expect(result.pGain).toBeCloseTo(0.061885, 6)
    expect(result.pGain + result.pLoss).toBeCloseTo(1, 6)
  })

  test('gives the paired t of the seeds reference', () => {
    const seeds = [3.1, 1.2, 4.0, -0.6, 2.5, 3.3, 0.9, 2.2].map((difference, at) => ({ family: `s${at}`, difference }))
    const result = clustered(seeds)!
    expect(result.difference / result.se).toBeCloseTo(3.912037, 6)
    expect(result.pGain).toBeCloseTo(0.002904, 6)
    expect(result.low).toBeCloseTo(0.82077, 6)
    expect(result.high).toBeCloseTo(3.329229, 5)
    expect(signFlip(seeds)).toMatchObject({ pGain: 2 / 256, exact: true })
  })

  test('is undefined under two families', () => {
    expect(clustered([])).toBeUndefined()
    expect(clustered([{ family: 'a', difference: 1 }])).toBeUndefined()
  })

  test('falls back to the sign flip where every family differs by the same', () => {
    const equal = (difference: number) => Array.from({ length: 12 }, (_, at) => ({ family: `f${at}`, difference }))
    expect(clustered(equal(1))).toMatchObject({ pGain: 2 ** -12, pLoss: 1, low: 1, high: 1 })
    expect(clustered(equal(-1))).toMatchObject({ pGain: 1, pLoss: 2 ** -12 })
    expect(clustered(equal(0))).toMatchObject({ pGain: 1, pLoss: 1, difference: 0 })
    expect(clustered(equal(0.1))!.pGain).toBe(2 ** -12)
    expect(signFlip(equal(1)).pGain).toBeCloseTo(2 ** -12, 15)
  })

  test('does not depend on the order of rows', () => {
    fc.assert(
      fc.property(somePairs, fc.integer(), (pairs, seed) => {
        expect(clustered(shuffle(mulberry32(seed), pairs))).toEqual(clustered(pairs))
      }),
    )
  })

  test('bounds the difference on both sides', () => {
    fc.assert(
      fc.property(somePairs, (pairs) => {
        const result = clustered(pairs)
        return !result || (result.low <= result.difference && result.difference <= result.high)
      }),
    )
  })
})

describe('signFlip', () => {
  test('gives 356 of 4096 for reference 2', () => {
    expect(signFlip(reference2).pGain).toBeCloseTo(356 / 4096, 12)
  })

  test('agrees with counting all signs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 8 }), (sums) => {
        const whole = signFlip(
          families(
            sums,
            sums.map(() => 1),
          ),
        )
        const counted = signFlip(
          families(
            sums.map((total) => total * 1.5),
            sums.map(() => 1),
          ),
        )
        expect(whole.pGain).toBeCloseTo(counted.pGain, 12)
        expect(whole.pLoss).toBeCloseTo(counted.pLoss, 12)
      }),
    )
  })

  test('draws where the families are many and their sums are not whole', () => {
    const pairs = Array.from({ length: 30 }, (_, at) => ({ family: `f${at}`, difference: at % 3 === 0 ? -0.31 : 0.29 }))
    const drawn = signFlip(pairs)
    expect(drawn.exact).toBe(false)
    expect(drawn.pGain).toBeGreaterThan(1 / 10_001)
    expect(drawn.pGain).toBeLessThan(0.1)
  })
})

test('bootstrap gives reference 2 draw for draw', () => {
  const wide = bootstrap(reference2)!
  const narrow = bootstrap(reference2, { level: 0.9 })!
  expect(wide.low).toBeCloseTo(-0.017241, 6)
  expect(wide.median).toBeCloseTo(0.169231, 6)
  expect(wide.high).toBeCloseTo(0.351852, 6)
  expect(narrow.low).toBeCloseTo(0.015625, 6)
  expect(narrow.high).toBeCloseTo(0.322034, 6)
  expect(wide.notAboveZero).toBeCloseTo(0.0493, 6)
  expect(bootstrap([])).toBeUndefined()
})

test('quantile is type 7, also over all resamples of reference 1', () => {
  const oneToTen = Array.from({ length: 10 }, (_, at) => at + 1)
  expect(quantile(oneToTen, 0.025)).toBeCloseTo(1.225, 6)
  expect(quantile(oneToTen, 0.1)).toBeCloseTo(1.9, 6)
  const [sums, sizes] = [
    [3, -1, 2, -1],
    [4, 3, 5, 2],
  ]
  const resamples = Array.from({ length: 256 }, (_, draw) => {
    const drawn = [0, 2, 4, 6].map((shift) => (draw >> shift) & 3)
    const total = (of: number[]) => drawn.reduce((all, family) => all + of[family]!, 0)
    return total(sums) / total(sizes)
  })
  expect(quantile(resamples, 0.025)).toBeCloseTo(-0.4, 6)
  expect(quantile(resamples, 0.5)).toBeCloseTo(0.214286, 6)
  expect(quantile(resamples, 0.975)).toBeCloseTo(0.571429, 6)
  expect(quantile([], 0.5)).toBeNaN()
})

describe('holm', () => {
  test.each([
    [
      [0.01, 0.04, 0.03, 0.005],
      [0.03, 0.06, 0.06, 0.02],
    ],
    [
      [0.02, 0.02, 0.02],
      [0.06, 0.06, 0.06],
    ],
    [
      [0.001, 0.012, 0.2, 0.04, 0.03],
      [0.005, 0.048, 0.2, 0.09, 0.09],
    ],
    [
      [0.0491, 0.0001, 0.6],
      [0.0982, 0.0003, 0.6],
    ],
  ])('%j becomes %j', (ps, expected) => {
    for (const [at, p] of holm(ps).entries()) expect(p).toBeCloseTo(expected[at]!, 9)
  })

  test('lets a missing p value leave the family', () => {
    expect(holm([0.02, Number.NaN, 0.03])).toEqual([0.04, Number.NaN, 0.04])
  })

  test('keeps the order of p values and never lowers one', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (ps) => {
        const adjusted = holm(ps)
        for (const [i, a] of ps.entries()) {
          expect(adjusted[i]! >= a && adjusted[i]! <= 1).toBe(true)
          for (const [j, b] of ps.entries()) if (a <= b) expect(adjusted[i]!).toBeLessThanOrEqual(adjusted[j]!)
        }
      }),
    )
  })
})

test('smallestDetectable gives the reference gains', () => {
  expect(smallestDetectable(0.2, 200)).toBeCloseTo(0.088594, 6)
  expect(smallestDetectable(0.2, 500)).toBeCloseTo(0.056032, 6)
  expect(smallestDetectable(0.3, 500)).toBeCloseTo(0.068625, 6)
  expect(smallestDetectable(0.2, 1000)).toBeCloseTo(0.03962, 6)
})

test('brier gives the reference score', () => {
  const forecasts = [0.7, 0.6, 0.8, 0.3].map((probability, at) => ({ probability, happened: at % 2 === 0 }))
  expect(brier(forecasts)).toBeCloseTo(0.145, 6)
  expect(brier([])).toBeNaN()
})

test.each([
  [8, 6, 4, 0.214286],
  [8, 3, 4, 0],
  [5, 4, 2, 0.6],
  [10, 9, 8, 0.2],
  [4, 2, 2, 0.166667],
])('pass^k of %d trials, %d passes, k %d is %d', (n, c, k, expected) => {
  expect(passHatK(n, c, k)).toBeCloseTo(expected, 6)
})
