import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { expect, onTestFinished, test } from 'vitest'
import { hostOf } from '../src/commands/host.ts'
import { RunStore } from '../src/core/store.ts'
import { mcpApp } from '../src/mcp/http.ts'
import { listen } from '../src/web/listen.ts'
import { folder, makeRun } from './cli-fixture.ts'
import { rawRequest } from './support/raw-request.ts'
import { endProcess } from './support/scripted-launch.ts'

const script = fileURLToPath(new URL('support/scripted-mcp.ts', import.meta.url))
const argv = ['--import', 'tsx', script]

/** `whet mcp` in a process of its own, spoken to by the official client. */
const stdioClient = async (dir: string, client = new Client({ name: 'test', version: '1' })) => {
  const transport = new StdioClientTransport({ command: process.execPath, args: [...argv, dir], stderr: 'ignore' })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return client
}

const token = 'a-token-of-the-test'
const serveHttp = async (dir: string) => {
  let port = 0
  const app = mcpApp(hostOf(dir, '.whetstone'), '1', { token, hosts: ['127.0.0.1'], port: () => port })
  const listening = await listen(app, { port: 0, host: '127.0.0.1' })
  port = listening.port
  onTestFinished(() => listening.close())
  return new URL(`http://127.0.0.1:${port}/mcp`)
}

const httpClient = async (url: URL) => {
  const client = new Client({ name: 'reader', version: '1' })
  await client.connect(
    new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  )
  onTestFinished(() => client.close())
  return client
}

const call = async (client: Client, name: string, args: Record<string, unknown> = {}) => {
  const { content, isError } = await client.callTool({ name, arguments: args })
  const text = (content as { text: string }[])[0]!.text
  return { isError: isError === true, value: JSON.parse(text) }
}

/** The answer of a call that has to work. */
const ask = async (client: Client, name: string, args: Record<string, unknown> = {}) => {
  const { isError, value } = await call(client, name, args)
  expect(isError ? value : undefined).toBeUndefined()
  return value
}

interface Asked {
  readonly confirm: { token: string; forecast?: { minutes?: number; rows?: number } }
}

test('a client drives a whole run: init, plan, start, wait, approve, report, while a second one reads', async () => {
  const dir = await folder()
  const [driver, reader] = [await stdioClient(dir), await httpClient(await serveHttp(dir))]
  expect(await ask(driver, 'init', { skill: 'tool-calling' })).toMatchObject({
    skill: 'tool-calling',
  })
  const args = {
    set: [
      'evaluation.dev=12',
      'evaluation.gate=24',
      'evaluation.sealed=12',
      'loop.rounds=1',
      'loop.rows=20',
      'approve=before-train',
    ],
  }
  expect(await ask(driver, 'run', { ...args, plan: true })).toMatchObject({ rounds: 1, rows: 20 })
  const asked = (await ask(driver, 'run', args)) as Asked
  expect(asked.confirm.forecast?.rows).toBe(20)
  const started = await ask(driver, 'run', { ...args, confirm_token: asked.confirm.token })
  const { run, pid } = started as { run: string; pid: number }
  onTestFinished(() => endProcess(pid))

  const follow = async (client: Client, until: (seen: { waiting?: string; status: string }) => boolean) => {
    const seqs: number[] = []
    for (let since = 0; ; ) {
      const value = await ask(client, 'wait_for_change', { run, since, max_seconds: 5, progress: true })
      seqs.push(...value.events.map(({ seq }: { seq: number }) => seq))
      since = value.cursor
      expect(value.status, JSON.stringify(value.events)).not.toBe('failed')
      if (until(value)) return seqs
    }
  }
  await follow(driver, ({ waiting }) => waiting !== undefined)
  const question = (await ask(driver, 'approve', { run })) as Asked
  const reading = follow(reader, ({ status }) => status === 'finished')
  const approved = await ask(driver, 'approve', { run, confirm_token: question.confirm.token })
  expect(approved.answer).toBe('approve')
  const seqs = await reading
  expect(seqs).toEqual(seqs.map((_, at) => at + 1))
  expect((await ask(driver, 'report', { run })).text).toContain(run)
  const resources = (await reader.listResources()).resources.map(({ uri }) => uri)
  expect(resources).toContain(`whet://runs/${run}/report`)
  const { contents } = await reader.readResource({ uri: `whet://runs/${run}/report` })
  expect((contents[0] as { text: string }).text).toContain('gate')
}, 60_000)

