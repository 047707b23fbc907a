import type { Dimensions, ItemBase, SpecPart } from '../core/contract.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { readJson, readJsonl } from '../core/jsonl.ts'
import type { RunFiles } from '../core/workspace.ts'
import { problemOf } from '../graph/edit-spec.ts'
import type { Frozen } from '../graph/nodes/define.ts'
import { splitOnce } from './inputs.ts'

/** `kind=ask,decline tool=read:80` or `all:40` as a part of a spec. @throws {WhetError} bad-input */
export const parsePart = (text: string): SpecPart => {
  const match = /^(.*):(\d{1,6})$/.exec(text.trim())
  if (!match) throw badPart(`${JSON.stringify(text.slice(0, 100))}: write TAGS:ROWS, as in kind=ask:80 or all:40`)
  const [, tags = '', rows = ''] = match
  const where: Record<string, string[]> = {}
  for (const word of tags.trim() === 'all' ? [] : tags.trim().split(/\s+/)) {
    const [dimension = '', values] = splitOnce(word, '=')
    if (!dimension || !values) throw badPart(`${JSON.stringify(word.slice(0, 100))}: write DIMENSION=VALUE`)
    where[dimension] = [...(where[dimension] ?? []), ...values.split(',')]
  }
  return { where, rows: Number(rows) }
}

/** The inverse of `parsePart`. */
export const partText = ({ where, rows }: SpecPart): string => {
  const tags = Object.entries(where).map(([dimension, values]) => `${dimension}=${values.join(',')}`)
  return `${tags.join(' ') || 'all'}:${rows}`
}

/** What a spec of this run may name, as its skill declared it when the run began. */
export const dimensionsOf = async (files: RunFiles): Promise<Dimensions> => {
  const frozen = await readJson<Frozen>(files.frozen)
  if (frozen?.dimensions) return frozen.dimensions
  // a run of an earlier version: what its dev items are tagged with
  const found: Record<string, string[]> = {}
  for (const { tags } of (await readJsonl<ItemBase>(files.split('dev'))).rows)
    for (const [dimension, values] of Object.entries(tags))
      found[dimension] = [...new Set([...(found[dimension] ?? []), ...values])]
  return found
}

/** @throws {WhetError} bad-input for tags that the skill does not have */
export const requireTags = async (files: RunFiles, parts: readonly SpecPart[]): Promise<void> => {
  const problem = problemOf(parts, await dimensionsOf(files))
  if (problem) throw badPart(problem)
}

export const badPart = (why: string) =>
  new WhetError({ code: 'bad-input', message: why, fixedBy: 'config', exit: exitCodes.usage })
