import { expect, test } from 'vitest'
import { tool } from './test-support.ts'
import { lintTools } from './tools-lint.ts'

const kinds = (tools: Parameters<typeof lintTools>[0]['tools'], unchecked: string[] = []) =>
  lintTools({ tools, unchecked }).map(({ kind }) => kind)
const typed = { path: { type: 'string' } }

test('a catalogue that is easy to learn has no findings', () => {
  expect(kinds([tool('read_note', typed), tool('send_mail', typed)])).toEqual([])
})

test.each([
  ['near-identical names', [tool('get_user', typed), tool('get_users', typed)], 'near-identical-names'],
  ['names of the same words', [tool('note_read', typed), tool('read_note', typed)], 'near-identical-names'],
  ['a missing description', [{ ...tool('a_tool', typed), description: ' ' }], 'no-description'],
  [
    'two alike descriptions',
    [tool('one', typed), { ...tool('two', typed), description: 'The tool one.' }],
    'same-description',
  ],
  ['an untyped argument', [tool('read', { path: {} })], 'untyped-argument'],
  ['a name of one letter', [tool('read', { p: { type: 'string' } })], 'undescribed-argument'],
  ['a name that endpoints refuse', [tool('read note!', typed)], 'odd-name'],
] as const)('%s is found', (_, tools, kind) => {
  expect(kinds([...tools])).toContain(kind)
})

test('what is only a name of a type is unchecked, not untyped', () => {
  expect(kinds([tool('read', { range: {} })], ['read.range'])).toEqual(['unchecked-argument'])
})

test('500 tools are linted, and said to be many', () => {
  const tools = Array.from({ length: 500 }, (_, at) => tool(`t${at}x${at * 31}_${(at * 7919) % 997}`, typed))
  expect(kinds(tools)).toContain('large-catalogue')
})
