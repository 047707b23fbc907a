import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Message } from './contract.ts'
import { type RewardServer, startRewardServer } from './reward-server.ts'

/** Say the word that `look` gives; one environment breaks. */
const closed: string[] = []
const plugin = {
  begin: () => ({ messages: [{ role: 'user', content: 'Which word?' }], tools: [], maxSteps: 3 }),
  environment: async (item: { id: string }) => ({
    call: async ({ name }: { name: string }) => {
      if (item.id === 'broken') throw new Error('the disk is gone')
      return { content: name === 'look' ? 'heron' : 'taken', isError: false, ends: name === 'say' }
    },
    endState: async () => undefined,
    close: async () => void closed.push(item.id),
  }),
  grade: async (_: unknown, transcript: readonly Message[]) => {
    const right = JSON.stringify(transcript).includes('"word":"heron"')
    const verdict = { status: right ? 'pass' : 'fail', score: right ? 1 : 0, reason: '' }
    return { score: right ? 1 : 0.25, failures: [], criteria: { right: verdict, other: { status: 'not-applicable' } } }
  },
} as never

let dir: string
let server: RewardServer
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-reward-'))
  closed.length = 0
  const items = ['a', 'b', 'broken'].map((id) => ({ id, family: id, tags: {} }))
  server = await startRewardServer({
    plugin,
    definition: {},
    items,
    scratch: dir,
    signal: new AbortController().signal,
  })
})
afterEach(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})

const post = async (name: string, body: unknown, token = server.token) => {
  const response = await fetch(`${server.url}/${name}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${token}` },
  })
  return {
    status: response.status,
    body: (await response.json()) as never as Record<string, Record<string, unknown>[]>,
  }
}
const call = (name: string, given = {}) => `<tool_call>\n${JSON.stringify({ name, arguments: given })}\n</tool_call>`

test('episodes are opened, played in the words of the student, graded by criterion and closed, many at once', async () => {
  const { episodes } = (await post('open', { items: ['a', 'a', 'b'] })).body
  expect(episodes).toHaveLength(3)
  const ids = episodes!.map(({ episode }) => episode as string)
  const played = (await post('call', { turns: ids.map((episode) => ({ episode, text: call('look') })) })).body.results!
  expect(played[0]).toMatchObject({ over: false, messages: [{ role: 'tool', content: 'heron' }] })
  const last = (
    await post('call', {
      turns: [
        { episode: ids[0], text: call('say', { word: 'heron' }) },
        { episode: ids[1], text: 'I do not know.' },
      ],
    })
  ).body.results!
  expect(last.map(({ over }) => over)).toEqual([true, true])
  const { grades } = (await post('grade', { episodes: ids })).body
  expect(grades).toEqual([
    { episode: ids[0], reward: 1, criteria: { right: 1, other: null }, ending: 'say' },
    { episode: ids[1], reward: 0.25, criteria: { right: 0, other: null }, ending: 'text' },
    { episode: ids[2], reward: 0.25, criteria: { right: 0, other: null }, ending: 'look' },
  ])
  await post('close', { episodes: ids })
  expect(closed).toEqual(['a', 'a', 'b'])
})

test('an episode ends at its most steps', async () => {
  const [{ episode }] = (await post('open', { items: ['a'] })).body.episodes as unknown as [{ episode: string }]
  const over = []
  for (let step = 0; step < 3; step += 1)
    over.push((await post('call', { turns: [{ episode, text: call('look') }] })).body.results![0]!.over)
  expect(over).toEqual([false, false, true])
})

test('a broken environment gives no reward at all: nothing is learned from it', async () => {
  const [{ episode }] = (await post('open', { items: ['broken'] })).body.episodes as unknown as [{ episode: string }]
  expect((await post('call', { turns: [{ episode, text: call('look') }] })).body.results![0]).toMatchObject({
    over: true,
    error: 'the disk is gone',
  })
  expect((await post('grade', { episodes: [episode] })).body.grades![0]).toMatchObject({ reward: null })
})

test('only who knows the token gets an answer, and wrong requests are told', async () => {
  expect((await post('open', { items: ['a'] }, 'guess')).status).toBe(401)
  expect((await post('open', { item: 'a' })).status).toBe(400)
  expect((await post('nothing', {})).status).toBe(404)
  expect((await post('open', { items: ['unknown'] })).status).toBe(500)
})
