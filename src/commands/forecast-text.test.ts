import { expect, test } from 'vitest'
import { forecastText } from './forecast-text.ts'
import { questionLines } from './question-text.ts'
import type { Question } from './remote.ts'

test('a round is told by its time, its money and its rows, and its spec as a diff', () => {
  const spec = [
    { change: 'same', part: 'all:40' },
    { change: 'added', part: 'kind=ask:200' },
  ]
  expect(forecastText({ minutes: 12, money: 0.456, rows: 240, spec })).toEqual({
    words: 'about 12 min · money about 0.46 · 240 rows',
    diff: spec,
  })
})

test('money that nobody can know yet is not told as none', () => {
  expect(forecastText({ money: null }).words).toMatch(/not known yet/)
  expect(forecastText({ money: 0 }).words).toBe('no money')
})

test('settings and limits are a diff of the config', () => {
  const budget = [
    { limit: 'minutes', before: 60, after: 120 },
    { limit: 'money', before: null, after: 5 },
  ]
  const settings = [{ key: 'loop.focus', before: undefined, after: { kind: ['ask'] } }]
  expect(forecastText({ rounds: 3, minutes: 90, settings, budget })).toEqual({
    words: 'at most about 1 h 30 min · 3 rounds',
    diff: [
      { change: 'removed', part: 'loop.focus: as configured' },
      { change: 'added', part: 'loop.focus: {"kind":["ask"]}' },
      { change: 'removed', part: 'budget.minutes: 60' },
      { change: 'added', part: 'budget.minutes: 120' },
      { change: 'removed', part: 'budget.money: as configured' },
      { change: 'added', part: 'budget.money: 5' },
    ],
  })
})

test('what has no forecast is told by its arguments, every one, and nothing in them obeys a terminal', () => {
  const text = `${'x'.repeat(4000)}\u001b[2J\u202eend`
  const lines = questionLines({ command: 'guide', args: { text }, summary: 'tell it' } as unknown as Question)
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain('x'.repeat(4000))
  expect(lines[0]).toContain('end')
  for (const unseen of ['\u001b', '\u202e']) expect(lines[0]).not.toContain(unseen)
})
