import path from 'node:path'
import { type CorpusOptions, type OpenedCorpus, openCorpus, openFolder } from './corpus/corpus.ts'
import { factSource } from './facts.ts'
import type { Options } from './options.ts'

/**
 * The corpus that the options name, its index brought up to date, with vectors where an embedder is given.
 * @throws {WhetError} those of `openFolder`
 */
export const openConfigured = (
  { corpus, index: { passageChars, titleWeight } }: Options,
  { baseDir, ...options }: CorpusOptions & { readonly baseDir: string },
): Promise<OpenedCorpus> => {
  const settings = { passageChars, titleWeight }
  if ('folder' in corpus) return openFolder(path.resolve(baseDir, corpus.folder), settings, options)
  return openCorpus(factSource(corpus.facts), `a made-up world of ${corpus.facts} towns`, settings, options)
}

export const sourceName = ({ corpus }: Options): string =>
  'folder' in corpus ? corpus.folder : `a made-up world of ${corpus.facts} towns`
