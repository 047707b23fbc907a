import { expect, test } from 'vitest'
import { schemaHash } from '../../core/json-schema.ts'
import { tool } from './test-support.ts'
import { schemaErrors, validatorOf } from './validators.ts'

test('a schema hashes alike whatever the order of its keys', () => {
  const hash = schemaHash({
    type: 'object',
    required: ['b', 'a'],
    properties: { b: { type: 'integer' }, a: { type: 'string' } },
  })
  expect(hash.slice(0, 16)).toBe('7d4540aca5227457')
})

test('the same schema parsed again is not compiled again', () => {
  const text = JSON.stringify(tool('x', { n: { type: 'number' } }))
  expect(validatorOf(JSON.parse(text))).toBe(validatorOf(JSON.parse(text)))
})

test('judging changes nothing: text does not become a number, and nothing is removed', () => {
  const args = { n: '5', extra: 1 }
  expect(schemaErrors(tool('y', { n: { type: 'number', default: 1 } }), args).map(({ keyword }) => keyword)).toEqual([
    'type',
  ])
  expect(args).toEqual({ n: '5', extra: 1 })
})

test('a required name that every object inherits must still be said', () => {
  expect(schemaErrors(tool('z', {}, ['toString']), {})).toHaveLength(1)
})

test('a schema that is no JSON Schema is a fault of the tool, with a code', () => {
  expect(() => validatorOf(tool('broken', { a: { type: 'sting' } }))).toThrowError(
    expect.objectContaining({ code: 'bad-tool-schema' }),
  )
})

test('two tools may carry the same $id', () => {
  const with_ = (name: string) => ({ name, parameters: { $id: 'same', type: 'object', title: name } })
  expect(() => [validatorOf(with_('a')), validatorOf(with_('b'))]).not.toThrow()
})
