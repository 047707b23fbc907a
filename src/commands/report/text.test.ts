import { describe, expect, test } from 'vitest'
import { wilson } from '../../core/stats.ts'
import type { TargetRow } from './model.ts'
import { countedItems } from './tables.ts'
import { changeText, clean, oneLine, probability, rateText } from './text.ts'
import { unpairedChange } from './unpaired.ts'

const cell = (passes: number, n: number) => ({ rate: passes / n, passes, n, ...wilson(passes, n)! })

test("unpaired changes have Newcombe's interval (his example: 56 of 70 against 48 of 80)", () => {
  const { difference, low, high } = unpairedChange(cell(48, 80), cell(56, 70))
  expect(difference).toBeCloseTo(0.2, 10)
  expect([low!.toFixed(4), high!.toFixed(4)]).toEqual(['0.0524', '0.3339'])
})

test('what was not measured is no data, not 0', () => {
  const nothing = { rate: null, low: null, high: null, passes: null, n: 0 }
  expect(rateText(nothing)).toBe('no data')
  expect(changeText(unpairedChange(nothing, cell(1, 2)))).toBe('no data')
})

test('a pooled measure is no percentage', () => {
  expect(rateText({ ...cell(1, 4), rate: 1.2345 }, 'pooled')).toBe('1.23')
})

test('small probabilities are not printed as 0', () => {
  expect([probability(0.00002), probability(0.0125), probability(null)]).toEqual(['< 0.0001', '0.013', '–'])
})

describe("a student's text", () => {
  test('loses escapes, control, bidirectional, zero-width and tag characters and keeps its lines', () => {
    expect(clean('a\u001b[31mb\u0000\u202ec\u200bd\u{e0041}e\r\nf\tg')).toBe('abcde\nf\tg')
  })

  test('is cut at its limit without half a character', () => {
    expect(clean('😀'.repeat(10), 5)).toBe('😀😀 … (cut)')
  })

  test('becomes one line for tables and terminals', () => {
    expect(oneLine('a\n b\u0007', 10)).toBe('a b')
    expect(oneLine('abcdef', 4)).toBe('abc…')
  })
})

test('a target is said to count the items of the best student, and those of the last one while there is none', () => {
  const rounds = [0, 81, 32].map((n, round) => ({ round, gate: { n } }))
  const row = { rounds } as unknown as TargetRow
  expect([1, 0].map((best) => countedItems(row, best))).toEqual([81, 32])
})
