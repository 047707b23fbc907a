import type { ItemBase } from '../core/contract.ts'
import { WhetError } from '../core/errors.ts'
import { excerpt } from '../core/excerpt.ts'
import { checkItems } from './check-items.ts'
import type { Deps } from './deps.ts'

const rows = 3
const longestReason = 300

/**
 * The same seed gives the same items: a run whose items change when it is resumed could not be compared with itself.
 * @returns a few items of dev
 * @throws {WhetError} plugin-unsteady
 */
export const requireSteady = async (
  definition: unknown,
  { plugin, config, signal }: Pick<Deps, 'plugin' | 'config' | 'signal'>,
): Promise<ItemBase[]> => {
  const make = async () => {
    const items: ItemBase[] = []
    const spec = { seed: config.seed, split: 'dev', parts: [{ where: {}, rows }] } as const
    for await (const item of plugin.generate(spec, definition, { signal, progress: () => {} })) items.push(item)
    return items
  }
  const [first, again] = [await make(), await make()]
  if (JSON.stringify(first) === JSON.stringify(again)) return first
  throw new WhetError({
    code: 'plugin-unsteady',
    message: `The skill ${plugin.name} made other items of the same seed the second time. Take every choice from mulberry32(seedFrom(spec.seed, ...)), none from Math.random or the clock; \`whet plugin check\` shows which item differs.`,
    fixedBy: 'plugin',
    data: { plugin: plugin.name },
  })
}

/**
 * Right answers pass their own grader, or at least one of a few does: a skill in which none can is told before anything is frozen and
 * before the base is measured, so that the run goes on with what was mended.
 * @throws {WhetError} gold-fails, or what the skill's own code threw
 */
export const requireSound = async (
  items: readonly ItemBase[],
  definition: unknown,
  deps: Pick<Deps, 'plugin' | 'config' | 'signal' | 'scratch'>,
): Promise<void> => {
  const checked = await checkItems(items, definition, deps)
  const [first] = checked
  if (!first || checked.some(({ reasons }) => reasons.length === 0)) return
  if (first.error !== undefined) throw first.error
  const { plugin } = deps
  throw new WhetError({
    code: 'gold-fails',
    message: `The right answers of ${plugin.name} fail its own grader, all ${checked.length} that were tried. The first, ${first.item.id}: ${oneLine(first.reasons.join('; '))}. Mend \`gold\` or \`grade\`; \`whet plugin check\` shows each.`,
    fixedBy: 'plugin',
    data: { plugin: plugin.name, item: first.item.id, reasons: first.reasons },
  })
}

const oneLine = (text: string) => excerpt(text, longestReason).replace(/\s+/g, ' ').trim()
