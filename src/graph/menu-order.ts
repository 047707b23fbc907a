import type { AnySkill, ItemBase } from '../core/contract.ts'

/** Items in an order that keeps those together whose prompts begin alike: the ones that show the same tools. */
export const byMenu = (
  items: readonly ItemBase[],
  { definition, deps }: { definition: unknown; deps: { plugin: AnySkill } },
): ItemBase[] => {
  const menuOf = (item: ItemBase) =>
    deps.plugin
      .begin(item, definition)
      .tools.map(({ name }) => name)
      .join('|')
  // by hand, since Node 20 has no Map.groupBy
  const groups = new Map<string, ItemBase[]>()
  for (const item of items) {
    const menu = menuOf(item)
    const group = groups.get(menu)
    if (group) group.push(item)
    else groups.set(menu, [item])
  }
  return [...groups.values()].flat()
}
