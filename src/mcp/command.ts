import { createRequire } from 'node:module'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { z } from 'zod'
import { defineCommand } from '../commands/command.ts'
import { accessToken, hostOf } from '../commands/host.ts'
import { workspaceField, workspaceOf } from '../commands/inputs.ts'
import type { Host } from '../commands/remote.ts'
import { messageOf } from '../core/errors.ts'
import { mcpServer } from './server.ts'

const input = z.strictObject({
  http: z.boolean().default(false).describe('serve over HTTP on this machine instead of stdin and stdout'),
  port: z.int().min(0).max(65535).default(7878).describe('of --http; 0 finds a free one'),
  workspace: workspaceField,
})

export const command = defineCommand<typeof input, null>({
  input,
  async run(input, context) {
    const host = hostOf(context.cwd, workspaceOf(input, context))
    if (input.http) await serveHttp(host, input.port, context.signal, context.note)
    else await serveStdio(host, context.signal, context.note)
    return null
  },
  render: () => '',
})

export const version = (createRequire(import.meta.url)('../../package.json') as { version: string }).version

/** Speaks with one client over stdin and stdout until it leaves. Nothing else may write to stdout. */
export const serveStdio = async (host: Host, signal: AbortSignal, note: (line: string) => void): Promise<void> => {
  console.log = console.info = console.debug = console.error
  const server = mcpServer(host, version)
  server.onerror = (error) =>
    note(`A message of the client could not be read, and was left out: ${messageOf(error).split('\n')[0]}`)
  const left = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve).once('close', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    server.onclose = resolve
  })
  await server.connect(new StdioServerTransport())
  await left
  await server.close()
}

const serveHttp = async (
  host: Host,
  port: number,
  signal: AbortSignal,
  note: (line: string) => void,
): Promise<void> => {
  const [{ mcpApp }, { listen }, { loopback }] = await Promise.all([
    import('./http.ts'),
    import('../web/listen.ts'),
    import('../web/guard.ts'),
  ])
  let taken = port
  const token = await accessToken(host.workspace)
  const listening = await listen(mcpApp(host, version, { token, hosts: loopback, port: () => taken }), {
    port,
    host: '127.0.0.1',
  })
  taken = listening.port
  note(`MCP at http://127.0.0.1:${taken}/mcp · bearer token: ${token}`)
  note('Ctrl-C ends it; runs go on.')
  await new Promise<void>((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  await listening.close()
}
