import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Part } from '../src/chat/conversation.ts'
import { makeRun, whet } from './cli-fixture.ts'
import { chatWorld, questionIn, rounds, takesOrders } from './support/chat-world.ts'

test('commands answer about the run of the conversation', async () => {
  const { say } = await chatWorld()
  expect(await say('/status')).toMatchObject([{ kind: 'output', command: 'status', output: { run: 'four' } }])
  expect(await say('/why --round 2 --where kind=ask')).toMatchObject([
    { output: { lost: [{ item: 'item-7' }, { item: 'item-9' }] } },
  ])
  expect(await say('/show item item-7')).toMatchObject([{ text: expect.stringContaining('item-7') }])
})

test('reading and comparing: every word that a person would try first', async () => {
  const { say, dir } = await chatWorld()
  await makeRun(dir, 'other', rounds)
  const outputs = async (line: string) => (await say(line)).map((part) => ('command' in part ? part.command : part))
  expect(await outputs('/compare four other')).toEqual(['compare'])
  expect(await outputs('/item item-7')).toEqual(['show item'])
  expect(await outputs('/spec')).toEqual(['show spec'])
  expect(await outputs('/show evaluation --only worse')).toEqual(['show evaluation'])
  expect(await outputs('/report --format md')).toEqual(['report'])
})

test('steering goes into the inbox of the run: guide, edit, undo, pause, and an approval behind a yes', async () => {
  const { say, files } = await chatWorld()
  const taken = takesOrders(files.database)
  for (const line of [
    '/guide "more of the long ones"',
    '/edit item-1 --field \'request=Which notes?\' --field tags=\'{"kind":["ask"]}\'',
    '/undo',
    '/approve --drop item-2',
    '/yes',
    '/pause',
  ])
    await say(line)
  expect(taken.map(({ verb, args }) => [verb, args])).toEqual([
    ['guide', { text: 'more of the long ones' }],
    ['edit', { item: 'item-1', fields: { request: 'Which notes?', tags: { kind: ['ask'] } } }],
    ['undo', {}],
    ['approve', { drop: ['item-2'] }],
    ['pause', {}],
  ])
})

test('a wrong command names the right one, and a sentence says what is missing', async () => {
  const { say } = await chatWorld()
  expect(await say('/statsu')).toMatchObject([{ code: 'unknown-command', message: expect.stringContaining('/status') }])
  expect(await say('why is it worse?')).toMatchObject([{ kind: 'note', text: expect.stringContaining('roles.chat') }])
})

test('what destroys is asked first; one yes does it, the next finds nothing to do', async () => {
  const { say, files } = await chatWorld()
  const weights = files.round(2).model
  questionIn(await say('/clean'))
  expect(existsSync(weights)).toBe(true)
  expect(await say('/yes')).toMatchObject([{ kind: 'output', command: 'clean' }])
  expect(existsSync(weights)).toBe(false)
  expect(await say('/yes')).toMatchObject([{ kind: 'note', text: 'Nothing waits for a yes or no.' }])
})

test('no leaves it undone', async () => {
  const { say, files } = await chatWorld()
  await say('/clean')
  await say('/no')
  await say('/yes')
  expect(existsSync(files.round(2).model)).toBe(true)
})

test('a yes to a question that another one has followed does neither', async () => {
  const { say, conversation, files } = await chatWorld()
  const first = questionIn(await say('/clean four'))
  const second = questionIn(await say('/clean'))
  const parts: Part[] = []
  const answer = (token: string) =>
    conversation.answer(true, token, new AbortController().signal, (part) => parts.push(part))
  await answer(first.token)
  expect(parts).toMatchObject([{ kind: 'note', text: expect.stringContaining('not open any more') }])
  expect(existsSync(files.round(2).model)).toBe(true)
  await answer(second.token)
  expect(parts.slice(1)).toMatchObject([{ kind: 'output', command: 'clean' }])
})

test('what was asked and answered stays with the run, without the token', async () => {
  const { say, files } = await chatWorld()
  const { token } = questionIn(await say('/clean'))
  await say('/yes')
  const kept = await readFile(path.join(files.dir, 'chat.jsonl'), 'utf8')
  expect(kept).toMatch(/asked: clean .*deletes 16 kB/)
  expect(kept).toMatch(/"\/yes"[\s\S]*clean: .*Freed/)
  expect(kept).not.toContain(token)
})

test('the terminal reads its lines from a pipe', async () => {
  const { dir } = await chatWorld()
  const { stdout, code } = await whet(dir, ['chat', 'four'], { stdin: '/status\n\n/show spec\n/quit\n' })
  expect(code).toBe(0)
  expect(stdout).toContain('No spec was written yet')
})

test('the terminal shows a question with what it would change, and a yes does it', async () => {
  const { dir, files } = await chatWorld()
  const { stdout } = await whet(dir, ['chat', 'four'], { stdin: '/clean\n/yes\n' })
  expect(stdout).toMatch(/clean {"run":"four"}\n.*\n +deletes 16 kB\n.*\/yes.* does exactly this/)
  expect(existsSync(files.round(2).model)).toBe(false)
})
