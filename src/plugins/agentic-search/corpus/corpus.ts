import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, realpath, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { type Embedder, pythonHome, WhetError } from '../../../skill.ts'
import { type IndexSettings, openFrozen, openIndex } from './database.ts'
import { readCorpusFile } from './readers.ts'
import { SearchIndex } from './search-index.ts'
import { Searcher } from './searcher.ts'
import { type Source, type Update, type UpdateOptions, updateIndex } from './update.ts'
import { updateVectors } from './vectors.ts'
import { walkCorpus } from './walk.ts'

export const defaultSettings: IndexSettings = { passageChars: 2000, titleWeight: 1 }

/** Where indexes lie unless a file is named: they are made from the documents and can be deleted at any time. */
const cacheFolder = () => path.join(pythonHome(), 'search')

const keyOf = (...parts: readonly unknown[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)

/** The documents of a folder. @throws {WhetError} corpus-missing */
export const folderSource = async (folder: string): Promise<Source> => ({
  ...(await walkCorpus(folder)),
  read: (file, note) => readCorpusFile(file, note),
})

export interface OpenedCorpus {
  readonly index: SearchIndex
  readonly searcher: Searcher // by words, and by meaning where an embedder was given
  readonly update: Update
  readonly embedded: number // texts
  readonly file: string
}

export interface CorpusOptions extends UpdateOptions {
  readonly file?: string // the index's own place; in the user's cache where it is left out
  readonly embedder?: Embedder | undefined // the index gets vectors too; who opened it closes it
}

/**
 * The index of a source, brought up to date first.
 * @param name tells one source from another: a folder's real path
 * @throws {WhetError} corpus-empty · index-unusable · disk-full, and what the embedder throws
 */
export const openCorpus = async (
  source: Source,
  name: string,
  settings: IndexSettings,
  options: CorpusOptions,
): Promise<OpenedCorpus> => {
  const { embedder } = options
  const file = options.file ?? path.join(cacheFolder(), `${keyOf(name, settings)}.sqlite`)
  const connection = openIndex(file, settings)
  try {
    const update = await updateIndex(connection, source, settings, options)
    const index = new SearchIndex(connection)
    if (index.counts.passages === 0) throw empty(name, index)
    const embedded = embedder ? await updateVectors(connection, embedder, options) : 0
    const searcher = new Searcher(index, embedder && { connection, embedder })
    return { index, searcher, update, embedded, file }
  } catch (error) {
    connection.close()
    throw error
  }
}

/** `openCorpus` of a folder. @throws {WhetError} corpus-missing and those of `openCorpus` */
export const openFolder = async (
  folder: string,
  settings: IndexSettings,
  options: CorpusOptions,
): Promise<OpenedCorpus> => {
  options.progress(0, 0, 'looking for documents')
  return openCorpus(await folderSource(folder), await realpath(folder), settings, options)
}

/** @param model whose vectors the copy has */
const frozenFile = (corpus: string, settings: IndexSettings, model?: string) =>
  path.join(cacheFolder(), 'frozen', `${keyOf(corpus, settings, ...(model === undefined ? [] : [model]))}.sqlite`)

/** Keeps a copy of an index under the hash of its corpus: a run goes on with these documents, whatever becomes of the folder. */
export const freezeCorpus = async (index: SearchIndex, settings: IndexSettings, model?: string): Promise<string> => {
  const frozen = frozenFile(index.corpus, settings, model)
  if (existsSync(frozen)) return index.corpus
  await mkdir(path.dirname(frozen), { recursive: true })
  const temporary = `${frozen}.${process.pid}`
  await rm(temporary, { force: true })
  index.copyTo(temporary)
  await rename(temporary, frozen)
  return index.corpus
}

/** The frozen copy of a corpus, or undefined where it is gone. @throws {WhetError} index-unusable */
export const openFrozenCorpus = (
  corpus: string,
  settings: IndexSettings,
  embedder?: Embedder,
): Searcher | undefined => {
  const file = frozenFile(corpus, settings, embedder?.model)
  if (!existsSync(file)) return undefined
  const connection = openFrozen(file)
  return new Searcher(new SearchIndex(connection), embedder && { connection, embedder })
}

const empty = (name: string, index: SearchIndex) => {
  const notes = index.notes.slice(0, 3).map(({ path: file, problem }) => `${file} ${problem}`)
  return new WhetError({
    code: 'corpus-empty',
    message: `There is no text to search in ${name}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}. Put .md, .txt, .rst, .html, .pdf, .docx or .jsonl files there.`,
    fixedBy: 'config',
    exit: 2,
    data: { name },
  })
}
