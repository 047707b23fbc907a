import { appendFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { folder, makeRun, whet } from '../../../tests/cli-fixture.ts'
import { writeJson, writeJsonl } from '../../core/jsonl.ts'
import { JsonlIndex } from '../../core/jsonl-index.ts'
import type { Matrix } from './evaluation.ts'
import type { ItemShown } from './item.ts'
import type { ItemsPage } from './items.ts'

const ask = async <T>(dir: string, ...words: string[]): Promise<T> =>
  JSON.parse((await whet(dir, [...words, '--json'])).stdout) as T
const rounds = [
  { call: 2, ask: 1, best: 0 },
  { call: 8, ask: 5, best: 1 },
  { call: 8, ask: 3, best: 1 },
]

const manyItems = async (count: number) => {
  const dir = await folder()
  const files = await makeRun(dir, 'many', rounds)
  const kind = (n: number) => (n % 10 === 0 ? 'ask' : 'call')
  await writeJsonl(
    files.round(1).items,
    Array.from({ length: count }, (_, n) => ({
      id: `item-${n}`,
      family: 'f',
      tags: { kind: [kind(n)] },
      request: `please do thing ${n} – ü`,
    })),
  )
  return { dir, files }
}

test('pages of 20,000 items come in order, from any place', async () => {
  const { dir } = await manyItems(20_000)
  const page = await ask<ItemsPage>(dir, 'show', 'items', 'many', '--offset', '19998', '--limit', '5')
  expect(page).toMatchObject({
    all: 20_000,
    total: 20_000,
    rows: [{ row: 19_998, id: 'item-19998' }, { id: 'item-19999' }],
  })
  const found = await ask<ItemsPage>(
    dir,
    'show',
    'items',
    'many',
    '--where',
    'kind=ask',
    '--search',
    'THING 199',
    '--limit',
    '3',
  )
  expect([found.total, found.rows.map(({ id }) => id)]).toEqual([11, ['item-1990', 'item-19900', 'item-19910']])
})

test('an index is made anew when the file grows, and leaves a torn last line out', async () => {
  const { files } = await manyItems(3)
  const file = files.round(1).items
  expect((await JsonlIndex.of(file)).rows).toBe(3)
  appendFileSync(file, '\n{"id":"whole"}\n{"id":"to')
  const index = await JsonlIndex.of(file)
  expect([index.rows, await index.texts(3, 9)]).toEqual([4, ['{"id":"whole"}']])
})

test('the matrix shows dev items by round, and finds those that got worse', async () => {
  const dir = await folder()
  await makeRun(dir, 'four', rounds)
  const all = await ask<Matrix>(dir, 'show', 'evaluation', 'four')
  expect([all.total, all.rounds]).toEqual([40, [0, 1, 2]])
  const worse = await ask<Matrix>(dir, 'show', 'evaluation', 'four', '--only', 'worse')
  expect(worse.items.map(({ id, cells }) => [id, cells])).toEqual([
    ['item-7', ['fail', 'pass', 'fail']],
    ['item-9', ['fail', 'pass', 'fail']],
  ])
  expect(worse.heat.find(({ where }) => where.kind?.[0] === 'ask')?.rates.map((rate) => rate?.passes)).toEqual([
    1, 5, 3,
  ])
})

test('an item shows every reply with its grade', async () => {
  const dir = await folder()
  await makeRun(dir, 'four', rounds)
  const { replies, request } = await ask<ItemShown>(dir, 'show', 'item', 'item-7', 'four')
  expect(request).toBe('secret of the gate')
  expect(replies.map(({ round, status }) => [round, status])).toEqual([
    [0, 'fail'],
    [1, 'pass'],
    [2, 'fail'],
  ])
})

test('why names the items that were lost, and the rows that were aimed at them', async () => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', rounds)
  const parts = [
    { where: { kind: ['ask'] }, rows: 11 },
    { where: {}, rows: 9 },
  ]
  await writeJson(files.round(2).spec, { spec: { seed: 1, split: 'train', parts }, hypotheses: [], author: 'uniform' })
  const why = await ask(dir, 'why', 'four', '--round', '2', '--where', 'kind=ask')
  expect(why).toMatchObject({
    against: 1,
    lost: [{ item: 'item-7' }, { item: 'item-9' }],
    gained: [],
    failures: [{ tag: 'wrong', before: 15, after: 17 }],
    trained: { aimed: 11, all: 20 },
    moved: { difference: -0.1 },
  })
})

test('a round without replies, and a tag that is none, are told', async () => {
  const dir = await folder()
  await makeRun(dir, 'four', rounds)
  expect((await whet(dir, ['why', 'four', '--round', '9'])).stderr).toContain('not-evaluated')
  expect((await whet(dir, ['show', 'items', 'four', '--where', 'kind'])).stderr).toContain('DIMENSION=VALUE')
})
