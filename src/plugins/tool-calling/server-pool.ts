import { messageOf, WhetError } from '../../skill.ts'
import type { ToolAnswer } from './effect.ts'
import { type ServerOptions, serverFailed, startServer, type ToolServer } from './mcp.ts'
import { isObject } from './schema.ts'

/** A server with no episode for so long is stopped, so that a finished command does not wait for it. */
const idleMs = 1_500
const maxAnswerCharacters = 20_000

/** One running server of one worker: its working folder is the sandbox, and it goes from episode to episode. */
export class SandboxServer {
  private server: ToolServer | undefined
  private idle: NodeJS.Timeout | undefined

  private constructor(
    private readonly options: ServerOptions,
    private readonly folder: string,
  ) {}

  private static readonly byFolder = new Map<string, SandboxServer>()

  /** The server of a folder; started by its first call. */
  static of(options: ServerOptions, folder: string): SandboxServer {
    const key = JSON.stringify([options.command, folder])
    const known = SandboxServer.byFolder.get(key) ?? new SandboxServer(options, folder)
    SandboxServer.byFolder.set(key, known)
    clearTimeout(known.idle)
    return known
  }

  /**
   * Executes a call. What the tool says is the answer, errors and time-outs included; a server that died is started
   * again once for each call. @throws {WhetError} tool-server-failed · tool-server-died
   */
  async call(name: string, args: unknown, signal: AbortSignal): Promise<ToolAnswer> {
    if (!isObject(args)) return { content: 'The arguments are not an object.', isError: true }
    for (let deaths = 0; ; deaths += 1) {
      const server = await this.running()
      try {
        return answerOf(await server.client.callTool({ name, arguments: args }, undefined, this.limits(signal)))
      } catch (error) {
        signal.throwIfAborted()
        if (server.alive() && isTimeout(error)) {
          // what it is busy with must not reach into the next episode
          await this.stop()
          return { content: `The tool did not answer within ${this.options.timeoutSeconds} s.`, isError: true }
        }
        if (server.alive()) return { content: messageOf(error).slice(0, maxAnswerCharacters), isError: true }
        if (deaths > 0) throw this.died(server, error)
      }
    }
  }

  /** Stops every server of this process. */
  static async stopAll(): Promise<void> {
    const servers = [...SandboxServer.byFolder.values()]
    SandboxServer.byFolder.clear()
    await Promise.all(servers.map((server) => server.stop()))
  }

  /** To be called after each episode. */
  release(): void {
    clearTimeout(this.idle)
    this.idle = setTimeout(() => void this.stop(), idleMs)
  }

  async stop(): Promise<void> {
    clearTimeout(this.idle)
    const { server } = this
    this.server = undefined
    await server?.close()
  }

  private async running(): Promise<ToolServer> {
    if (!this.server?.alive()) this.server = await startServer(this.options, this.folder)
    return this.server
  }

  private limits(signal: AbortSignal) {
    // a signal of its own: the SDK leaves its listener behind, and the run's signal lives long
    return { timeout: this.options.timeoutSeconds * 1000, signal: AbortSignal.any([signal]) }
  }

  private died(server: ToolServer, cause: unknown): WhetError {
    const failed = serverFailed(this.options.command, 'died twice during one call', server.stderr(), cause)
    return new WhetError({
      code: 'tool-server-died',
      message: failed.message,
      fixedBy: 'service',
      data: failed.data,
      cause,
    })
  }
}

/** JSON-RPC code of the SDK for a request that was not answered in time. */
const timeoutCode = -32001
const isTimeout = (error: unknown): boolean => (error as { code?: unknown }).code === timeoutCode

const answerOf = (result: unknown): ToolAnswer => {
  const { content, isError } = result as { content?: unknown; isError?: unknown }
  const blocks = Array.isArray(content) ? content : []
  return { content: blocks.map(textOfBlock).join('\n').slice(0, maxAnswerCharacters), isError: isError === true }
}

const textOfBlock = (block: Record<string, unknown>): string => {
  if (block.type === 'text') return String(block.text)
  if (block.type === 'resource') return JSON.stringify(block.resource)
  return `[${block.type} ${block.mimeType ?? ''}] ${String(block.data ?? '')}`
}
