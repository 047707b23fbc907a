import path from 'node:path'
import { checkOptions } from '../core/config.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { SearchIndex } from '../plugins/agentic-search/corpus/search-index.ts'
import { openConfigured } from '../plugins/agentic-search/open.ts'
import { Options, skillName } from '../plugins/agentic-search/options.ts'
import type { CommandContext } from './command.ts'
import { oneLine } from './one-line.ts'
import { loadProject } from './project.ts'

const shownNotes = 5

/**
 * The index of the corpus that a config names, up to date, and what a person should know of it.
 * @throws {WhetError} no-corpus and those of the config and of the corpus
 */
export const openProjectCorpus = async (
  input: { readonly config: string },
  context: CommandContext,
): Promise<{ index: SearchIndex; notes: string[] }> => {
  const loaded = await loadProject(input, context)
  if (loaded.config.skill !== skillName) throw noCorpus(loaded.config.skill)
  const { index, update } = await openConfigured(checkOptions(loaded, Options), {
    baseDir: path.dirname(loaded.file),
    signal: context.signal,
    progress: context.progress,
  })
  const all = index.notes.map(({ path: where, problem }) => oneLine(`${where}: ${problem}`, 200))
  const more = all.length - shownNotes
  if (update.read > 0) context.note(`${update.read} files indexed, ${update.unchanged} unchanged, ${update.gone} gone.`)
  return { index, notes: more > 0 ? [...all.slice(0, shownNotes), `and ${more} more notes on files`] : all }
}

const noCorpus = (skill: string) =>
  new WhetError({
    code: 'no-corpus',
    message: `The config's skill is ${skill}, which has no documents to search. Name a config whose skill is ${skillName}.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { skill },
  })
