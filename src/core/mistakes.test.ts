import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonPath } from './json-path.ts'
import { makeMistake, mistakeKinds, written } from './mistakes.ts'
import { mulberry32 } from './random.ts'

const record = { topic: 'billing', urgent: true, order: '48213', items: ['kettle', 'lamp'], note: null }
const labels = ['billing', 'delivery', 'account']
const make = (kind: (typeof mistakeKinds)[number], gold: unknown = record, at?: string) =>
  makeMistake(kind, gold, mulberry32(7), { labels, ...(at && { at: jsonPath(at) }) })

test.each(mistakeKinds)('%s can be made in a record, alike for a seed, and is never the right reply', (kind) => {
  const made = make(kind)
  expect(made).toBeDefined()
  expect(made).toBe(make(kind))
  expect(made).not.toBe(written(record))
})

test('a mistake is made at the place that is asked for', () => {
  expect(JSON.parse(make('drop', record, '$.order')!)).not.toHaveProperty('order')
  expect(JSON.parse(make('wrong-type', record, '$.urgent')!).urgent).toBe('true')
  expect(labels).toContain(JSON.parse(make('wrong-label', record, '$.topic')!).topic)
  expect(JSON.parse(make('wrong-order', record, '$.items')!).items).toEqual(['lamp', 'kettle'])
  expect(JSON.parse(make('invent', record, '$.order')!).order).toMatch(/^(?!48213)\d{5}$/)
})

test('what cannot go wrong in a way is left alone', () => {
  expect(make('wrong-order', { items: ['a'] })).toBeUndefined()
  expect(make('wrong-label', { topic: 'weather' })).toBeUndefined()
  expect(make('drop', record, '$.nothing')).toBeUndefined()
  expect(make('swap', { a: 1, b: 'x' })).toBeUndefined()
})

test('text goes wrong by its sentences', () => {
  const text = 'Dear Ada. Your order is on its way. It arrives on Monday.'
  expect(make('drop', text)!.length).toBeLessThan(text.length)
  expect(make('wrong-order', text)).toBe('It arrives on Monday. Your order is on its way. Dear Ada.')
  expect(make('preamble', text)).toMatch(/:\nDear Ada/)
})

test('no mistake of any JSON value is the value itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...mistakeKinds), fc.integer(), (value, kind, seed) => {
      const made = makeMistake(kind, value, mulberry32(seed), { labels: [value as never, 1, 'a'] })
      expect(made === undefined || made.trim() !== written(value).trim()).toBe(true)
    }),
  )
})
