import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BadPath, jsonPath, valueAt, withValue } from './json-path.ts'

const order = { name: 'Ada', items: [{ sku: 'a' }, { sku: 'b' }] }

test('one place gives its value, several give a list, none gives nothing', () => {
  expect(valueAt(jsonPath('$.items[1].sku'), order)).toBe('b')
  expect(valueAt(jsonPath('$.items[*].sku'), order)).toEqual(['a', 'b'])
  expect(valueAt(jsonPath('$'), order)).toBe(order)
  expect(valueAt(jsonPath('$.nothing.here'), order)).toBeUndefined()
  expect(valueAt(jsonPath('$.name'), 'a text')).toBeUndefined()
})

test('a place is changed or taken out in a copy', () => {
  expect(withValue(order, ['items', 0, 'sku'], () => 'x')).toEqual({ name: 'Ada', items: [{ sku: 'x' }, { sku: 'b' }] })
  expect(withValue(order, ['items', 0], () => undefined)).toEqual({ name: 'Ada', items: [{ sku: 'b' }] })
  expect(withValue(order, ['name'], () => undefined)).toEqual({ items: order.items })
  expect(order.items).toHaveLength(2)
})

test('putting back what was found changes nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const { location, value: found } of jsonPath('$..*').find(value))
        expect(withValue(value, location, () => found)).toEqual(value)
    }),
  )
})

test.each(['items', '$.', '$[', '$[?@.a]'])('%s is refused with its place', (source) => {
  expect(() => jsonPath(source)).toThrow(BadPath)
})
