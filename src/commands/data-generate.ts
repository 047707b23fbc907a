import path from 'node:path'
import { z } from 'zod'
import type { GeneratedItems } from '../graph/items.ts'
import { defineCommand } from './command.ts'
import { plural, table, tagsText } from './format.ts'
import { configField, parseTags, setField, workspaceField, workspaceOf } from './inputs.ts'
import { loadProject } from './project.ts'

const input = z.strictObject({
  config: configField,
  rows: z.int().min(1).max(1_000_000).default(20).describe('items to make'),
  seed: z.int().min(0).default(1).describe('the same seed gives the same items'),
  split: z.enum(['train', 'dev']).default('train').describe('whose pools to draw from'),
  where: z
    .array(z.string())
    .default([])
    .describe('only items of a tag, as in kind=ask; may be given several times')
    .meta({ value: 'DIMENSION=VALUE', remote: 'text' }),
  out: z.string().optional().describe('write the accepted items there, one a line').meta({ value: 'FILE' }),
  set: setField,
  workspace: workspaceField,
})

export const command = defineCommand<typeof input, Omit<GeneratedItems, 'items'> & Partial<GeneratedItems>>({
  input,
  async run(input, context) {
    const loaded = await loadProject(input, context)
    const { generateItems } = await import('../graph/items.ts')
    const { rows, seed, split } = input
    const made = await generateItems({
      workspace: workspaceOf(input, context),
      loaded,
      rows,
      seed,
      split,
      where: parseTags(input.where),
      signal: context.signal,
      ...(input.out && { out: path.resolve(context.cwd, input.out) }),
      onProgress: (done, total) => context.progress(done, total, 'items checked'),
    })
    const { items, ...counts } = made
    return input.out ? counts : made
  },
  render({ file, made, accepted, rejected, duplicates, items }, { colors }) {
    const counts = `${plural(made, 'item')} made · ${accepted} accepted · ${rejected} rejected · ${duplicates} near-duplicates`
    if (file) return `${counts}\nitems   ${file}`
    const shown = (items ?? []).slice(0, 10).map(({ id, family, tags }) => [id, family, tagsText(tags)])
    const head = ['item', 'family', 'tags'].map((word) => colors.dim(word))
    return [counts, '', table(head, shown), colors.dim('--out FILE keeps them all, --json prints them')].join('\n')
  },
})
