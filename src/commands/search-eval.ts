import path from 'node:path'
import { z } from 'zod'
import type { Measures } from '../plugins/agentic-search/corpus/measures.ts'
import type { RetrievalReport } from '../plugins/agentic-search/corpus/trec.ts'
import { defineCommand } from './command.ts'
import { plural, table } from './format.ts'
import { configField, denseField } from './inputs.ts'
import { oneLine } from './one-line.ts'
import { openProjectCorpus } from './search-corpus.ts'

const input = z.strictObject({
  config: configField,
  dense: denseField,
  topics: z.string().describe('`id<TAB>query` lines').meta({ value: 'FILE' }),
  qrels: z
    .string()
    .describe('`topic 0 document relevance` lines; a document is named by its file without extension')
    .meta({ value: 'FILE' }),
})

export const command = defineCommand<typeof input, RetrievalReport>({
  input,
  async run(input, context) {
    const { evaluateRetrieval, readQrels, readTopics } = await import('../plugins/agentic-search/corpus/trec.ts')
    const topics = await readTopics(path.resolve(context.cwd, input.topics))
    const qrels = await readQrels(path.resolve(context.cwd, input.qrels))
    const { searcher, close } = await openProjectCorpus(input, context)
    const { signal, progress } = context
    try {
      return await evaluateRetrieval(searcher, topics, qrels, {
        signal,
        onTopic: (done) => progress(done, topics.length, 'topics'),
      })
    } finally {
      await close()
    }
  },
  render({ topics, unjudged, missing, apart, ...measures }, { colors }) {
    const columns = [measures, ...(apart ? [apart.words, apart.meaning] : [])]
    const heads = ['measure', apart ? `merged, ${plural(topics, 'topic')}` : plural(topics, 'topic')]
    const rows = Object.keys(measures).map((name) => [
      name,
      ...columns.map((column) => column[name as keyof Measures].toFixed(4)),
    ])
    return [
      table([...heads, ...(apart ? ['by words', 'by meaning'] : [])].map(colors.dim), rows, [1, 2, 3]),
      ...(unjudged > 0 ? [colors.yellow(`${plural(unjudged, 'topic')} without judgements left out`)] : []),
      ...(missing.length > 0
        ? [
            colors.yellow(
              `${plural(missing.length, 'judged document')} not in the corpus: ${oneLine(missing.slice(0, 5).join(', '), 120)}`,
            ),
          ]
        : []),
    ].join('\n')
  },
})
