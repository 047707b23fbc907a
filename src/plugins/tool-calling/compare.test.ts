import { describe, expect, test } from 'vitest'
import { assign } from './assignment.ts'
import { differences } from './compare.ts'
import { expected, tool } from './test-support.ts'

const weather = tool(
  'weather',
  {
    city: { type: 'string' },
    days: { type: 'number' },
    unit: { type: 'string', enum: ['C', 'F'], default: 'C' },
    exact: { type: 'boolean' },
    at: { type: 'string', format: 'date-time' },
    tags: { type: 'array', items: { type: 'string' } },
    near: { type: ['string', 'null'] },
  },
  ['city'],
)

/** The tags of what differs when `right` is expected and `got` is said. */
const tagsOf = (right: Record<string, unknown>, got: Record<string, unknown>) =>
  differences(expected('weather', right), { name: 'weather', arguments: got }, weather).map(({ tag }) => tag)

describe('values are compared as the schema means them', () => {
  test.each([
    ['5 and 5.0 are the same number', { days: 5 }, JSON.parse('{"days": 5.0}')],
    ['text is compared after NFC, trim and collapsed spaces', { city: 'É a  b' }, { city: ' E\u0301 a b\n' }],
    ['an absent argument is its declared default', { unit: 'C' }, {}],
    ['a default that is said though nobody asked is no invention', {}, { unit: 'C' }],
    ['two ways to write one instant are the same', { at: '2026-11-22T12:00:00Z' }, { at: '2026-11-22T13:00:00+01:00' }],
    ['the order of keys does not matter', { city: 'Bern', days: 1 }, { days: 1, city: 'Bern' }],
    ['null is absence where the schema allows null', {}, { near: null }],
  ])('%s', (_, right, got) => {
    expect(tagsOf(right, got)).toEqual([])
  })

  test.each([
    ['the text "5" is not the number 5', { days: 5 }, { days: '5' }, ['wrong-type']],
    ['another number is a wrong value', { days: 5 }, { days: 6 }, ['wrong-value']],
    ['a boolean is only a boolean', { exact: true }, { exact: 'true' }, ['wrong-type']],
    ['an enum is exact', { unit: 'F' }, { unit: 'f' }, ['wrong-value']],
    ['case counts in text', { city: 'Bern' }, { city: 'bern' }, ['wrong-value']],
    ['a list keeps its order', { tags: ['a', 'b'] }, { tags: ['b', 'a'] }, ['wrong-value']],
    ['null is a value where the schema does not allow it', { city: 'Bern' }, { city: null }, ['wrong-type']],
    ['a missing argument is named', { city: 'Bern' }, {}, ['missing-argument']],
    ['an argument that the schema lacks is invented', {}, { town: 'Bern' }, ['invented-argument']],
    ['an argument that nobody asked for is invented', {}, { days: 3 }, ['invented-argument']],
    ['an inherited name is no argument', { city: 'Bern' }, Object.create({ city: 'Bern' }), ['missing-argument']],
  ])('%s', (_, right, got, tags) => {
    expect(tagsOf(right, got)).toEqual(tags)
  })

  test('a wrong value is told with argument, expectation and reply', () => {
    const [difference] = differences(
      expected('weather', { city: 'Bern' }),
      { name: 'weather', arguments: { city: 'Basel' } },
      weather,
    )
    expect(difference?.reason).toBe('argument city: expected "Bern", got "Basel"')
  })

  test('any accepted value is right, an optional argument may be said or left out, and a set has no order', () => {
    const right = {
      tools: ['weather'],
      arguments: {
        city: { values: ['Bern', 'Berne'] },
        days: { values: [3], optional: true as const },
        tags: { values: [['a', 'b']], anyOrder: true as const },
      },
    }
    const found = (got: Record<string, unknown>) =>
      differences(right, { name: 'weather', arguments: got }, weather).map(({ tag }) => tag)
    expect(found({ city: 'Berne', tags: ['b', 'a'] })).toEqual([])
    expect(found({ city: 'Bern', days: 3, tags: ['a', 'b'] })).toEqual([])
    expect(found({ city: 'Bern', days: 4, tags: ['a', 'b'] })).toEqual(['wrong-value'])
  })
})

describe('several calls are assigned as well as they can be', () => {
  const tools = new Map([[weather.name, weather]])
  const either = { tools: ['weather'], arguments: { city: { values: ['Bern', 'Basel'] } } }

  test('expected {Bern or Basel} and {Bern}: the calls Bern, Basel serve both, though the first fit fails', () => {
    const said = ['Bern', 'Basel'].map((city) => ({ name: 'weather', arguments: { city } }))
    const { pairs, missing, extra } = assign([either, expected('weather', { city: 'Bern' })], said, tools)
    expect(pairs.map(({ actual, differences: found }) => [actual, found.length])).toEqual([
      [1, 0],
      [0, 0],
    ])
    expect([missing, extra]).toEqual([[], []])
  })

  test('a call without a partner is extra, an expectation without one is missing', () => {
    const said = [{ name: 'other', arguments: {} }]
    expect(assign([either], said, tools)).toEqual({ pairs: [], missing: [0], extra: [0] })
  })

  test('five hundred calls are assigned without trying every order', () => {
    const said = Array.from({ length: 500 }, () => ({ name: 'weather', arguments: { city: 'Bern' } }))
    expect(assign([either, either, either], said, tools).extra).toHaveLength(497)
  })
})
