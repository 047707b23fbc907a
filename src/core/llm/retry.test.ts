import { expect, test } from 'vitest'
import { backoffMs, retryAfterMs } from './retry.ts'

const now = Date.parse('2026-11-22T12:00:00Z')

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
  ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After %j is %s ms', (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms)
})

test('the backoff doubles and is never over a minute', () => {
  expect([1, 2, 3, 20].map((tries) => backoffMs(tries, () => 1))).toEqual([500, 1000, 2000, 60_000])
})
