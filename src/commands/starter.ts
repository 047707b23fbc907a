import type { ToolsOption } from './tool-source.ts'

/** What `whet init` was told about where the truth comes from, and the pack that was drafted for it. */
export interface Source {
  readonly tools?: ToolsOption
  readonly pack?: string // its file
  readonly documents?: string // a folder
  readonly writing?: string // a folder of one author's texts
}

/** A first whetstone.yaml, and what its author has to do before a run where something is left. */
export interface Starter {
  readonly text: string
  readonly missing?: string
  readonly student?: string // its section, where the usual one does not fit
}

const filesystemServer = 'mcp-server-filesystem'

/** Starts without a source: the server that comes with the product, so that the first run needs nothing else. */
const toolCalling = (source: Source): Starter => {
  const told = source.tools ?? { mcp: { command: [filesystemServer, '.'] } }
  const command = 'mcp' in told && 'command' in told.mcp ? told.mcp.command : undefined
  const known = command?.some((word) => word.includes('server-filesystem')) ?? false
  const tools = optionOf(told)
  const text = [
    'options:',
    `  tools: ${tools}`,
    ...(known
      ? ['  only: [read_text_file, write_file, create_directory, list_directory, move_file, search_files]']
      : []),
    '  shown: 4 # tools shown with a request',
    known
      ? '  packs: [filesystem] # how people word requests: built in for this server'
      : `  packs: [${word(source.pack ?? './phrases.yaml')}] # how people word requests: docs/phrase-packs.md`,
    known
      ? '  sandbox: { kind: folder } # calls are really executed, each episode in a fresh folder'
      : '  # sandbox: { kind: folder } # says that calls may really be executed; without it grading is by schema only',
  ].join('\n')
  return known || source.pack !== undefined
    ? { text }
    : { text, missing: 'write phrases.yaml, the wordings of requests (docs/phrase-packs.md)' }
}

const optionOf = (tools: ToolsOption): string => {
  if ('file' in tools) return `{ file: ${word(tools.file)} }`
  if ('openapi' in tools) return `{ openapi: ${word(tools.openapi)} }`
  return 'url' in tools.mcp
    ? `{ mcp: { url: ${JSON.stringify(tools.mcp.url)} } }`
    : `{ mcp: { command: ${list(tools.mcp.command)} } }`
}

/** Whether the product has words for these tools already. */
export const isWorded = (tools: ToolsOption | undefined): boolean =>
  tools === undefined ||
  ('mcp' in tools && 'command' in tools.mcp && tools.mcp.command.some((word) => word.includes('server-filesystem')))

/** Without a folder: the made-up world, with which a first run takes minutes. */
const agenticSearch = ({ documents }: Source): Starter => ({
  text: [
    'options:',
    documents === undefined
      ? '  corpus: { facts: 140 } # a made-up world of short documents; or { folder: ./documents }'
      : `  corpus: { folder: ${word(documents)} } # .md .txt .rst .html .pdf .docx .jsonl`,
    ...(documents === undefined
      ? ['  results: 2 # documents that a search shows']
      : ['  snippetChars: 120', '  readChars: 1500']),
  ].join('\n'),
  // whole searches are one row each
  student: `{ base: smollm2-135m, maxTokens: ${documents === undefined ? 464 : 2048} }`,
})

/** Without a folder: a sample author, whose voice a first run can be measured against. */
const essayStyle = ({ writing }: Source): Starter => ({
  text: [
    'options:',
    `  author: ${word(writing ?? 'jerome-k-jerome')} # a folder with 3,000 words or more (.md .txt .docx .html), or a sample author`,
    '  contract: compact # small enough for 135M parameters on two cores; default is the full form',
    '  kinds: { outline: 0.85, clarify: 0.15, revise: 0, passage: 0 }',
  ].join('\n'),
  student: '{ base: smollm2-135m, maxReplyTokens: 220 }',
})

const starters: Readonly<Record<string, (source: Source) => Starter>> = {
  'tool-calling': toolCalling,
  'agentic-search': agenticSearch,
  'essay-style': essayStyle,
}

/** @param skill  as it stands in the config: a built-in name, a path or a package */
export const starterOf = (skill: string, source: Source): Starter => {
  const starter = starters[skill]
  const options = starter?.(source) ?? {
    text: 'options: {} # the section of the skill: `whet plugin list` tells of built-in ones',
  }
  const text = `# whet run           (whet run --plan: what would happen, how long, at what cost)
skill: ${word(skill)}
${options.text}
student: ${options.student ?? '{ base: smollm2-135m }'} # or a local folder, or a hub name
evaluation: { dev: 60, gate: 120, sealed: 120 } # items
loop: { rounds: 3, rows: 420 } # rows a round: uniform first, then aimed at what failed
budget: { minutes: 60, diskGb: 10 }
seed: 1
`
  return { ...options, text }
}

const plain = /^[A-Za-z0-9_./][A-Za-z0-9_./@-]*$/
const word = (text: string) =>
  plain.test(text) && Number.isNaN(Number(text)) && !/^(true|false|null|yes|no|on|off|\.)$/i.test(text)
    ? text
    : JSON.stringify(text)
const list = (words: readonly string[]) => `[${words.map(word).join(', ')}]`

/** Splits a command line as a shell does, quotes and backslashes included; nothing is expanded. */
export const wordsOf = (commandLine: string): string[] => {
  const words: string[] = []
  const pattern = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs
  for (const [raw] of commandLine.matchAll(pattern))
    words.push(
      raw.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs, (_, double, single, escaped) =>
        double !== undefined ? double.replace(/\\(["\\])/g, '$1') : (single ?? escaped),
      ),
    )
  return words
}
