/** Where a catalogue comes from, as it is told on a command line, in the form of the skill's options. */
import { exitCodes, WhetError } from '../core/errors.ts'
import { wordsOf } from './starter.ts'

export type ToolsOption =
  | { readonly mcp: { readonly command: readonly string[] } | { readonly url: string } }
  | { readonly openapi: string }
  | { readonly file: string }

export interface Told {
  readonly mcp?: string | undefined
  readonly openapi?: string | undefined
  readonly tools?: string | undefined
}

/** @throws {WhetError} bad-input where two sources are told, or an empty one */
export const toolsFrom = ({ mcp, openapi, tools }: Told): ToolsOption | undefined => {
  if ([mcp, openapi, tools].filter((source) => source !== undefined).length > 1)
    throw refuse('Tools come from one of --mcp, --openapi and --tools, not from several.')
  if (openapi !== undefined) return { openapi }
  if (tools !== undefined) return { file: tools }
  return mcp === undefined ? undefined : mcpFrom(mcp)
}

const mcpFrom = (text: string): ToolsOption => {
  if (/^https?:\/\//.test(text.trim())) return { mcp: { url: text.trim() } }
  const command = wordsOf(text)
  if (command.length > 0) return { mcp: { command } }
  throw refuse('--mcp is empty: give the command that starts the server, as in --mcp "npx -y my-server".')
}

const refuse = (message: string) =>
  new WhetError({ code: 'bad-input', message, fixedBy: 'config', exit: exitCodes.usage })
