import path from 'node:path'
import type { AnySkill, ItemBase, Llm } from '../core/contract.ts'
import { WhetError } from '../core/errors.ts'
import { type EvaluationRow, outcomeOf } from '../core/evaluation.ts'
import { type Rate, Tally } from '../core/rates.ts'
import { clustered, type Interval, passHatK } from '../core/stats.ts'
import type { Student } from '../core/student.ts'
import type { Deps } from './deps.ts'
import { evaluateItems } from './evaluate-items.ts'

/** How sure a student is: each item asked several times at a temperature. */
export interface Steadiness {
  readonly criterion: string
  readonly samples: number // replies to each item
  readonly temperature: number
  readonly items: number // those whose replies could all be judged
  /** pass^k for k = 1 .. samples: the chance that k replies to one item are all right. */
  readonly passHat: readonly { readonly k: number; readonly rate: number; readonly interval?: Interval }[]
}

/** How much hangs on the wording: each item asked in other words too. */
export interface Robustness {
  readonly criterion: string
  readonly items: number // those that have another wording in their split
  readonly alone: number // those that have none: in no rate
  readonly wordings: number // asked, the items' own included
  readonly plain: Rate // right in their own wording
  readonly every: Rate // right in each of their wordings
}

interface DepthOptions {
  readonly items: readonly ItemBase[]
  readonly split: 'dev' | 'gate' | 'train'
  readonly definition: unknown
  readonly deps: Pick<Deps, 'plugin' | 'config' | 'signal' | 'scratch' | 'emit'>
  readonly judge?: Llm | undefined
  student(): Promise<Student>
}

/** What decides promotion: the skill's first target by rows. */
export const primaryOf = (plugin: AnySkill, definition: unknown): string => {
  const targets = plugin.targets(definition)
  return (targets.find(({ measure }) => measure !== 'pooled') ?? targets[0])?.of ?? plugin.format
}

/**
 * pass^k: `samples` replies to each item at `temperature`. For an item with c right ones of n, C(c,k) / C(n,k), averaged
 * over items, with an interval by family; (c/n)^k would flatter (facts on evaluation, 1.7).
 */
export const steadiness = async (
  { samples, temperature }: { readonly samples: number; readonly temperature: number },
  options: DepthOptions,
): Promise<Steadiness> => {
  const { deps, definition } = options
  const criterion = primaryOf(deps.plugin, definition)
  const right = new Map<string, { family: string; judged: number; passes: number }>()
  for (let repetition = 1; repetition <= samples; repetition += 1) {
    const file = path.join(deps.scratch, `sample-${repetition}.jsonl`)
    for (const row of await evaluateItems({ ...options, file, sampling: { temperature, repetition } })) {
      const outcome = outcomeOf(row, criterion)
      if (typeof outcome === 'string') continue
      const { judged = 0, passes = 0 } = right.get(row.item.id) ?? {}
      const counts = { judged: judged + 1, passes: passes + Number(outcome.pass) }
      right.set(row.item.id, { family: row.item.family, ...counts })
    }
  }
  const whole = [...right.values()].filter(({ judged }) => judged === samples)
  const passHat = Array.from({ length: whole.length > 0 ? samples : 0 }, (_, at) => {
    const k = at + 1
    const chances = whole.map(({ family, passes }) => ({ family, difference: passHatK(samples, passes, k) }))
    return { k, ...meanOf(chances) }
  })
  return { criterion, samples, temperature, items: whole.length, passHat }
}

const meanOf = (chances: readonly { readonly family: string; readonly difference: number }[]) => {
  const rate = chances.reduce((sum, { difference }) => sum + difference, 0) / chances.length
  const bounds = clustered(chances)
  return bounds ? { rate, interval: { low: Math.max(0, bounds.low), high: Math.min(1, bounds.high) } } : { rate }
}

/**
 * The share of items that are right in all their wordings, beside plain accuracy on the same items.
 * @param count most other wordings of an item
 * @throws {WhetError} no-rephrasing where the skill has none, or none of the split's items has another wording
 */
export const robustness = async (count: number, options: DepthOptions): Promise<Robustness> => {
  const { items, split, definition, deps } = options
  const { plugin } = deps
  const criterion = primaryOf(plugin, definition)
  const groups = items.map((item) => ({ item, others: plugin.rephrase?.(item, definition, { split, count }) ?? [] }))
  const worded = groups.filter(({ others }) => others.length > 0)
  if (worded.length === 0) throw noRephrasing(plugin, split)
  // two items may have one wording in common: it is asked once
  const asked = new Map(worded.flatMap(({ item, others }) => [item, ...others].map((one) => [one.id, one] as const)))
  const file = path.join(deps.scratch, 'rephrased.jsonl')
  const rows = await evaluateItems({ ...options, items: [...asked.values()], file })
  const rowOf = new Map<string, EvaluationRow>(rows.map((row) => [row.item.id, row]))
  const [plain, every] = [new Tally(), new Tally()]
  for (const { item, others } of worded) {
    const passes = [item, ...others].map(({ id }) => passOf(rowOf.get(id), criterion))
    if (passes.includes(undefined)) continue
    plain.add(item.family, passes[0] === true)
    every.add(item.family, passes.every(Boolean))
  }
  const counts = { items: worded.length, alone: groups.length - worded.length, wordings: asked.size }
  return { criterion, ...counts, plain: plain.rate(), every: every.rate() }
}

const passOf = (row: EvaluationRow | undefined, criterion: string): boolean | undefined => {
  const outcome = row ? outcomeOf(row, criterion) : 'unscored'
  return typeof outcome === 'string' ? undefined : outcome.pass
}

const noRephrasing = (plugin: AnySkill, split: string) =>
  new WhetError({
    code: 'no-rephrasing',
    message: plugin.rephrase
      ? `No ${split} item has a second wording in its split. Give more items (--items), or a pack with more phrasings of one tool (--pack).`
      : `The skill ${plugin.name} cannot put an item into other words. Leave --rephrase out.`,
    fixedBy: 'config',
    exit: 2,
    data: { skill: plugin.name, split },
  })
