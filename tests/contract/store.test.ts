import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { RunStore } from '../../src/core/store.ts'
import { storeContract } from './store.ts'

storeContract('run.sqlite', (file) => RunStore.open(file))

const worker = join(import.meta.dirname, 'store-worker.ts')
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Another process on the same file; `go` lets it work. */
const start = async (...args: string[]) => {
  const child = spawn(process.execPath, ['--import', 'tsx', worker, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const line = async () => (await lines.next()).value as string | undefined
  expect(await line()).toBe('ready')
  const exit = once(child, 'exit')
  return { child, line, go: () => child.stdin!.write('go\n'), ended: async () => expect((await exit)[0]).toBe(0), exit }
}

const freshFile = () => join(mkdtempSync(join(tmpdir(), 'whet-store-')), 'run.sqlite')

describe('several processes share run.sqlite', () => {
  test('two that append at once leave no hole and lose nothing', async () => {
    const file = freshFile()
    const workers = await Promise.all([start('append', file, '200'), start('append', file, '200')])
    for (const { go } of workers) go()
    await Promise.all(workers.map(({ ended }) => ended()))
    const events = RunStore.open(file, { readonly: true }).events()
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
    expect(new Set(events.map(({ data }) => JSON.stringify(data))).size).toBe(400)
  })

  test('two that take orders at once take each exactly once', async () => {
    const file = freshFile()
    const store = RunStore.open(file)
    const given = Array.from({ length: 100 }, (_, index) => store.order('guide', { index }, 'test').id)
    const workers = await Promise.all([start('take', file), start('take', file)])
    for (const { go } of workers) go()
    const taken = await Promise.all(workers.map(async ({ line }) => JSON.parse((await line()) ?? '') as string[]))
    expect(taken.flat().sort()).toEqual([...given].sort())
    expect(store.events().map(({ data }) => (data as { id: string }).id)).toHaveLength(100)
  })

  test('an owner that was killed is replaced at once, and its events stay', async () => {
    const file = freshFile()
    const owner = await start('own', file)
    owner.go()
    expect(await owner.line()).toBe('owned')
    const store = RunStore.open(file)
    expect(() => store.acquire({ pid: process.pid, host: hostname() })).toThrow(
      expect.objectContaining({ code: 'run-owned' }),
    )

    owner.child.kill('SIGKILL')
    await owner.exit
    expect(store.leaseHolder()).toMatchObject({ pid: owner.child.pid, alive: false })
    expect(store.acquire({ pid: process.pid, host: hostname() }).tookOver).toMatchObject({ pid: owner.child.pid })
    expect(store.events()).toMatchObject([{ seq: 1, type: 'run.resumed' }])
  })

  test('a reader needs no writer: it reads what a killed process left', async () => {
    const file = freshFile()
    const owner = await start('own', file)
    owner.go()
    await owner.line()
    owner.child.kill('SIGKILL')
    await owner.exit
    expect(RunStore.open(file, { readonly: true }).events()).toHaveLength(1)
  })
})
