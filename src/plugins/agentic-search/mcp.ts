import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import type { Searcher } from './corpus/searcher.ts'
import { SearchSession, type SessionLimits } from './session.ts'
import { tools } from './tools.ts'

/** For an assistant with room: longer readings than a small student gets. */
const limits: SessionLimits = { results: 8, snippetChars: 240, readChars: 6000, totalChars: Number.POSITIVE_INFINITY }

/** The environment's tools over MCP. @returns when the client has gone away or `signal` aborts */
export const serveMcp = async (searcher: Searcher, transport: Transport, signal: AbortSignal): Promise<void> => {
  const server = new Server({ name: 'whetstone-search', version: '1' }, { capabilities: { tools: {} } })
  const session = new SearchSession(searcher, limits)
  server.setRequestHandler(ListToolsRequestSchema, async () => ({
    tools: tools.map(({ name, description, parameters }) => ({
      name,
      description,
      inputSchema: parameters as { type: 'object' },
    })),
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const { content, isError } = await session.call(params.name, params.arguments ?? {}, signal)
    return { content: [{ type: 'text', text: content }], isError }
  })
  const gone = new Promise<void>((resolve) => {
    server.onclose = resolve
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await server.connect(transport)
  await gone
  await server.close()
}
