import path from 'node:path'
import { checkOptions } from '../core/config.ts'
import { openEmbedder } from '../core/embed/embedder.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { SearchIndex } from '../plugins/agentic-search/corpus/search-index.ts'
import type { Searcher } from '../plugins/agentic-search/corpus/searcher.ts'
import { openConfigured } from '../plugins/agentic-search/open.ts'
import { Options, skillName } from '../plugins/agentic-search/options.ts'
import type { CommandContext } from './command.ts'
import { plural } from './format.ts'
import { oneLine } from './one-line.ts'
import { loadProject } from './project.ts'

const shownNotes = 5

export interface ProjectCorpus {
  readonly index: SearchIndex
  readonly searcher: Searcher
  readonly notes: string[]
  close(): Promise<void>
}

/**
 * The index of the corpus that a config names, up to date, and what a person should know of it.
 * @param input.dense by meaning too, also where the config says nothing of it
 * @throws {WhetError} no-corpus and those of the config, of the corpus and of the embedder
 */
export const openProjectCorpus = async (
  input: { readonly config: string; readonly dense: boolean },
  context: CommandContext,
): Promise<ProjectCorpus> => {
  const loaded = await loadProject(input, context)
  if (loaded.config.skill !== skillName) throw noCorpus(loaded.config.skill)
  const options = checkOptions(loaded, Options)
  const dense = options.corpus.dense || input.dense
  const embedder = dense ? openEmbedder(dense, 'options.corpus.dense') : undefined
  try {
    const { index, searcher, update, embedded } = await openConfigured(options, {
      baseDir: path.dirname(loaded.file),
      signal: context.signal,
      progress: context.progress,
      embedder,
    })
    const all = index.notes.map(({ path: where, problem }) => oneLine(`${where}: ${problem}`, 200))
    const more = all.length - shownNotes
    if (update.read > 0)
      context.note(`${update.read} files indexed, ${update.unchanged} unchanged, ${update.gone} gone.`)
    if (embedded > 0) context.note(`${plural(embedded, 'text')} read as vectors by ${embedder?.model}.`)
    const notes = more > 0 ? [...all.slice(0, shownNotes), `and ${more} more notes on files`] : all
    const close = async () => {
      index.close()
      await embedder?.close()
    }
    return { index, searcher, notes, close }
  } catch (error) {
    await embedder?.close()
    throw error
  }
}

const noCorpus = (skill: string) =>
  new WhetError({
    code: 'no-corpus',
    message: `The config's skill is ${skill}, which has no documents to search. Name a config whose skill is ${skillName}.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { skill },
  })
