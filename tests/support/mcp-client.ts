import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { expect, onTestFinished } from 'vitest'
import { hostOf } from '../../src/commands/host.ts'
import { mcpApp } from '../../src/mcp/http.ts'
import { mcpServer } from '../../src/mcp/server.ts'
import { listen } from '../../src/web/listen.ts'

const script = fileURLToPath(new URL('scripted-mcp.ts', import.meta.url))
export const argv = ['--import', 'tsx', script]

/** `whet mcp` in a process of its own, spoken to by the official client. */
export const stdioClient = async (dir: string, client = new Client({ name: 'test', version: '1' })) => {
  const transport = new StdioClientTransport({ command: process.execPath, args: [...argv, dir], stderr: 'ignore' })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return client
}

export const token = 'a-token-of-the-test'
export const serveHttp = async (dir: string) => {
  let port = 0
  const app = mcpApp(hostOf(dir, '.whetstone'), '1', { token, hosts: ['127.0.0.1'], port: () => port })
  const listening = await listen(app, { port: 0, host: '127.0.0.1' })
  port = listening.port
  onTestFinished(() => listening.close())
  return new URL(`http://127.0.0.1:${port}/mcp`)
}

export const httpClient = async (url: URL) => {
  const client = new Client({ name: 'reader', version: '1' })
  await client.connect(
    new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  )
  onTestFinished(() => client.close())
  return client
}

export const call = async (client: Client, name: string, args: Record<string, unknown> = {}) => {
  const { content, isError } = await client.callTool({ name, arguments: args })
  const text = (content as { text: string }[])[0]!.text
  return { isError: isError === true, value: JSON.parse(text) }
}

/** The answer of a call that has to work. */
export const ask = async (client: Client, name: string, args: Record<string, unknown> = {}) => {
  const { isError, value } = await call(client, name, args)
  expect(isError ? value : undefined).toBeUndefined()
  return value
}

/** A client beside its server in this process: for claims that no transport matters to. */
export const nearClient = async (dir: string, client = new Client({ name: 'near', version: '1' })) => {
  const [here, there] = InMemoryTransport.createLinkedPair()
  const server = mcpServer(hostOf(dir, '.whetstone'), '1')
  await server.connect(there)
  await client.connect(here)
  onTestFinished(async () => {
    await client.close()
    await server.close()
  })
  return client
}
