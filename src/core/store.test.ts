import { mkdtempSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyCheckpoint } from '@langchain/langgraph'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { RunStore } from './store.ts'

const freshFile = () => join(mkdtempSync(join(tmpdir(), 'whet-store-')), 'run.sqlite')
const warning = { run: 'r', type: 'warning', data: { code: 'w', message: 'm' } } as const

test('shares its file with LangGraph’s checkpoints, each through a connection of its own', async () => {
  const file = freshFile()
  const store = RunStore.open(file)
  const saver = SqliteSaver.fromConnString(file)
  const config = { configurable: { thread_id: 'r', checkpoint_ns: '' } }
  store.append(warning)
  await saver.put(config, emptyCheckpoint(), { source: 'loop', step: 1, parents: {} })
  store.append(warning)
  expect(await saver.getTuple(config)).toBeDefined()
  expect(store.events()).toHaveLength(2)
})

test('makes the folder of a new run', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'whet-store-')), 'runs', 'one', 'run.sqlite')
  expect(RunStore.open(file).events()).toEqual([])
})

test('reading a run that is not there says how to list those that are', () => {
  expect(() => RunStore.open(freshFile(), { readonly: true })).toThrow(
    expect.objectContaining({ code: 'unknown-run', exit: 2 }),
  )
})

test('a reader cannot write', () => {
  const file = freshFile()
  RunStore.open(file).close()
  const reader = RunStore.open(file, { readonly: true })
  expect(() => reader.append(warning)).toThrow(expect.objectContaining({ code: 'store-readonly' }))
})

test('refuses a file of a newer Whetstone and leaves it as it was', () => {
  const file = freshFile()
  RunStore.open(file).close()
  const database = new Database(file)
  database.exec("UPDATE whet_meta SET value = '2' WHERE name = 'format'")
  for (const readonly of [false, true])
    expect(() => RunStore.open(file, { readonly })).toThrow(
      expect.objectContaining({ code: 'newer-workspace', exit: 4 }),
    )
  expect(database.prepare('SELECT value FROM whet_meta').get()).toEqual({ value: '2' })
})

test('a file that is no database is told as one', () => {
  const file = freshFile()
  writeFileSync(file, 'this is a text, and a long one, so that it cannot be mistaken for an empty database'.repeat(20))
  expect(() => RunStore.open(file)).toThrow(expect.objectContaining({ code: 'store-broken', fixedBy: 'machine' }))
})

test('a database that may not grow is told as a full disk, and keeps what it has', () => {
  const file = freshFile()
  const store = RunStore.open(file)
  store.append(warning)
  const connection = (store as unknown as { connection: Database.Database }).connection
  connection.pragma(`max_page_count = ${connection.pragma('page_count', { simple: true })}`)
  const long = { ...warning, data: { code: 'w', message: 'x'.repeat(100_000) } }
  expect(() => store.append(long)).toThrow(expect.objectContaining({ code: 'disk-full', fixedBy: 'machine' }))
  expect(store.append(warning).seq).toBe(2)
})

test('an owner whose number another process uses now is gone', () => {
  const file = freshFile()
  const store = RunStore.open(file)
  store.acquire({ pid: process.pid, host: hostname() })
  const connection = (store as unknown as { connection: Database.Database }).connection
  const { started } = connection.prepare('SELECT started FROM whet_lease').get() as { started: string | null }
  connection.prepare('UPDATE whet_lease SET started = ?').run('another-boot:1')
  const tells = started !== null // only Linux says when a process began
  expect(store.leaseHolder()).toMatchObject({ alive: !tells })
})