test('tools come from the registry with hints, and none of them names an executable, a plugin or a host', async () => {
  const { tools } = await (await httpClient(await serveHttp(await folder()))).listTools()
  const byName = new Map(tools.map((tool) => [tool.name, tool]))
  expect(byName.get('status')?.annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false })
  expect(byName.get('clean')?.annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true })
  for (const closed of ['doctor', 'trust', 'mcp', 'web', 'chat', 'watch']) expect(byName.has(closed)).toBe(false)
  const fields = tools.flatMap(({ inputSchema }) => Object.keys(inputSchema.properties ?? {}))
  for (const closed of ['mcp', 'workspace', 'force', 'url', 'name']) expect(fields).not.toContain(closed)
})

test('prompts answer a client that knows nothing else', async () => {
  const client = await httpClient(await serveHttp(await folder()))
  expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['review_round', 'write_phrase_pack'])
  const { messages } = await client.getPrompt({ name: 'write_phrase_pack', arguments: { about: 'a calendar' } })
  expect(JSON.stringify(messages)).toContain('slot')
  expect(client.getInstructions()).toContain('wait_for_change')
})

test('resources come in pages', async () => {
  const dir = await folder()
  for (let n = 0; n < 45; n += 1) await makeRun(dir, `run-${n}`, [])
  const client = await httpClient(await serveHttp(dir))
  const first = await client.listResources()
  const second = await client.listResources({ cursor: first.nextCursor! })
  expect([first.resources.length, second.resources.length, second.nextCursor]).toEqual([120, 15, undefined])
  await expect(client.listResources({ cursor: 'made-up' })).rejects.toThrow('bad-cursor')
})

test('a client that can ask its person confirms through the person', async () => {
  const dir = await folder()
  await makeRun(
    dir,
    'four',
    [0, 1, 1, 1].map((best) => ({ call: 2, ask: 2, best })),
  )
  const client = new Client({ name: 'asks', version: '1' }, { capabilities: { elicitation: {} } })
  let answer: 'accept' | 'decline' = 'decline'
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: answer, content: { proceed: true } }))
  await stdioClient(dir, client)
  expect((await call(client, 'clean')).value).toMatchObject({ declined: true })
  answer = 'accept'
  expect((await call(client, 'clean')).value).toMatchObject({ dry: false, kept: [{ run: 'four' }] })
})

test.each([
  ['../../etc/passwd', 'bad-run-name'],
  ['four/../four', 'bad-run-name'],
  ['nowhere', 'unknown-run'],
])('the run %s is refused', async (run, code) => {
  const dir = await folder()
  await makeRun(dir, 'four', [])
  const said = await call(await httpClient(await serveHttp(dir)), 'status', { run })
  expect([said.isError, said.value.error.code]).toEqual([true, code])
})

test('a cursor from the future and an item that is none are refused', async () => {
  const dir = await folder()
  await makeRun(dir, 'four', [{ call: 1, ask: 1, best: 0 }])
  const client = await httpClient(await serveHttp(dir))
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

test('whoever waits hears how far a stage is, and gets the next event that is no progress', async () => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', [])
  const store = RunStore.open(files.database)
  const client = await httpClient(await serveHttp(dir))
  const place = { run: 'four', round: 1, stage: 'train' }
  const asked = { name: 'wait_for_change', arguments: { run: 'four', since: store.lastSeq(), max_seconds: 30 } }
  let hear = (_: string | undefined) => {}
  const heard = new Promise<string | undefined>((resolve) => (hear = resolve))
  const waiting = client.callTool(asked, undefined, { onprogress: ({ message }) => hear(message) })
  const speed = { tokens: 1, tokensPerSecond: 1, etaSeconds: 1 }
  store.append({ ...place, type: 'train.step', data: { step: 1, of: 8, loss: 2, ...speed } })
  expect(await heard).toBe('round 1, train: step 1 of 8, loss 2.000')
  store.append({ ...place, type: 'warning', data: { code: 'x', message: 'y' } })
  expect(await waiting).toMatchObject({ structuredContent: { events: [{ type: 'warning' }] } })
  store.close()
})

test('whoever waits for a run that is deleted is told', async () => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', [])
  const client = await httpClient(await serveHttp(dir))
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
