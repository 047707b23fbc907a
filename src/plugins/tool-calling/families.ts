import { parseTemplate, slotsOf, type ToolSchema } from '../../skill.ts'
import { argumentPattern, type Json } from './arguments.ts'
import { type Family, type FamilyCall, family, type Phrases } from './family.ts'
import { joined } from './joins.ts'
import type { NamedPack, PackTool } from './pack-schema.ts'
import { parametersOf, propertyOf, requiredOf } from './schema.ts'

type Say = { readonly say: string; readonly with?: Record<string, Json>; readonly may?: Record<string, Json> }

/** All families of the packs that the tools of the catalogue can serve, in the packs' order, each id once. */
export const familiesOf = (
  packs: readonly NamedPack[],
  tools: readonly ToolSchema[],
  heldOut: boolean,
  unseen: readonly string[] = [],
): Family[] => {
  const schemas = new Map(tools.map((tool) => [tool.name, tool]))
  const families = packs.flatMap(({ content }, pack) => {
    const base = { pack, heldOut, unseen, schemas, content }
    const single = calls(base)
    return [...single, ...several(base), ...joined(base, single), ...asks(base), ...declines(base)]
  })
  return [...new Map(families.map((family) => [family.id, family])).values()]
}

/** The canonical tools that a hand-written request calls together: they must fit into one menu. */
export const togetherOf = (families: readonly Family[]): string[][] =>
  families
    .filter(({ kind, joined }) => kind === 'several' && !joined)
    .map(({ calls }) => calls.map(({ tools }) => tools[0] ?? ''))

/** The tools of the catalogue that serve a pack's tool, or undefined where there is none. */
const servedBy = ({ schemas, content }: Phrases, name: string): readonly string[] | undefined => {
  const served = [name, ...(content.tools[name]?.same ?? [])].filter((candidate) => schemas.has(candidate))
  return served.length > 0 ? served : undefined
}

const calls = (base: Phrases): Family[] =>
  Object.entries(base.content.tools).flatMap(([name, tool]) => {
    const tools = servedBy(base, name)
    if (!tools) return []
    return (['direct', 'indirect'] as const).flatMap((style) =>
      tool.say[style].map((say) => {
        const call = familyCall(base, tool, tools, '', say)
        const options = saysOption(base, tools[0] ?? '', call, say) ? 'some' : 'none'
        const tags = { tool: [tools[0] ?? ''], style: [style], options: [options] }
        return family(base, {
          kind: 'call',
          say: say.say,
          slots: tool.slots,
          tags,
          calls: [call],
          order: 'free',
          replies: [],
        })
      }),
    )
  })

const familyCall = (
  base: Phrases,
  tool: PackTool,
  tools: readonly string[],
  prefix: string,
  say: Pick<Say, 'with' | 'may'> = {},
): FamilyCall => {
  const schema = base.schemas.get(tools[0] ?? '')
  const pattern = (name: string, value: unknown) =>
    argumentPattern(value, schema && propertyOf(parametersOf(schema), name))
  const all = { ...tool.arguments, ...say.with, ...say.may }
  return {
    prefix,
    tools,
    fixture: tool.fixture,
    arguments: Object.entries(all).map(([name, value]) => ({
      name,
      pattern: pattern(name, value),
      accept: (tool.accept[name] ?? []).map((accepted) => pattern(name, accepted)),
      optional: say.may !== undefined && Object.hasOwn(say.may, name),
      anyOrder: tool.anyOrder.includes(name),
    })),
  }
}

/** Whether the wording gives a value to an argument that the schema does not require. */
const saysOption = ({ schemas }: Phrases, tool: string, call: FamilyCall, say: Say): boolean => {
  const schema = schemas.get(tool)
  const required = schema ? requiredOf(parametersOf(schema)) : []
  const slots = slotsOf(parseTemplate(say.say))
  return call.arguments.some(
    ({ name, pattern, optional }) =>
      !optional && !required.includes(name) && pattern.slots.every((slot) => slots.includes(slot)),
  )
}

const several = (base: Phrases): Family[] =>
  base.content.several.flatMap(({ say, calls: letters, order }) => {
    const made: FamilyCall[] = []
    const slots: Record<string, string> = {}
    for (const [letter, name] of Object.entries(letters)) {
      const tools = servedBy(base, name)
      const tool = base.content.tools[name]
      if (!tools || !tool) return []
      made.push(familyCall(base, tool, tools, `${letter}.`))
      for (const [slot, value] of Object.entries(tool.slots)) slots[`${letter}.${slot}`] = value
    }
    const tags = { tool: [...new Set(made.map(({ tools }) => tools[0] ?? ''))], order: [order] }
    return [family(base, { kind: 'several', say, slots, tags, calls: made, order, replies: [] })]
  })

const asks = (base: Phrases): Family[] =>
  Object.entries(base.content.tools).flatMap(([name, tool]) => {
    const tools = servedBy(base, name)
    if (!tools) return []
    return Object.entries(tool.ask).flatMap(([slot, { names, say, reply }]) => {
      const call = familyCall(base, tool, tools, '')
      const argument = call.arguments.find(({ pattern }) => pattern.slots.includes(slot))?.name ?? slot
      const tags = { tool: [tools[0] ?? ''], lacks: [argument] }
      const parts = {
        slots: tool.slots,
        tags,
        calls: [call],
        order: 'free',
        asks: { argument, names },
        replies: reply,
      } as const
      return say.map((text) => family(base, { kind: 'ask', say: text, ...parts }))
    })
  })

const declines = (base: Phrases): Family[] =>
  (base.content.decline?.say ?? []).map((say) =>
    family(base, {
      kind: 'decline',
      say,
      slots: {},
      tags: {},
      calls: [],
      order: 'free',
      replies: base.content.decline?.reply ?? [],
    }),
  )
