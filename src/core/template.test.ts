import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mulberry32 } from './random.ts'
import { parseTemplate, render, slotsOf } from './template.ts'

const half = () => 0.6

describe('a template', () => {
  test('fills its slots and says one of its alternatives', () => {
    const pieces = parseTemplate('[Show|Print|] {a.path} now[, please|]')
    expect(slotsOf(pieces)).toEqual(['a.path'])
    expect(render(pieces, { 'a.path': 'x.md' }, half)).toBe('Print x.md now')
  })

  test('keeps square brackets without a bar', () => {
    expect(render(parseTemplate('[DIR] {p}'), { p: 'x' }, half)).toBe('[DIR] x')
  })

  test.each(['{', 'a } b', '{two words}', '[a {slot}|b]'])('%s is refused', (text) => {
    expect(() => parseTemplate(text)).toThrow()
  })

  test('never leaves a brace of its own, whatever the values hold', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '.', '-'), minLength: 1 })
    const piece = fc.oneof(
      words,
      fc.constantFrom('{p}', '{q}'),
      fc.tuple(words, words).map(([a, b]) => `[${a}|${b}]`),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.integer(), (parts, seed) => {
        const text = render(parseTemplate(parts.join('')), { p: '<one>', q: '<two>' }, mulberry32(seed))
        expect(text).not.toMatch(/[{}|[\]]/)
      }),
    )
  })

  test('does not expand what a value holds', () => {
    expect(render(parseTemplate('{p}'), { p: '{q} [a|b]' }, half)).toBe('{q} [a|b]')
  })
})
