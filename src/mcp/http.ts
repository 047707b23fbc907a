import { randomUUID } from 'node:crypto'
import { WebStandardStreamableHTTPServerTransport as Transport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { Hono } from 'hono'
import type { Host } from '../commands/remote.ts'
import { type Access, knownHost, limitedBody, longestBody, refuse, withToken } from '../web/guard.ts'
import { mcpServer } from './server.ts'

/** Clients at once; the one that has been silent for longest makes room. */
const mostSessions = 64

/** MCP over streamable HTTP at `/mcp`. Every client has a session of its own; what they see is the same. */
export const mcpApp = (host: Host, version: string, access: Access): Hono => {
  const sessions = new Map<string, Transport>()
  const app = new Hono()
  app.use(knownHost(access), withToken(access), limitedBody())
  app.all('/mcp', async (context) => {
    const id = context.req.header('mcp-session-id')
    const known = id === undefined ? undefined : sessions.get(id)
    if (id !== undefined && !known)
      return refuse(context, 404, 'session-gone', 'This session is not known here any more. Initialize a new one.')
    if (id !== undefined && known) {
      sessions.delete(id)
      sessions.set(id, known)
    }
    return (known ?? (await open(host, version, sessions))).handleRequest(context.req.raw)
  })
  app.notFound((context) => refuse(context, 404, 'unknown-address', 'MCP is at /mcp.'))
  return app
}

const open = async (host: Host, version: string, sessions: Map<string, Transport>): Promise<Transport> => {
  const transport: Transport = new Transport({
    sessionIdGenerator: randomUUID,
    maxRequestBodySize: longestBody,
    onsessioninitialized: (id) => {
      sessions.set(id, transport)
      for (const [oldest, each] of sessions) {
        if (sessions.size <= mostSessions) break
        sessions.delete(oldest)
        void each.close()
      }
    },
    onsessionclosed: (id) => {
      sessions.delete(id)
    },
  })
  await mcpServer(host, version).connect(transport)
  return transport
}
