import { z } from 'zod'
import { type DefineContext, EmbedderSetting, type Split, WhetError } from '../../skill.ts'
import { freezeCorpus } from './corpus/corpus.ts'
import { type Kind, kinds } from './item.ts'
import { embedderOf, type Opened, withDrafts } from './library.ts'
import { openConfigured, sourceName } from './open.ts'
import { type Options, writtenByDefault } from './options.ts'

/** All that items and grades stand on. The documents are frozen by their hash: a copy of the index is kept under it. */
export const Definition = z.strictObject({
  corpus: z.string(), // hash of ids and texts
  source: z.string(),
  documents: z.number(),
  index: z.strictObject({ passageChars: z.number(), titleWeight: z.number() }),
  dense: EmbedderSetting.optional(), // left out: by words alone
  mode: z.enum(['live', 'static']),
  results: z.number(),
  snippetChars: z.number(),
  readChars: z.number(),
  totalChars: z.number(),
  maxSteps: z.number(),
  written: z.number().optional(), // share of the plain questions of training that a teacher writes
  shares: z.record(z.string(), z.number()), // of the kinds that the documents give questions of
  hops: z.array(z.string()),
  notes: z.array(z.string()),
})
export type Definition = z.output<typeof Definition>

/**
 * Indexes the documents, freezes them and finds out which kinds of question they give.
 * @throws {WhetError} corpus-missing · corpus-empty · corpus-too-small · index-unusable
 */
export const define = async (options: Options, context: DefineContext): Promise<Definition> => {
  const { dense } = options.corpus
  const embedder = embedderOf({ dense })
  const { index, searcher } = await openConfigured(options, { ...context, embedder })
  try {
    const { passageChars, titleWeight } = options.index
    const settings = { passageChars, titleWeight }
    context.progress(0, 0, 'freezing the documents')
    const corpus = await freezeCorpus(index, settings, embedder?.model)
    const { mode, results, snippetChars, readChars, totalChars, maxSteps } = options
    const limits = { mode, results, snippetChars, readChars, totalChars, maxSteps }
    const { kinds: served, hops } = await servedKinds(withDrafts(searcher, limits), options, context)
    return {
      corpus,
      source: sourceName(options),
      documents: index.counts.documents,
      index: settings,
      ...(dense && { dense }),
      ...limits,
      ...(options.written !== writtenByDefault && { written: options.written }),
      shares: Object.fromEntries(served.map((kind) => [kind, options.kinds[kind]])),
      hops,
      notes: [
        ...index.notes.map(({ path, problem }) => `${path}: ${problem}`).slice(0, 50),
        ...kinds
          .filter((kind) => !served.includes(kind))
          .map((kind) => `the documents give no questions of the kind ${kind}`),
      ],
    }
  } finally {
    index.close()
  }
}

const splits: readonly Split[] = ['train', 'dev', 'gate', 'sealed']
/** A kind that has no questions in so many clusters of every split is not asked at all. */
const fewestClusters = 1
const enough = 3

const servedKinds = async (opened: Opened, { kinds: shares }: Options, context: DefineContext) => {
  const { catalog, drafts, prepare } = opened
  await prepare(context.signal, (what) => context.progress(0, 0, what))
  const hops = new Set<string>()
  const served: Kind[] = []
  for (const [done, kind] of kinds.entries()) {
    context.signal.throwIfAborted()
    context.progress(done, kinds.length, 'kinds of question tried')
    if (shares[kind] === 0) continue
    const counts: number[] = []
    for (const split of splits) {
      let found = 0
      for (const cluster of catalog.clustersOf(split)) {
        const made = await drafts(kind, cluster, context.signal)
        if (made.length > 0) found += 1
        if (split === 'train') for (const { tags } of made) for (const hop of tags.hops ?? []) hops.add(hop)
        if (found >= enough && split !== 'train') break
        if (found >= 20) break
      }
      counts.push(found)
    }
    if (Math.min(...counts) >= fewestClusters) served.push(kind)
  }
  if (served.length === 0)
    throw new WhetError({
      code: 'corpus-too-small',
      message:
        'No kind of question can be made of these documents for all splits. They need titles of their own and facts in their heads (`Author: ...` lines or front matter), or sentences with names and numbers, in some forty documents or more.',
      fixedBy: 'config',
      exit: 2,
    })
  return { kinds: served, hops: [...hops].sort() }
}
