import { expect, test } from 'vitest'
import { Vault } from './vault.ts'

const vault = () =>
  new Vault({
    files: { 'Inbox/a.md': 'alpha 5', 'b.md': 'beta' },
    folders: ['Archive'],
    tags: { 'b.md': ['red'] },
    memory: { code: '42' },
  })

test.each([
  ['list_folder', { path: '' }, 'Archive/\nInbox/\nb.md'],
  ['list_folder', { path: './Inbox/' }, 'Inbox/a.md'],
  ['read_note', { path: 'b.md' }, 'tags: red\nbeta'],
  ['search_notes', { text: 'ALPHA' }, 'Inbox/a.md'],
  ['search_notes', { tag: 'red' }, 'b.md'],
  ['search_notes', { text: 'alpha', folder: 'Archive' }, 'No note matches.'],
  ['recall', { name: 'code' }, '42'],
] as const)('%s of %j answers', (tool, args, content) => {
  expect(vault().call(tool, args as Record<string, string>)).toEqual({ content, isError: false })
})

test.each([
  ['read_note', { path: 'c.md' }, 'Not found'],
  ['move_note', { from: 'b.md', to: 'Nowhere/b.md' }, 'there is no folder Nowhere'],
  ['move_note', { from: 'b.md', to: 'Inbox/a.md' }, 'exists already'],
  ['create_folder', { path: 'Archive' }, 'exists already'],
  ['tag_note', { path: 'b.md', tag: 'two words' }, 'Join its words: two-words'],
  ['replace_in_note', { path: 'b.md', find: 'gamma', replace: 'x' }, 'does not say'],
  ['read_note', { path: '../secret' }, 'Invalid argument'],
  ['search_notes', {}, 'give a text or a tag'],
  ['recall', { name: 'nothing' }, 'nothing is remembered'],
  ['constructor', {}, 'There is no tool'],
] as const)('%s of %j is refused, and changes nothing', (tool, args, says) => {
  const one = vault()
  const before = one.tree()
  expect(one.call(tool, args as Record<string, string>)).toEqual({
    content: expect.stringContaining(says),
    isError: true,
  })
  expect(one.tree()).toEqual(before)
})

test('what is changed shows in the tree, whatever the order of the changes', () => {
  const [one, two] = [vault(), vault()]
  const steps = [
    ['tag_note', { path: 'b.md', tag: 'blue' }],
    ['append_note', { path: 'Inbox/a.md', text: 'more' }],
    ['remember', { name: 'x', text: 'y' }],
  ] as const
  for (const [tool, args] of steps) one.call(tool, args as Record<string, string>)
  for (const [tool, args] of [...steps].reverse()) two.call(tool, args as Record<string, string>)
  expect(one.tree()).toEqual(two.tree())
  expect(one.tree()).toMatchObject({ 'b.md': 'blue, red\nbeta', 'Inbox/a.md': '\nalpha 5\nmore', 'memory: x': 'y' })
})
