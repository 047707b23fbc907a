import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { messageOf, WhetError } from '../../skill.ts'
import { resolveCommand } from './command.ts'
import { cleanTool } from './schema.ts'
import { type Catalogue, type NamedTool, usable } from './tool-forms.ts'

export interface ServerOptions {
  readonly command: readonly string[]
  readonly timeoutSeconds: number // of the start and of each request
}

/** A server that somebody else runs, over streamable HTTP. It is only asked for its tools: nothing says that it may be changed. */
export interface RemoteServer {
  readonly url: string
  readonly timeoutSeconds: number
}

export interface ToolServer {
  readonly client: Client
  alive(): boolean
  stderr(): string // its last lines
  close(): Promise<void>
}

const stderrLines = 20
const stderrCharacters = 20_000

/**
 * Starts an MCP server over stdio with `cwd` as its working folder and shakes hands with it.
 * @throws {WhetError} tool-server-failed with the last lines it wrote to stderr
 */
export const startServer = async ({ command, timeoutSeconds }: ServerOptions, cwd: string): Promise<ToolServer> => {
  // loaded here: most commands never talk to a server, and start faster without the SDK
  const [{ Client }, { StdioClientTransport }] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/client/stdio.js'),
  ])
  const [program = '', ...args] = resolveCommand(command)
  const transport = new StdioClientTransport({ command: program, args, cwd, stderr: 'pipe' })
  let stderr = ''
  let alive = true
  transport.stderr?.on('data', (chunk) => {
    stderr = (stderr + String(chunk)).slice(-stderrCharacters)
  })
  const client = new Client({ name: 'whetstone', version: '0.1.0' })
  client.onclose = () => {
    alive = false
  }
  // a server that writes rubbish to stdout is heard of through the request that it never answers
  client.onerror = () => {}
  const tail = () => stderr.trimEnd().split('\n').slice(-stderrLines).join('\n')
  try {
    await client.connect(transport, { timeout: timeoutSeconds * 1000 })
  } catch (cause) {
    await client.close().catch(() => {})
    throw serverFailed(command, `did not start (${messageOf(cause)})`, tail(), cause)
  }
  return { client, alive: () => alive, stderr: tail, close: () => client.close().catch(() => {}) }
}

/**
 * Shakes hands with a server over streamable HTTP.
 * @throws {WhetError} tool-server-failed; an address is named without what may be secret in it
 */
export const connectServer = async ({ url, timeoutSeconds }: RemoteServer): Promise<ToolServer> => {
  const [{ Client }, { StreamableHTTPClientTransport }] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
  ])
  const client = new Client({ name: 'whetstone', version: '0.1.0' })
  let alive = true
  client.onclose = () => {
    alive = false
  }
  client.onerror = () => {}
  try {
    const { address, headers } = withoutPassword(url)
    const transport = new StreamableHTTPClientTransport(address, { requestInit: { headers } })
    await client.connect(transport as Parameters<typeof client.connect>[0], { timeout: timeoutSeconds * 1000 })
  } catch (cause) {
    await client.close().catch(() => {})
    throw serverFailed([nameOf(url)], `did not answer (${messageOf(cause)})`, '', cause)
  }
  return { client, alive: () => alive, stderr: () => '', close: () => client.close().catch(() => {}) }
}

/** `fetch` refuses an address with a password, and says it aloud: the password goes where it belongs. */
const withoutPassword = (url: string) => {
  const address = new URL(url)
  const { username, password } = address
  address.username = ''
  address.password = ''
  const known = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const headers = username === '' ? {} : { authorization: `Basic ${Buffer.from(known).toString('base64')}` }
  return { address, headers: headers as Record<string, string> }
}

/** Host and path: a password or a key in the query is nobody's business. */
export const nameOf = (url: string): string => {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

export const serverFailed = (command: readonly string[], what: string, stderr: string, cause?: unknown) =>
  new WhetError({
    code: 'tool-server-failed',
    message: `The tool server \`${command.join(' ')}\` ${what}.${stderr ? ` It said: ${stderr}` : ''} Run the command by hand to see why, and mend options.tools.mcp.command.`,
    fixedBy: 'config',
    exit: 1,
    data: { command, stderr },
    cause,
  })

/**
 * All tools that a server offers, page by page.
 * @throws {WhetError} tool-server-failed · bad-tool-schema · duplicate-tool · empty-catalogue
 */
export const listTools = async (server: ToolServer, options: ServerOptions): Promise<Catalogue> => {
  const tools: NamedTool[] = []
  let cursor: string | undefined
  const seen = new Set<string>()
  do {
    const page = await server.client
      .listTools(cursor === undefined ? {} : { cursor }, { timeout: options.timeoutSeconds * 1000 })
      .catch((cause: unknown) => {
        throw serverFailed(options.command, `did not list its tools (${messageOf(cause)})`, server.stderr(), cause)
      })
    for (const { name, description = '', inputSchema } of page.tools)
      tools.push({ name, clean: () => cleanTool(name, description, inputSchema) })
    cursor = page.nextCursor
    // a server that hands out the same page for ever is broken, not large
    if (cursor !== undefined && seen.has(cursor))
      throw serverFailed(options.command, 'repeats a page of its tools', server.stderr())
    if (cursor !== undefined) seen.add(cursor)
  } while (cursor !== undefined)
  return usable(tools, `The tool server \`${options.command.join(' ')}\``)
}
