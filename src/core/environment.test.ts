import { expect, test } from 'vitest'
import { functionEnvironment } from './environment.ts'

const notes: string[] = []
const environment = functionEnvironment(
  [
    {
      name: 'add_note',
      description: 'Adds a note.',
      parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      run: ({ text }) => {
        if (text === 'bad') throw new Error('the note is bad')
        notes.push(String(text))
        return { count: notes.length }
      },
    },
  ],
  { endState: () => notes },
)
const call = (name: string, args: unknown) =>
  environment.call({ id: 'call_1', name, arguments: args }, new AbortController().signal)

test('a right call is executed and leaves its mark', async () => {
  expect(await call('add_note', { text: 'milk' })).toEqual({ content: '{"count":1}', isError: false })
  expect(await environment.endState()).toEqual(['milk'])
})

test.each([
  ['an unknown tool', 'add_nte', { text: 'x' }, 'Did you mean "add_note"?'],
  ['a missing argument', 'add_note', {}, "must have required property 'text'"],
  ['no object', 'add_note', 'text', 'must be object'],
  ['a tool that throws', 'add_note', { text: 'bad' }, 'the note is bad'],
])('%s is answered with an error that the student can read', async (_, name, args, content) => {
  expect(await call(name, args)).toEqual({ content: expect.stringContaining(content), isError: true })
})
