import type { ItemBase } from '../core/contract.ts'
import { WhetError } from '../core/errors.ts'
import type { Deps } from './deps.ts'

const rows = 3

/**
 * The same seed gives the same items: a run whose items change when it is resumed could not be compared with itself.
 * @throws {WhetError} plugin-unsteady
 */
export const requireSteady = async (
  definition: unknown,
  { plugin, config, signal }: Pick<Deps, 'plugin' | 'config' | 'signal'>,
): Promise<void> => {
  const make = async () => {
    const items: ItemBase[] = []
    const spec = { seed: config.seed, split: 'dev', parts: [{ where: {}, rows }] } as const
    for await (const item of plugin.generate(spec, definition, { signal, progress: () => {} })) items.push(item)
    return JSON.stringify(items)
  }
  const [first, again] = [await make(), await make()]
  if (first === again) return
  throw new WhetError({
    code: 'plugin-unsteady',
    message: `The skill ${plugin.name} made other items of the same seed the second time. Take every choice from mulberry32(seedFrom(spec.seed, ...)), none from Math.random or the clock; \`whet plugin check\` shows which item differs.`,
    fixedBy: 'plugin',
    data: { plugin: plugin.name },
  })
}
