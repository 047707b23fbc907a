import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import type { ItemBase } from '../../core/contract.ts'
import { replyOf } from '../../core/excerpt.ts'
import type { RunFiles } from '../../core/workspace.ts'
import { readFrozen } from '../../graph/nodes/define.ts'
import { plugins } from '../../plugins/index.ts'

/**
 * The right answer to an item, as a person reads it. Only a built-in skill is asked: looking at a run must not execute the code that its
 * config names. undefined where it cannot be told.
 */
export const goldOf = async (files: RunFiles, item: ItemBase): Promise<string | undefined> => {
  try {
    const { skill } = parse(await readFile(files.config, 'utf8')) as { skill?: string }
    const plugin = skill !== undefined && Object.hasOwn(plugins, skill) ? plugins[skill] : undefined
    if (!plugin) return undefined
    const { definition } = await readFrozen(files, plugin)
    const opening = plugin.begin(item, definition).messages
    const turn = plugin.gold(item, opening, definition)
    return turn && replyOf([turn])
  } catch {
    return undefined // a run of another version: its replies can be read all the same
  }
}
