import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { RunStore } from '../src/core/store.ts'
import { folder, makeRun } from './cli-fixture.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const tsx = path.join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs')

/** `whet ...` as its own process, as a shell starts it. */
const start = (cwd: string, words: readonly string[]) => {
  const main = path.join(root, 'src', 'cli', 'main.ts')
  return spawn(process.execPath, ['--import', tsx, main, ...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}

const whet = (cwd: string, words: readonly string[]) =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = start(cwd, words)
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => (said.stdout += chunk))
    child.stderr.on('data', (chunk) => (said.stderr += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...said }))
  })

test('a person gets help with exit code 0', async () => {
  const said = await whet(await folder(), ['--help'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  expect(said.stdout).toMatch(/^Usage: whet /)
})

test.each([
  [['runs'], 0],
  [['plugin', 'list'], 0],
  [['rnu'], 2],
  [['run'], 2],
  [['pause'], 4],
] as const)('with --json, %j prints one JSON document on stdout and nothing else', async (words, code) => {
  const dir = await folder()
  await makeRun(dir, 'scripted-20261122-2101-aaaa', [{ call: 2, ask: 1, best: 0 }])
  const said = await whet(dir, [...words, '--json'])
  expect(said.code).toBe(code)
  expect(said.stdout.trimEnd().split('\n')).toHaveLength(1)
  expect(Object.hasOwn(JSON.parse(said.stdout), 'error')).toBe(code !== 0)
})

test('a stream is one JSON document a line', async () => {
  const dir = await folder()
  await makeRun(dir, 'scripted-20261122-2101-aaaa', [{ call: 2, ask: 1, best: 0 }])
  const said = await whet(dir, ['watch', '--json'])
  const events = said.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(said).toMatchObject({ code: 0, stderr: '' })
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
})

test('Ctrl-C ends `watch` with 130 and leaves the run alone', async () => {
  const dir = await folder()
  const { database } = await makeRun(dir, 'owned', [{ call: 2, ask: 1, best: 0 }])
  const store = RunStore.open(database)
  const lease = store.acquire({ pid: process.pid, host: hostname() })
  const child = start(dir, ['watch', '--json'])
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([130, null])
  expect(store.leaseHolder()).toMatchObject({ pid: process.pid, alive: true })
  lease.release()
  store.close()
})
