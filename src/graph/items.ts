import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LoadedConfig } from '../core/config.ts'
import type { ItemBase, Tags } from '../core/contract.ts'
import { writeJsonl } from '../core/jsonl.ts'
import type { Workspace } from '../core/workspace.ts'
import { loadPlugin } from '../plugins/index.ts'
import { checkItems } from './check-items.ts'
import { collectItems } from './collect.ts'

export interface GeneratedItems {
  readonly file?: string
  readonly made: number
  readonly accepted: number
  readonly rejected: number
  readonly duplicates: number
  readonly items: readonly ItemBase[] // the accepted ones
}

export interface GenerateItemsOptions {
  readonly workspace: Workspace
  readonly loaded: LoadedConfig
  readonly rows: number
  readonly seed: number
  readonly split: 'train' | 'dev'
  readonly where?: Tags
  readonly out?: string // a JSONL file for the accepted items
  readonly signal?: AbortSignal
  onProgress?(done: number, total: number): void
}

/** `whet data generate`: items of a skill as a round would make them, generated and validated, outside of any run. */
export const generateItems = async (options: GenerateItemsOptions): Promise<GeneratedItems> => {
  const { loaded, rows, seed, split, where = {}, out } = options
  const signal = options.signal ?? new AbortController().signal
  const plugin = await loadPlugin(loaded.config.skill, path.dirname(loaded.file))
  const scratch = await mkdtemp(path.join(tmpdir(), 'whet-'))
  try {
    const definition = await plugin.define(plugin.options.parse(loaded.config.options), {
      baseDir: path.dirname(loaded.file),
      signal,
      progress: () => {},
    })
    const deps = { plugin, signal, scratch, config: loaded.config, emit: () => {} }
    const { items, made, duplicates } = await collectItems({ seed, split, parts: [{ where, rows }] }, definition, deps)
    const checked = await checkItems(items, definition, deps, options.onProgress)
    const accepted = checked.filter(({ reasons }) => reasons.length === 0).map(({ item }) => item)
    if (out) await writeJsonl(out, accepted)
    return {
      ...(out && { file: out }),
      made,
      accepted: accepted.length,
      rejected: checked.length - accepted.length,
      duplicates,
      items: accepted,
    }
  } finally {
    await plugin.dispose?.()
    await rm(scratch, { recursive: true, force: true })
  }
}
