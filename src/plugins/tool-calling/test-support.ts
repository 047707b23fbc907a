import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AssistantTurn, DefineContext, Grade, Split, Tags, ToolSchema, Transcript } from '../../core/contract.ts'
import { isSingle } from './any-item.ts'
import type { Definition } from './definition.ts'
import { toolCalling } from './index.ts'
import type { ExpectedCall, Item } from './item.ts'
import { isScenario, type Scenario } from './scenarios/scenario.ts'

/** What the tests of this plugin share: the filesystem server's definition, items by hand, and servers that misbehave. */
export const quiet: DefineContext = {
  baseDir: import.meta.dirname,
  signal: new AbortController().signal,
  progress: () => {},
}

export const filesystem = {
  tools: { mcp: { command: ['mcp-server-filesystem', '.'] } },
  packs: ['filesystem'],
  sandbox: { kind: 'folder' },
} as const

export const sixTools = [
  'read_text_file',
  'write_file',
  'create_directory',
  'list_directory',
  'move_file',
  'search_files',
]

/** The definition of a real server's tools, asked of the server itself. */
export const definedLive = (options: object = {}): Promise<Definition> =>
  toolCalling.define(toolCalling.options.parse({ ...filesystem, ...options }), quiet)

/** What the server answers to tools/list; a test holds it against the server. */
export const listed = path.join(import.meta.dirname, '../../../trainers/tests/filesystem.json')

/** The same without starting the server: nothing is executed. */
export const defined = (options: object = {}): Promise<Definition> =>
  toolCalling.define(toolCalling.options.parse({ tools: { file: listed }, packs: filesystem.packs, ...options }), quiet)

export const itemsOf = async (
  definition: Definition,
  split: Split,
  rows: number,
  where: Tags = {},
  seed = 1,
): Promise<Item[]> => {
  const items: Item[] = []
  for await (const item of toolCalling.generate({ seed, split, parts: [{ where, rows }] }, definition, quiet))
    if (isSingle(item)) items.push(item)
  return items
}

export const scenariosOf = async (definition: Definition, split: Split, rows: number, where: Tags = {}) => {
  const items: Scenario[] = []
  for await (const item of toolCalling.generate({ seed: 1, split, parts: [{ where, rows }] }, definition, quiet))
    if (isScenario(item)) items.push(item)
  return items
}

/** A folder for one test's files. */
export const folder = () => mkdtempSync(path.join(tmpdir(), 'whetstone-test-'))

export const written = (name: string, content: string): string => {
  const file = path.join(folder(), name)
  writeFileSync(file, content)
  return file
}

export const tool = (name: string, properties: object = {}, required: readonly string[] = []): ToolSchema => ({
  name,
  description: `The tool ${name}.`,
  parameters: { type: 'object', properties, required },
})

/** A definition with these tools and no phrases, for grading. */
export const bare = (tools: readonly ToolSchema[]): Definition => ({
  tools: tools as Definition['tools'],
  menus: [tools.map(({ name }) => name)],
  kinds: { call: 1, several: 0, ask: 0, decline: 0 },
  packs: [],
  heldOut: false,
  replyChars: 240,
  notes: [],
})

/** An expected call by its tool and the right value of each argument. */
export const expected = (tools: string | readonly string[], args: Record<string, unknown> = {}): ExpectedCall => ({
  tools: typeof tools === 'string' ? [tools] : [...tools],
  arguments: Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, { values: [value] }]),
  ) as ExpectedCall['arguments'],
})

export const item = (parts: Partial<Item>): Item => ({
  id: 'tc-1',
  family: 'call:x',
  tags: {},
  request: 'Do it.',
  menu: ['read', 'write'],
  kind: 'call',
  truth: { calls: [], order: 'free' },
  fixture: { files: {}, folders: [] },
  ...parts,
})

export const says = (content: string): AssistantTurn => ({ role: 'assistant', content })
export const calls = (...made: readonly (readonly [string, unknown])[]): AssistantTurn => ({
  role: 'assistant',
  content: '',
  toolCalls: made.map(([name, args], index) => ({ id: `call_${index + 1}`, name, arguments: args })),
})

export const graded = (of: Item, turn: AssistantTurn, definition: Definition, endState?: unknown): Promise<Grade> => {
  const transcript: Transcript = [{ role: 'user', content: of.request }, turn]
  return toolCalling.grade(of, transcript, definition, { signal: quiet.signal, endState })
}

/** The status of each criterion that applies. */
export const statuses = ({ criteria }: Grade): Record<string, string> =>
  Object.fromEntries(
    Object.entries(criteria).flatMap(([name, { status }]) => (status === 'not-applicable' ? [] : [[name, status]])),
  )

/**
 * A server over stdio without the SDK, as a command. `answer` is the body of a function of `method` and `params` that
 * returns a result or `undefined` for silence; `calls` counts the tool calls of this process.
 */
export const scriptedServer = (answer: string): string[] => {
  const file = written(
    'server.mjs',
    `import { createInterface } from 'node:readline'
let calls = 0
const respond = (method, params) => {
  if (method === 'tools/call') calls += 1
  ${answer}
}
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) return
  const result = method === 'initialize'
    ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'scripted', version: '1' } }
    : respond(method, params)
  if (result !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result }))
})
`,
  )
  return [process.execPath, file]
}
