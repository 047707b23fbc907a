import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { folder, makeRun } from './cli-fixture.ts'
import { argv, call, nearClient, serveHttp, token } from './support/mcp-client.ts'
import { rawRequest } from './support/raw-request.ts'

test.each([
  ['../../etc/passwd', 'bad-run-name'],
  ['four/../four', 'bad-run-name'],
  ['nowhere', 'unknown-run'],
])('the run %s is refused', async (run, code) => {
  const dir = await folder()
  await makeRun(dir, 'four', [])
  const said = await call(await nearClient(dir), 'status', { run })
  expect([said.isError, said.value.error.code]).toEqual([true, code])
})

test('a cursor from the future and an item that is none are refused', async () => {
  const dir = await folder()
  await makeRun(dir, 'four', [{ call: 1, ask: 1, best: 0 }])
  const client = await nearClient(dir)
  expect((await call(client, 'wait_for_change', { run: 'four', since: 999 })).value.error.code).toBe('cursor-ahead')
  expect((await call(client, 'show_item', { run: 'four', item: '../../run.sqlite' })).value.error.code).toBe(
    'unknown-item',
  )
  await expect(client.readResource({ uri: 'whet://runs/..%2F..%2Fetc/report' })).rejects.toThrow('bad-run-name')
  await expect(client.readResource({ uri: 'file:///etc/passwd' })).rejects.toThrow('unknown-resource')
})

test.each([
  [{}, 401, 'token-missing'],
  [{ authorization: 'Bearer wrong' }, 401, 'token-wrong'],
  [{ authorization: `Bearer ${token}`, origin: 'https://evil.example' }, 403, 'foreign-origin'],
])('over HTTP, headers %o are refused with %i', async (headers, status, code) => {
  const response = await fetch(await serveHttp(await folder()), {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: '{}',
  })
  expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([status, code])
})

test.each([
  ['a name bound to this address', { host: 'evil.example' }, 403, 'foreign-host'],
  ['a body that says that it has 1 GB', { 'content-length': '1073741824' }, 413, 'body-too-large'],
])('over HTTP, %s is refused', async (_what, headers, status, code) => {
  const { port, pathname } = await serveHttp(await folder())
  const authorization = `Bearer ${token}`
  const asked = { path: pathname, method: 'POST', headers: { authorization, ...headers } as Record<string, string> }
  expect(await rawRequest(Number(port), asked)).toEqual({ status, code })
})

test('whoever waits for a run that is deleted is told', async () => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', [])
  const client = await nearClient(dir)
  await rm(files.database)
  expect((await call(client, 'wait_for_change', { run: 'four' })).value.error.code).toBe('run-gone')
})

test.each(['{"jsonrpc":"2.0","id":1,', '[]', '{"hello":1}', '{"jsonrpc":"1.0","method":"initialize"}'])(
  'over HTTP, the malformed message %s is refused',
  async (body) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    const response = await fetch(await serveHttp(await folder()), { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(await response.text()).toMatch(/"code":-32\d{3}/)
  },
)

test('over stdio, nothing but protocol is on stdout, and malformed lines end nothing', async () => {
  const child = spawn(process.execPath, [...argv, await folder()], { stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill())
  let stdout = ''
  const answered = new Promise<void>((resolve) =>
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      if (stdout.includes('"id":2')) resolve()
    }),
  )
  const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
  for (const line of [
    '{ not json',
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: hello }),
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
    '{"jsonrpc":"2.0","id":"x","method":7}',
    JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'runs', arguments: {} } }),
  ])
    child.stdin.write(`${line}\n`)
  await answered
  child.stdin.end()
  const code = await new Promise((resolve) => child.on('exit', resolve))
  for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
  expect(code).toBe(0)
})
