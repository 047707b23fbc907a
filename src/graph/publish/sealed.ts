import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { ItemBase } from '../../core/contract.ts'
import { readJsonl } from '../../core/jsonl.ts'
import { RunStore } from '../../core/store.ts'
import type { RunFiles, Workspace } from '../../core/workspace.ts'

/** One look at a sealed split. */
export interface Opening {
  readonly run: string
  readonly round: number
  readonly at: string // ISO time
  readonly by: string
}

/** How often the sealed split has been looked at, this time included. */
export interface SealedLook {
  readonly opening: number // 1: nobody had seen it before, and the numbers are what they seem
  readonly at: string
  readonly before: readonly Opening[] // looks at other students, by other rounds or by runs that were forked
  readonly items: readonly ItemBase[]
}

/**
 * Opens the sealed split for one round's student and records it before the first item is asked. The same student may be asked again (a
 * publication that was cut short, or is repeated: stored answers are used); for another student it is a second look, and marked as one.
 * A split is its items: a forked run holds a copy, and a look through either counts for both.
 */
export const openSealed = async (
  { workspace, files, round, by }: { workspace: Workspace; files: RunFiles; round: number; by: string },
  store: RunStore,
): Promise<SealedLook> => {
  const { rows: items } = await readJsonl<ItemBase>(files.split('sealed'))
  const looks = await looksAt(files, workspace)
  const own = looks.find((look) => look.run === files.name && look.round === round)
  if (own) {
    const before = looks.filter((look) => look !== own && look.at < own.at)
    return { opening: before.length + 1, at: own.at, before, items }
  }
  const opening = looks.length + 1
  const { at } = store.append({
    run: files.name,
    round,
    type: 'sealed.opened',
    data: { opening, items: items.length, by },
  })
  return { opening, at, before: looks, items }
}

/** All looks at this sealed split, whichever run they went through, in order. */
const looksAt = async (files: RunFiles, workspace: Workspace): Promise<Opening[]> => {
  const split = await digestOf(files.split('sealed'))
  const looks: Opening[] = []
  for (const name of await workspace.runs()) {
    const other = workspace.run(name)
    if (!existsSync(other.database) || (await digestOf(other.split('sealed'))) !== split) continue
    const store = RunStore.open(other.database, { readonly: true })
    try {
      for (const event of store.events({ types: ['sealed.opened'] }))
        if (event.type === 'sealed.opened')
          looks.push({ run: name, round: event.round ?? 0, at: event.at, by: event.data.by })
    } finally {
      store.close()
    }
  }
  return looks.sort((a, b) => (a.at < b.at ? -1 : 1))
}

const digestOf = async (file: string): Promise<string | undefined> => {
  const bytes = await readFile(file).catch(() => undefined)
  return bytes && createHash('sha256').update(bytes).digest('hex')
}
