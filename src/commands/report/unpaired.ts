import type { Cell, Change } from './text.ts'

/**
 * Difference of two measured rates with Newcombe's hybrid score interval (Newcombe 1998, method 10), from the two Wilson
 * intervals alone. It ignores that both students answered the same items, so it is wider than the paired one.
 */
export const unpairedChange = (before: Cell, after: Cell): Change => {
  if (before.rate === null || after.rate === null) return { difference: null, low: null, high: null }
  const difference = after.rate - before.rate
  if (before.low === null || before.high === null || after.low === null || after.high === null)
    return { difference, low: null, high: null }
  return {
    difference,
    low: difference - Math.hypot(after.rate - after.low, before.high - before.rate),
    high: difference + Math.hypot(after.high - after.rate, before.rate - before.low),
  }
}
