/** Runs as resources: report, status, events and dev items, by address. */
import type { Resource, ResourceTemplate, TextResourceContents } from '@modelcontextprotocol/sdk/types.js'
import { fitting, readEvents } from '../commands/changes.ts'
import { type Host, perform } from '../commands/remote.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { runStatus } from '../graph/status.ts'

const pageSize = 40
const mostEvents = 500
const longestResource = 400_000

export const resourceTemplates: readonly ResourceTemplate[] = [
  {
    name: 'report',
    uriTemplate: 'whet://runs/{run}/report',
    mimeType: 'text/markdown',
    description: 'the evidence of a run',
  },
  {
    name: 'status',
    uriTemplate: 'whet://runs/{run}/status',
    mimeType: 'application/json',
    description: 'where a run stands',
  },
  {
    name: 'events',
    uriTemplate: 'whet://runs/{run}/events/{since}',
    mimeType: 'application/json',
    description: `at most ${mostEvents} events after a number`,
  },
  {
    name: 'item',
    uriTemplate: 'whet://runs/{run}/items/{item}',
    mimeType: 'application/json',
    description: 'a dev item with every reply to it',
  },
]

/** A page of what can be read: report, status and events of each run, the newest run first. @param cursor as the last page gave it */
export const listResources = async (
  host: Host,
  cursor?: string,
): Promise<{ resources: Resource[]; nextCursor?: string }> => {
  const runs = (await host.workspace.runs()).reverse()
  const from = cursor === undefined ? 0 : offsetOf(cursor)
  const resources = runs.slice(from, from + pageSize).flatMap((run): Resource[] => [
    { name: `report of ${run}`, uri: `whet://runs/${run}/report`, mimeType: 'text/markdown' },
    { name: `status of ${run}`, uri: `whet://runs/${run}/status`, mimeType: 'application/json' },
    { name: `events of ${run}`, uri: `whet://runs/${run}/events/0`, mimeType: 'application/json' },
  ])
  return { resources, ...(from + pageSize < runs.length && { nextCursor: `after-${from + pageSize}` }) }
}

const offsetOf = (cursor: string): number => {
  const offset = /^after-(\d{1,9})$/.exec(cursor)?.[1]
  if (offset !== undefined) return Number(offset)
  throw new WhetError({
    code: 'bad-cursor',
    message: 'This cursor was not made by this server. List again without one.',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
}

/** @throws {WhetError} unknown-resource · unknown-run · bad-run-name · unknown-item · cursor-ahead */
export const readResource = async (host: Host, uri: string, signal: AbortSignal): Promise<TextResourceContents> => {
  const match = /^whet:\/\/runs\/([^/]+)\/(report|status|events|items)(?:\/(.+))?$/.exec(uri)
  if (!match) throw unknownResource(uri)
  const [, name = '', kind, rest] = match
  const files = await host.workspace.find(decode(name))
  const ask = async (command: string, args: object) => {
    const answer = await perform(host, { name: command, args, by: 'mcp', signal })
    return answer.kind === 'done' ? answer.output : undefined
  }
  if (kind === 'report') {
    const { text } = (await ask('report', { run: files.name, format: 'md' })) as { text?: string }
    return { uri, mimeType: 'text/markdown', text: cutText(text ?? '') }
  }
  if (kind === 'status') return json(uri, await runStatus(host.workspace, files.name))
  if (kind === 'events') {
    const since = Number(rest ?? 0)
    if (!Number.isInteger(since) || since < 0) throw unknownResource(uri)
    const events = fitting(readEvents(files, since, mostEvents), longestResource / 2) // indented further in the answer
    return json(uri, { events, cursor: events.at(-1)?.seq ?? since })
  }
  if (rest === undefined) throw unknownResource(uri)
  return json(uri, await ask('show item', { run: files.name, item: decode(rest) }))
}

const json = (uri: string, value: unknown): TextResourceContents => {
  const text = JSON.stringify(value, undefined, 1)
  // half of what is allowed: quotes in quotes take two characters
  const cut = () => JSON.stringify({ cut: `${text.length} characters`, beginning: text.slice(0, longestResource / 2) })
  return { uri, mimeType: 'application/json', text: text.length <= longestResource ? text : cut() }
}

const cutText = (text: string): string =>
  text.length <= longestResource
    ? text
    : `${text.slice(0, longestResource)}\n… cut: it has ${text.length} characters. \`whet report --format html\` writes all of it.`

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw unknownResource(text)
  }
}

const unknownResource = (uri: string) =>
  new WhetError({
    code: 'unknown-resource',
    message: `There is no resource ${JSON.stringify(uri.slice(0, 200))}. Addresses look like whet://runs/RUN/report; the templates list them.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
