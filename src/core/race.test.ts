import { expect, test } from 'vitest'
import { type DevPasses, hopelessOf, type Runner } from './race.ts'

/** 120 items of 40 families, the first `right` of them right; `shift` turns the list, so that two equal arms differ by item. */
const items = (right: number, shift = 0): DevPasses =>
  Object.fromEntries(
    Array.from({ length: 120 }, (_, n) => [`i${n}`, { family: `f${n % 40}`, pass: (n * 7 + shift) % 120 < right }]),
  )
const runner = (arm: string, ...bySeed: DevPasses[]): Runner => ({
  arm,
  bySeed: new Map(bySeed.map((passes, seed) => [seed + 1, passes])),
})

test('an arm far behind the leader ends, and is told with the leader and the difference', () => {
  const found = hopelessOf([runner('good', items(90)), runner('bad', items(40)), runner('fair', items(84))])
  expect(found).toEqual([
    { arm: 'bad', leader: 'good', seeds: 1, difference: expect.closeTo(-50 / 120, 6), high: expect.any(Number) },
  ])
  expect(found[0]!.high).toBeLessThan(0)
})

test('arms that do not differ by more than their noise all go on', () => {
  expect(hopelessOf([runner('a', items(70)), runner('b', items(70, 31)), runner('c', items(66, 59))])).toEqual([])
})

test('a lead within the spread of seeds ends nobody after one seed, however sure the items are', () => {
  // each family behind by the same: the items alone leave no doubt
  const behind = (share: number): DevPasses =>
    Object.fromEntries(
      Array.from({ length: 1000 }, (_, n) => [`i${n}`, { family: `f${n % 10}`, pass: Math.floor(n / 10) >= share }]),
    )
  expect(hopelessOf([runner('a', behind(0)), runner('b', behind(5))])).toEqual([])
  expect(hopelessOf([runner('a', behind(0)), runner('b', behind(6))])).toHaveLength(1)
  const twice = [behind(5), behind(5)]
  expect(hopelessOf([runner('a', behind(0), behind(0)), runner('b', ...twice)])).toHaveLength(1)
})

test('only seeds that both have are compared', () => {
  const late: Runner = { arm: 'late', bySeed: new Map([[2, items(90)]]) }
  expect(hopelessOf([late, runner('early', items(20))])).toEqual([])
})
