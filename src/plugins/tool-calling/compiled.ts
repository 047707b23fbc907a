import { type Dimensions, type Split, type Tags, type ToolSchema, type ValueSource, valueSource } from '../../skill.ts'
import type { Definition } from './definition.ts'
import { familiesOf } from './families.ts'
import type { Family } from './family.ts'
import { type ScenarioFamily, scenarioFamilies } from './scenarios/families.ts'

/** A definition taken apart for speed: made once for each definition object, never stored. */
export interface Compiled {
  readonly tools: ReadonlyMap<string, ToolSchema>
  readonly families: readonly Family[] // those that at least one menu can serve
  readonly scenarios: readonly ScenarioFamily[]
  readonly dimensions: Dimensions
  menusOf(family: Family): readonly (readonly string[])[]
  values(pack: number, split: Split): ValueSource
}

const cache = new WeakMap<Definition, Compiled>()

export const compiled = (definition: Definition): Compiled => {
  const known = cache.get(definition)
  if (known) return known
  const made = compile(definition)
  cache.set(definition, made)
  return made
}

const compile = (definition: Definition): Compiled => {
  const menus = new Map<string, readonly (readonly string[])[]>()
  const families = familiesOf(definition.packs, definition.tools, definition.heldOut, definition.unseenTools).filter(
    (family) => {
      const serving = definition.menus.filter((menu) =>
        family.calls.every(({ tools }) => tools.some((tool) => menu.includes(tool))),
      )
      menus.set(family.id, serving)
      return serving.length > 0
    },
  )
  const scenarios = definition.scenarios
    ? scenarioFamilies(definition.scenarios.files, definition.tools, definition.scenarios)
    : []
  const sources = new Map<string, ValueSource>()
  return {
    tools: new Map(definition.tools.map((tool) => [tool.name, tool])),
    families,
    scenarios,
    dimensions: dimensionsOf([...families, ...scenarios, ...(definition.data ?? [])]),
    menusOf: ({ id }) => menus.get(id) ?? [],
    values: (pack, split) => {
      const key = `${pack} ${split}`
      const known = sources.get(key)
      if (known) return known
      const content = definition.packs[pack]?.content
      if (!content) throw new Error(`the definition has no pack ${pack}`)
      const source = valueSource(content, split, definition.heldOut)
      sources.set(key, source)
      return source
    },
  }
}

/** Every tag that an item can carry, with all its values in the families' order. */
const dimensionsOf = (families: readonly { readonly tags: Tags }[]): Dimensions => {
  const dimensions: Record<string, string[]> = {}
  for (const { tags } of families)
    for (const [dimension, values] of Object.entries(tags)) {
      const known = dimensions[dimension] ?? []
      dimensions[dimension] = known
      for (const value of values) if (!known.includes(value)) known.push(value)
    }
  return dimensions
}
