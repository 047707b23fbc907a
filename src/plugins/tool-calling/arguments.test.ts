import { describe, expect, test } from 'vitest'
import { argumentPattern } from './arguments.ts'

describe('an argument of a pack', () => {
  test('becomes what the schema says', () => {
    expect(argumentPattern('{n}', { type: 'integer' }).fill({ n: '12' })).toBe(12)
    expect(argumentPattern('{n}', { type: 'string' }).fill({ n: '12' })).toBe('12')
  })

  test('is left out when its slot is not mentioned, also inside lists and objects', () => {
    const pattern = argumentPattern([{ from: '{a}', to: '{b}' }, '{c}'], undefined)
    expect(pattern.fill({ a: 'x', b: 'y' })).toEqual([{ from: 'x', to: 'y' }])
    expect(pattern.fill({})).toBeUndefined()
    expect(argumentPattern(true, undefined).fill({})).toBe(true)
  })
})
