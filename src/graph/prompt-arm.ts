import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LoadedConfig } from '../core/config.ts'
import type { AnySkill, ItemBase, Transcript } from '../core/contract.ts'
import { isWhetError } from '../core/errors.ts'
import { type EvaluationRow, outcomeOf } from '../core/evaluation.ts'
import type { ArmResult } from '../core/experiment.ts'
import { readJson, readJsonl, writeJson } from '../core/jsonl.ts'
import { type Prompt, promptedStudent } from '../core/prompted.ts'
import { mulberry32, seedFrom, shuffle } from '../core/random.ts'
import type { RunFiles } from '../core/workspace.ts'
import type { SftRow } from './check-items.ts'
import type { OpenStudent } from './deps.ts'
import type { EngineOptions } from './engine.ts'
import { evaluateItems } from './evaluate-items.ts'
import { machinesFor } from './local.ts'
import { readFrozen } from './nodes/define.ts'

/** What the prompt arm of one seed found; it is there once the arm has ended. */
export interface PromptResult extends Pick<ArmResult, 'passes'> {
  readonly tried: number
  readonly examples: number // of the best prompt
  readonly devRate: number
  readonly minutes: number
}

export interface PromptArm extends EngineOptions {
  readonly loaded: LoadedConfig
  readonly plugin: AnySkill
  readonly start: RunFiles // the shared first round: its items, its gold, its untouched student
  readonly folder: string // replies are kept here, so that a broken-off search goes on
  readonly criterion: string
  readonly minutes: number // what the trained arms of this seed took: the search may take as long
  readonly seed: number
  readonly signal: AbortSignal
}

/** Examples shown, one prompt after the other; the rest are further draws of examples. Ten such prompts are a fair try. */
const ladder = [0, 2, 4, 8, 4, 2, 8, 4, 2, 8]
/** An example longer than this would push the others out of the context. */
const longestExample = 1500

/**
 * The best prompt for the untouched student within the time that a trained arm took: instruction and gold examples of
 * training items, chosen on dev and measured once on gate. Where it does as well as training, there is nothing to train.
 */
export const promptArm = async (arm: PromptArm): Promise<PromptResult> => {
  const { folder, start, plugin, loaded } = arm
  const file = path.join(folder, 'result.json')
  const known = await readJson<PromptResult>(file)
  if (known) return known
  await mkdir(folder, { recursive: true })
  const scratch = await mkdtemp(path.join(tmpdir(), 'whet-prompt-'))
  const frozen = await readFrozen(start, plugin)
  const { students } = machinesFor(arm, loaded)
  let opened: OpenStudent | undefined
  const student = async () => {
    opened ??= await students.open({ adapter: null, model: start.round(0).model }, arm.signal)
    return opened.student
  }
  const answered = async (prompt: Prompt, split: 'dev' | 'gate', name: string) =>
    evaluateItems({
      items: (await readJsonl<ItemBase>(start.split(split))).rows,
      file: path.join(folder, `${name}.jsonl`),
      split,
      definition: frozen.definition,
      deps: { plugin, config: loaded.config, signal: arm.signal, scratch, emit: () => {} },
      student: async () => promptedStudent(await student(), prompt),
    })
  try {
    const began = Date.now()
    let best: { prompt: Prompt; rate: number } | undefined
    let tried = 0
    for (const [at, count] of ladder.entries()) {
      if (at > 0 && Date.now() - began > arm.minutes * 60_000) break
      const prompt = { instruction: plugin.summary, examples: await examplesOf(arm, count, at) }
      const rows = await fitting(() => answered(prompt, 'dev', `dev-${at}`))
      tried += 1
      const rate = rows ? rateOf(rows, arm.criterion) : 0
      if (!best || rate > best.rate) best = { prompt, rate }
    }
    const { prompt, rate } = best!
    const passes = passesIn(await answered(prompt, 'gate', 'gate'), arm.criterion)
    const minutes = (Date.now() - began) / 60_000
    const result = { passes, tried, examples: prompt.examples.length, devRate: rate, minutes }
    await writeJson(file, result)
    return result
  } finally {
    await opened?.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Nothing where the prompt leaves no room for the request. */
const fitting = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work()
  } catch (error) {
    if (isWhetError(error) && error.code === 'student-context') return undefined
    throw error
  }
}

/** Gold of training items, of as many kinds as there are: what is shown once is understood better than what is shown twice. */
const examplesOf = async ({ start, seed }: PromptArm, count: number, draw: number): Promise<Transcript[]> => {
  if (count === 0) return []
  const { rows } = await readJsonl<SftRow>(start.round(1).accepted)
  const items = new Map((await readJsonl<ItemBase>(start.round(1).items)).rows.map((item) => [item.id, item]))
  const random = mulberry32(seedFrom('examples', seed, draw))
  const short = shuffle(random, rows).filter((row) => JSON.stringify(row.completion).length < longestExample)
  const kinds = new Map<string, SftRow[]>()
  for (const row of short) {
    const tags = items.get(row.id.slice(0, row.id.lastIndexOf('#')))?.tags ?? {}
    const kind = Object.values(tags)[0]?.join(' ') ?? ''
    kinds.set(kind, [...(kinds.get(kind) ?? []), row])
  }
  const chosen: SftRow[] = []
  while (chosen.length < count && [...kinds.values()].some(({ length }) => length > 0))
    for (const own of kinds.values()) {
      const row = own.shift()
      if (row && chosen.length < count) chosen.push(row)
    }
  return chosen.map(({ prompt, completion }) => [...prompt, ...completion])
}

const passesIn = (rows: readonly EvaluationRow[], criterion: string): Record<string, boolean> =>
  Object.fromEntries(
    rows.flatMap((row) => {
      const outcome = outcomeOf(row, criterion)
      return typeof outcome === 'string' ? [] : [[row.item.id, outcome.pass] as const]
    }),
  )

const rateOf = (rows: readonly EvaluationRow[], criterion: string): number => {
  const passes = Object.values(passesIn(rows, criterion))
  return passes.length === 0 ? 0 : passes.filter(Boolean).length / passes.length
}
