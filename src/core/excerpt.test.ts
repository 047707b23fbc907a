import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Transcript } from './contract.ts'
import { excerpt, replyOf, requestOf } from './excerpt.ts'

const code = (...codes: number[]) => String.fromCodePoint(...codes)

describe('excerpt', () => {
  test.each([
    ['colours of a terminal', `${code(27)}[31mred${code(27)}[0m`, 'red'],
    ['a window title', `${code(27)}]0;owned${code(7)}text`, 'text'],
    ['control characters', `a${code(0)}b${code(8)}c${code(0x9b)}d`, 'abcd'],
    ['turned reading order', `i${code(0x200b)}gnore${code(0x202e)} eht etag`, 'ignore eht etag'],
    ['tag characters', `a${code(0xe0041, 0xe0042)}b${code(0xe0000)}c`, 'abc'],
    ['variation selectors', `a${code(0xfe0f)}b${code(0xe0100)}c`, 'abc'],
    ['lone surrogates', `a${String.fromCharCode(0xd800)}b`, 'ab'],
  ])('strips %s', (_, text, expected) => expect(excerpt(text)).toBe(expected))

  test('keeps lines, tabs, accents and emoji', () => {
    expect(excerpt('é\r\n\tnaïve 🦊\u2028end')).toBe('é\n\tnaïve 🦊\nend')
  })

  test('never exceeds its limit, and shows that it was cut', () => {
    expect(excerpt('x'.repeat(2001))).toBe(`${'x'.repeat(1999)}…`)
    expect(excerpt('x'.repeat(2000))).toHaveLength(2000)
    expect(excerpt(`${code(0x200b).repeat(8000)}tail`)).toBe('…')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 2, max: 50 }), (text, most) => {
        const shown = excerpt(text, most)
        expect(shown.length).toBeLessThanOrEqual(most)
        expect(/[\p{Cf}\p{Cs}]/u.test(shown)).toBe(false)
      }),
    )
  })

  test('does not cut a character in two', () => expect(excerpt('🦊🦊🦊', 4)).toBe('🦊…'))
})

test('requestOf and replyOf tell the last request and all that came after it', () => {
  const transcript: Transcript = [
    { role: 'system', content: 'You have tools.' },
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi' },
    { role: 'user', content: 'Read notes.txt' },
    { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'read_file', arguments: { path: 'notes.txt' } }] },
    { role: 'tool', toolCallId: 'c1', content: 'no such file', isError: true },
    { role: 'assistant', content: 'It is not there.' },
  ]
  expect(requestOf(transcript)).toBe('Read notes.txt')
  expect(replyOf(transcript)).toBe('read_file({"path":"notes.txt"})\n→ error: no such file\nIt is not there.')
  expect(requestOf([])).toBe('')
  expect(replyOf([])).toBe('')
})
