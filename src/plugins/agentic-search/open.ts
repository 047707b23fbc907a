import path from 'node:path'
import { type OpenedCorpus, openFolder } from './corpus/corpus.ts'
import type { UpdateOptions } from './corpus/update.ts'
import type { Options } from './options.ts'

/** The corpus that the options name, its index brought up to date. @throws {WhetError} those of `openFolder` */
export const openConfigured = (
  { corpus, index }: Options,
  { baseDir, ...options }: UpdateOptions & { readonly baseDir: string },
): Promise<OpenedCorpus> => openFolder(path.resolve(baseDir, corpus.folder), index, options)
