import path from 'node:path'
import { z } from 'zod'
import type { RetrievalReport } from '../plugins/agentic-search/corpus/trec.ts'
import { defineCommand } from './command.ts'
import { plural, table } from './format.ts'
import { configField } from './inputs.ts'
import { oneLine } from './one-line.ts'
import { openProjectCorpus } from './search-corpus.ts'

const input = z.strictObject({
  config: configField,
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
    const { index } = await openProjectCorpus(input, context)
    try {
      return evaluateRetrieval(index, topics, qrels, (done) => {
        context.signal.throwIfAborted()
        context.progress(done, topics.length, 'topics')
      })
    } finally {
      index.close()
    }
  },
  render({ topics, unjudged, missing, ...measures }, { colors }) {
    const rows = Object.entries(measures).map(([name, value]) => [name, (value as number).toFixed(4)])
    return [
      table(['measure', plural(topics, 'topic')].map(colors.dim), rows, [1]),
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
