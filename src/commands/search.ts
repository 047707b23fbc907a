import path from 'node:path'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { Hit } from '../plugins/agentic-search/corpus/search-index.ts'
import { defineCommand } from './command.ts'
import { count, plural } from './format.ts'
import { configField, denseField } from './inputs.ts'
import { oneLine } from './one-line.ts'
import { openProjectCorpus } from './search-corpus.ts'

const input = z.strictObject({
  query: z
    .string()
    .optional()
    .describe('words to look for; they are never read as search syntax')
    .meta({ value: 'QUERY', remote: 'text' }),
  config: configField,
  dense: denseField,
  limit: z.int().min(1).max(1000).default(10).describe('documents to show'),
  mcp: z
    .boolean()
    .default(false)
    .describe("serve the skill's tools (search, read, answer, not_found) over MCP on stdin and stdout")
    .meta({ remote: false }),
})

interface Found {
  readonly query: string
  readonly corpus: {
    readonly documents: number
    readonly passages: number
    readonly hash: string
    readonly dense: boolean // searched by meaning too
  }
  readonly results: readonly Hit[]
  readonly notes: readonly string[]
}

export const command = defineCommand<typeof input, Found | null>({
  input,
  positional: ['query'],
  async run(input, context) {
    if (!input.mcp && input.query === undefined) throw noQuery()
    const { index, searcher, notes, close } = await openProjectCorpus(input, context)
    try {
      if (input.mcp) {
        const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js')
        const { serveMcp } = await import('../plugins/agentic-search/mcp.ts')
        context.note(`Serving ${plural(index.counts.documents, 'document')} over MCP; it ends when its client does.`)
        await serveMcp(searcher, new StdioServerTransport(), context.signal)
        return null
      }
      const { documents, passages } = index.counts
      const { limit } = input
      const { hits, words } = await searcher.search(input.query!, { limit, signal: context.signal })
      if (words.cut) notes.push(`only the first ${words.words.length} different words of the query were used`)
      if (words.words.length === 0) notes.push('the query has no words to look for')
      const corpus = { documents, passages, hash: index.corpus, dense: searcher.byMeaning }
      return { query: input.query!, corpus, results: hits, notes }
    } finally {
      await close()
    }
  },
  render(found, { colors }) {
    if (!found) return ''
    const lines = found.results.flatMap(({ document, title, file, place, snippet }, rank) => [
      `${String(rank + 1).padStart(2)}  ${colors.bold(oneLine(title, 100))}  ${colors.dim(`[${oneLine(document, 60)}]`)}`,
      `    ${oneLine(snippet, 300)}`,
      colors.dim(`    ${path.normalize(file)}, ${place}`),
    ])
    const { documents, passages, dense } = found.corpus
    return [
      ...(lines.length > 0 ? lines : ['Nothing found.']),
      '',
      colors.dim(
        `${plural(documents, 'document')}, ${count(passages)} passages${dense ? ', by words and meaning' : ''}`,
      ),
      ...found.notes.map((note) => colors.yellow(note)),
    ].join('\n')
  },
})

const noQuery = () =>
  new WhetError({
    code: 'missing-argument',
    message: 'Say what to look for: whet search -c whetstone.yaml "weak references". Or serve the tools with --mcp.',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
