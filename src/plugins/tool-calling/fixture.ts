import { type Piece, parseTemplate, render, type SlotValues, slotsOf } from '../../skill.ts'
import type { FamilyCall } from './family.ts'
import type { Fixture } from './item.ts'

const firstChoice = () => 0

/** What the sandbox must hold before the calls; entries with a slot that the request does not mention are left out. */
export const fixtureOf = (calls: readonly FamilyCall[], values: readonly SlotValues[]): Fixture => {
  const files: Fixture['files'] = {}
  const folders = new Set<string>()
  for (const [index, { fixture }] of calls.entries()) {
    const local = values[index] ?? {}
    for (const [pattern, content] of Object.entries(fixture.files)) {
      const name = filled(pattern, local)
      const text = typeof content === 'string' ? filled(content, local) : content
      if (name !== undefined && text !== undefined) files[fileName(name)] = text
    }
    for (const pattern of fixture.folders) {
      const name = filled(pattern, local)
      if (name !== undefined) folders.add(name)
    }
  }
  return { files, folders: [...folders] }
}

const filled = (pattern: string, values: SlotValues): string | undefined => {
  const { pieces, slots } = parsed(pattern)
  return slots.every((slot) => values[slot] !== undefined) ? render(pieces, values, firstChoice) : undefined
}

const cache = new Map<string, { pieces: readonly Piece[]; slots: readonly string[] }>()
const parsed = (pattern: string) => {
  const known = cache.get(pattern)
  if (known) return known
  const pieces = parseTemplate(pattern)
  const made = { pieces, slots: slotsOf(pieces) }
  cache.set(pattern, made)
  return made
}

/** A file name that a glob matches: `**` stands for a folder, `*` for a word. */
const fileName = (path: string): string => path.replaceAll('**', 'inner').replaceAll('*', 'sample')
