import type { SpecFile } from '../../core/analyst.ts'
import type { ItemBase } from '../../core/contract.ts'
import { readJson, readJsonl, writeJson, writeJsonl } from '../../core/jsonl.ts'
import type { RunFiles } from '../../core/workspace.ts'
import { openByHeart } from '../by-heart.ts'
import { collectItems, familiesOf } from '../collect.ts'
import type { Stage } from '../deps.ts'
import { missingFile } from '../stage.ts'
import { openVectors } from '../vectors.ts'
import { readFrozen } from './define.ts'

/** Counts of a round's generation, kept beside its items so that a resumed run does not generate twice. */
export interface GenerateCounts {
  readonly made: number
  readonly duplicates: number
  readonly leaked: number
}

/** Runs the round's spec: spec.json in, items.jsonl out. */
export const generate: Stage = async (state, deps) => {
  const { files, plugin } = deps
  const round = files.round(state.round)
  if (await readJson<GenerateCounts>(round.generated)) return {}
  const written = await readJson<SpecFile>(round.spec)
  if (!written) throw missingFile(`The spec of round ${state.round}`, round.spec)
  const { definition } = await readFrozen(files, plugin)
  const evaluation = await evaluationItems(files)
  const [byHeart, vectors] = [openByHeart(deps), openVectors(deps)]
  const { items, ...counts } = await collectItems(written.spec, definition, deps, {
    guarded: Object.values(evaluation).flat(),
    apart: familiesOf(evaluation),
    taken: await earlierIds(files, state.round),
    teacher: deps.llm('teacher'),
    byHeart: byHeart.ask,
    embed: vectors.embed,
  }).finally(() => Promise.all([byHeart.close(), vectors.close()]))
  await writeJsonl(round.items, items)
  await writeJson(round.generated, counts satisfies GenerateCounts)
  deps.emit({
    type: 'item.counts',
    data: { ...counts, accepted: items.length, rejected: 0 },
  })
  return {}
}

const evaluationItems = async (files: RunFiles): Promise<Record<'dev' | 'gate' | 'sealed', ItemBase[]>> => {
  const all = { dev: [] as ItemBase[], gate: [] as ItemBase[], sealed: [] as ItemBase[] }
  for (const split of ['dev', 'gate', 'sealed'] as const)
    all[split] = (await readJsonl<ItemBase>(files.split(split))).rows
  return all
}

const earlierIds = async (files: RunFiles, round: number): Promise<Set<string>> => {
  const ids = new Set<string>()
  for (let n = 1; n < round; n += 1)
    for (const item of (await readJsonl<ItemBase>(files.round(n).items)).rows) ids.add(item.id)
  return ids
}
