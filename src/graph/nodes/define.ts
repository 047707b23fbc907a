import { createHash } from 'node:crypto'
import type { AnySkill, Dimensions, ItemBase, Split } from '../../core/contract.ts'
import { WhetError } from '../../core/errors.ts'
import { readJson, writeJson, writeJsonl } from '../../core/jsonl.ts'
import { seedFrom } from '../../core/random.ts'
import type { RunFiles } from '../../core/workspace.ts'
import { collectItems, familiesOf } from '../collect.ts'
import type { Deps, Stage } from '../deps.ts'
import { requireSound, requireSteady } from '../steady.ts'

/** What a run stands on, frozen at its start: any later change of these would make its rounds incomparable. */
export interface Frozen {
  readonly skill: string
  readonly definition: unknown
  readonly definitionSha256: string
  readonly dimensions?: Dimensions // what a spec may name; absent in runs of earlier versions
  readonly base: { readonly dir: string; readonly sha256: string }
  readonly seed: number
  readonly items: Readonly<Record<'dev' | 'gate' | 'sealed', number>>
  readonly families: Readonly<Record<'dev' | 'gate' | 'sealed', number>>
  readonly at: string
}

const mostAttempts = 5
const evaluationSplits = ['dev', 'gate', 'sealed'] as const satisfies readonly Split[]

/** Freezes definition, seeds and hashes, and makes the three evaluation splits. */
export const define: Stage = async (_state, deps) => {
  const { config, plugin, files } = deps
  if (!(await readJson<Frozen>(files.frozen))) {
    const base = await deps.students.base(deps.signal)
    const definition = await plugin.define(plugin.options.parse(config.options), {
      baseDir: deps.baseDir,
      signal: deps.signal,
      progress: (done, total, what) => deps.emit({ type: 'stage.progress', data: { done, total, what } }),
    })
    plugin.definition.parse(definition)
    const counts = { dev: 0, gate: 0, sealed: 0 }
    const families = { dev: 0, gate: 0, sealed: 0 }
    await requireSound(await requireSteady(definition, deps), definition, deps)
    const made: Partial<Record<Split, ItemBase[]>> = {}
    for (const split of evaluationSplits) {
      const items = await evaluationItems(split, definition, deps, familiesOf(made))
      made[split] = items
      await writeJsonl(files.split(split), items)
      counts[split] = items.length
      families[split] = new Set(items.map((item) => item.family)).size
      deps.emit({
        type: 'stage.progress',
        data: { done: items.length, total: config.evaluation[split], what: `${split} items` },
      })
    }
    await writeJson(files.frozen, {
      skill: plugin.name,
      definition,
      definitionSha256: sha256(JSON.stringify(definition)),
      dimensions: plugin.dimensions(definition),
      base,
      seed: config.seed,
      items: counts,
      families,
      at: deps.now().toISOString(),
    } satisfies Frozen)
  }
  return { round: 0 }
}

const evaluationItems = async (
  split: 'dev' | 'gate' | 'sealed',
  definition: unknown,
  deps: Deps,
  apart: ReadonlyMap<string, Split>,
): Promise<ItemBase[]> => {
  const rows = deps.config.evaluation[split]
  const items: ItemBase[] = []
  // near-duplicates are dropped, so a full split takes a second try with other seeds
  for (let attempt = 0; attempt < mostAttempts && items.length < rows; attempt += 1) {
    const parts = [{ where: {}, rows: rows - items.length }]
    const seed = seedFrom(deps.config.seed, split, attempt)
    const taken = new Set(items.map(({ id }) => id))
    items.push(
      ...(await collectItems({ seed, split, parts }, definition, deps, { guarded: items, taken, apart })).items,
    )
  }
  if (items.length < Math.min(rows, 10))
    throw new WhetError({
      code: 'too-few-items',
      message: `${deps.plugin.name} made ${items.length} ${split} items and ${rows} were asked for. Give its generator more material (phrase packs, documents), or lower evaluation.${split}.`,
      fixedBy: 'plugin',
      data: { split, made: items.length, asked: rows },
    })
  return items
}

/** The frozen definition of a run, through the plugin's own schema. */
export const readFrozen = async (files: RunFiles, plugin: AnySkill): Promise<Frozen> => {
  const frozen = await readJson<Frozen>(files.frozen)
  if (!frozen)
    throw new WhetError({
      code: 'run-file-missing',
      message: `${files.frozen} is gone: this run cannot go on. Start a new one.`,
      fixedBy: 'machine',
      data: { file: files.frozen },
    })
  return { ...frozen, definition: plugin.definition.parse(frozen.definition) }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
