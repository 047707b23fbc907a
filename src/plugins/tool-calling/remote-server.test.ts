import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { catalogueOfUrl } from './catalog.ts'

const server = createServer()
let url = ''

beforeAll(async () => {
  const mcp = new McpServer({ name: 'remote', version: '1' })
  mcp.registerTool('ping', { description: 'Ping a host', inputSchema: { host: z.string() } }, async () => ({
    content: [],
  }))
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => randomUUID() })
  await mcp.connect(transport as Parameters<typeof mcp.connect>[0])
  server.on('request', (request, response) => void transport.handleRequest(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('a server over streamable HTTP is asked for its tools', async () => {
  const { tools } = await catalogueOfUrl({ url, timeoutSeconds: 10 })
  expect(tools).toMatchObject([{ name: 'ping', description: 'Ping a host', parameters: { required: ['host'] } }])
})

test('an address at which nobody answers is told without its password', async () => {
  const url = 'http://me:secret@127.0.0.1:9/mcp?key=hidden'
  const failure: Error = await catalogueOfUrl({ url, timeoutSeconds: 5 }).then(
    () => new Error('it answered'),
    (error) => error,
  )
  expect(failure).toMatchObject({ code: 'tool-server-failed' })
  expect(failure.message).toContain('127.0.0.1:9/mcp')
  expect(failure.message).not.toMatch(/secret|hidden/)
})
