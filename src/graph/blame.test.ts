import { expect, test } from 'vitest'
import type { AssistantTurn, ItemBase, Message } from '../core/contract.ts'
import { playGold } from '../core/episode.ts'
import { firstWrongTurn } from './blame.ts'

/** A skill of three steps: count to three by calls, each once, then say so. A call of `break` cannot be mended. */
const call = (name: string): AssistantTurn => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: name, name, arguments: {} }],
})
const said = (soFar: readonly Message[]) =>
  soFar.flatMap((turn) => (turn.role === 'assistant' ? (turn.toolCalls ?? []) : [])).map(({ name }) => name)
const executed: string[] = []
const plugin = {
  begin: () => ({ messages: [{ role: 'user', content: 'count' }], tools: [], maxSteps: 9 }),
  gold: (_: ItemBase, soFar: readonly Message[]) => {
    const next = ['one', 'two', 'done'].find((name) => !said(soFar).includes(name))
    return next && call(next)
  },
  environment: async () => ({
    call: async ({ name }: { name: string }) => {
      executed.push(name)
      return { content: name, isError: false, ends: name === 'done' }
    },
    endState: async () => undefined,
    close: async () => {},
  }),
  grade: async (_: ItemBase, transcript: readonly Message[]) => {
    const names = said(transcript)
    const right = !names.includes('break') && ['one', 'two', 'done'].every((name) => names.includes(name))
    return {
      score: Number(right),
      failures: [],
      criteria: { right: { status: right ? 'pass' : 'fail', score: 0, reason: '' } },
    }
  },
} as never
const deps = { plugin, signal: new AbortController().signal, scratch: '/none' }
const item = { id: 'a', family: 'a', tags: {} }
const episode = (...names: string[]) => [
  { role: 'user' as const, content: 'count' },
  ...names.flatMap((name): Message[] => [
    call(name),
    { role: 'tool', toolCallId: name, content: name, isError: false },
  ]),
]
const row = (...names: string[]) => ({ item, transcript: episode(...names) }) as never

test('an episode ends with the call that says so, and goes on from turns that were played before', async () => {
  executed.length = 0
  const { transcript } = await playGold(item, { ...deps, definition: {}, from: episode('two') })
  expect(said(transcript)).toEqual(['two', 'one', 'done'])
  expect(executed).toEqual(['two', 'one', 'done'])
  expect(transcript.at(-1)).toMatchObject({ role: 'tool', content: 'done' })
})

test('a failed episode is blamed on the first turn that even the gold cannot mend', async () => {
  const wrong = await firstWrongTurn(row('one', 'break', 'two', 'done'), {}, deps)
  expect(wrong).toMatchObject({ good: call('two'), bad: call('break') })
  expect(said(wrong!.prompt)).toEqual(['one'])
})

test('where the gold could have mended it to the end, the last turn is to blame', async () => {
  expect(await firstWrongTurn(row('one', 'done'), {}, deps)).toMatchObject({ good: call('two'), bad: call('done') })
})

test('a single exchange is its one turn', async () => {
  expect(await firstWrongTurn(row('break'), {}, deps)).toMatchObject({ good: call('one'), bad: call('break') })
})
