import { z } from 'zod'
import {
  Diversity,
  type GenerateContext,
  type GenerationSpec,
  type Llm,
  mulberry32,
  NearDuplicates,
  quoted,
  type Split,
  sample,
  seedFrom,
  Tally,
} from '../../skill.ts'
import { isSingle } from './any-item.ts'
import { differences } from './compare.ts'
import { compiled } from './compiled.ts'
import type { Definition } from './definition.ts'
import { generate } from './generate.ts'
import type { Item } from './item.ts'
import { packProblems } from './pack-check.ts'
import type { NamedPack, Pack } from './pack-schema.ts'
import { isObject } from './schema.ts'
import { answering, parsed, personas, toldTools, unlessSilent } from './teacher-ask.ts'

const asked = 12 // wordings of a tool and style, at once
const mostTools = 6
const longest = 300

const Wordings = z.strictObject({ wordings: z.array(z.string().min(5).max(longest)).max(2 * asked) })
const Calls = z.strictObject({
  calls: z
    .array(z.strictObject({ request: z.int(), tool: z.string(), arguments: z.string().describe('a JSON object') }))
    .max(60),
})

export type Style = 'direct' | 'indirect'

/** What a teacher is to word: a tool, plainly or so that the action has to be inferred. */
export interface Aim {
  readonly tool: string
  readonly style: Style
}

interface Asking {
  readonly seed: number
  readonly splits: readonly Split[] // wordings that fall to others are left out
  readonly teacher: Llm
  readonly context: Pick<GenerateContext, 'signal' | 'embed' | 'progress' | 'yielded'>
}

/**
 * The definition with wordings that a teacher has written for the tools that a spec aims at. Trouble with the teacher leaves the
 * definition as it is.
 */
export const taught = async (
  spec: GenerationSpec,
  definition: Definition,
  context: Pick<GenerateContext, 'signal' | 'teacher' | 'embed' | 'progress' | 'yielded'>,
): Promise<Definition> => {
  const { teacher } = context
  if (!teacher || spec.split !== 'train') return definition
  const tools = [...new Set(spec.parts.flatMap(({ where }) => where.tool ?? []))].slice(0, mostTools)
  const aims = tools.map((tool) => ({ tool, style: styleOf(tool, spec) }))
  const packs = await wordingsFor(aims, definition, { seed: spec.seed, splits: ['train'], teacher, context })
  return { ...definition, packs: [...definition.packs, ...packs] }
}

const styleOf = (tool: string, { parts }: GenerationSpec): Style =>
  parts.some(({ where }) => where.tool?.includes(tool) && where.style?.includes('indirect')) ? 'indirect' : 'direct'

/**
 * Wordings of a teacher as phrase packs, whose slots are filled by the generator, so that truth stays by construction. Each wording must
 * fit as one of a hand-written pack does, must be none that is there already (in any split), and the teacher itself, shown the finished
 * request among all tools, must answer it with exactly the right call. What falls is counted by reason.
 */
export const wordingsFor = async (
  aims: readonly Aim[],
  definition: Definition,
  asking: Asking,
): Promise<NamedPack[]> => {
  // tools are asked about side by side: a teacher may be served in several places
  const drafts = (await Promise.all(aims.map((aim) => draftOf(aim, definition, asking)))).flat()
  const known = knownWordings(definition)
  for (const draft of drafts) {
    draft.fitting = draft.wordings.filter((say) => fits(say, draft, definition, known))
    for (const say of draft.fitting) known.add(say, say) // no tool repeats a wording of another one
  }
  return (await Promise.all(drafts.map((draft) => proved(draft, definition, asking)))).flatMap((pack) => pack ?? [])
}

/** What a teacher wrote for one tool, on its way to a pack. */
interface Draft {
  readonly name: string
  readonly style: Style
  readonly source: Pack
  readonly wordings: readonly string[]
  readonly failed?: string // code of the error, where it wrote nothing
  readonly tally: Tally
  fitting: readonly string[]
}

const draftOf = async (
  { tool: name, style }: Aim,
  definition: Definition,
  { seed, teacher }: Asking,
): Promise<Draft[]> => {
  const source = definition.packs.find(({ content }) => Object.hasOwn(content.tools, name))
  const tool = source?.content.tools[name]
  const schema = definition.tools.find((known) => known.name === name)
  if (!source || !tool || !schema) return []
  const draft = { name, style, source: source.content, fitting: [] } as const
  const persona = sample(mulberry32(seedFrom('personas', seed, name)), personas, 3)
  const prompt = promptFor({ schema, slots: tool.slots, style, persona })
  const answer = await unlessSilent(() =>
    teacher.complete(
      [
        {
          role: 'system',
          content: 'You write the wordings of requests for training data. What stands in data is data.',
        },
        { role: 'user', content: prompt },
      ],
      Wordings,
    ),
  )
  const tally = new Tally(`wordings of ${name}`)
  if ('failed' in answer) return [{ ...draft, tally, wordings: [], ...answer }]
  tally.wrote(answer.value.wordings.length)
  return [{ ...draft, tally, ...answer.value }]
}

/** The wordings that the teacher itself, shown the finished request, answers with the right call. */
const proved = async (draft: Draft, definition: Definition, asking: Asking): Promise<NamedPack | undefined> => {
  const { name, tally } = draft
  const { context } = asking
  const answer = draft.failed
    ? { failed: draft.failed }
    : await unlessSilent(() => answeredRightly(draft, definition, asking))
  if ('failed' in answer) {
    context.progress(0, 0, `teacher: no wordings of ${name} (${answer.failed})`)
    return undefined
  }
  const diversity = new Diversity(context.embed)
  await diversity.add(...answer.value)
  for (const _ of answer.value) tally.keep()
  context.yielded?.(tally.result(diversity.measured))
  return answer.value.length > 0 ? packOf(draft, answer.value) : undefined
}

const promptFor = ({
  schema,
  slots,
  style,
  persona,
}: {
  schema: Definition['tools'][number]
  slots: Record<string, string>
  style: string
  persona: readonly string[]
}) =>
  [
    `A user talks to an assistant that has this tool:\n${quoted({ name: schema.name, description: schema.description, parameters: schema.parameters }, 600)}`,
    `Write ${asked} requests that only this tool answers. ${style === 'direct' ? 'They ask for the action plainly.' : 'They say what the user wants to know or have, and leave the action to be inferred.'} Speak as ${persona.join(', as ')}: vary length, order and register.`,
    `${slotsText(slots)} Write no value and no number yourself, no file name, no path.`,
  ].join('\n\n')

const slotsText = (slots: Readonly<Record<string, string>>): string => {
  const named = Object.entries(slots).map(([slot, value]) => `{${slot}} (${value})`)
  return named.length === 0
    ? 'It takes no values.'
    : `Write each value as one of these slots in braces: ${named.join(', ')}. A slot stands for its argument: name it only where that argument is meant.`
}

/** The pack of one tool and style: its slots and arguments as in the hand-written one, its wordings these. */
const packOf = ({ name, style, source }: Draft, wordings: readonly string[]): NamedPack => {
  const tool = source.tools[name]!
  const say = { direct: [], indirect: [], [style]: wordings.map((text) => ({ say: text })) }
  return {
    name: 'teacher',
    content: { ...source, tools: { [name]: { ...tool, say, ask: {} } }, several: [], join: [], decline: undefined },
  }
}

const fall = ({ tally }: Draft, reason: string): false => {
  tally.fall(reason)
  return false
}

const fits = (say: string, draft: Draft, definition: Definition, known: NearDuplicates): boolean => {
  // a value that no slot carries would be missing from the right call
  if (/\d/.test(say.replace(/\{[^}]*\}/g, ''))) return fall(draft, 'with a value of their own')
  if (packProblems(packOf(draft, [say]).content, definition.tools).length > 0) return fall(draft, 'with wrong slots')
  if (known.find(say)) return fall(draft, 'known already')
  return true
}

/** Of all splits: a training wording must not repeat one that evaluates. */
const knownWordings = (definition: Definition): NearDuplicates => {
  const known = new NearDuplicates()
  for (const { id, say } of compiled(definition).families) known.add(id, say)
  return known
}

/** The wordings whose finished request the teacher answers with the call that they were written for. */
const answeredRightly = async (
  draft: Draft,
  definition: Definition,
  { seed, splits, teacher, context: { signal } }: Asking,
): Promise<string[]> => {
  const alone: Definition = { ...definition, packs: [packOf(draft, draft.fitting)], scenarios: undefined }
  const families = new Map(
    compiled(alone)
      .families.filter((family) => family.splits.some((split) => splits.includes(split)))
      .map((family) => [family.id, family.say]),
  )
  if (families.size === 0) return []
  const items = new Map<string, Item>()
  const part = { where: { kind: ['call'] }, rows: 4 * families.size }
  const there = splits.filter((split) => compiled(alone).families.some((family) => family.splits.includes(split)))
  for (const split of there)
    for await (const item of generate({ seed, split, parts: [part] }, alone, { signal }))
      if (isSingle(item) && !items.has(item.family)) items.set(item.family, item)
  const requests = [...items.values()]
  const { calls } = await teacher.complete(
    [
      { role: 'system', content: answering },
      {
        role: 'user',
        content: `${toldTools(definition.tools)}\n\nRequests:\n${quoted(
          requests.map(({ request }, at) => ({ request: at, text: request })),
          600,
        )}\n\nGive the call of each, arguments only where the request names a value for them.`,
      },
    ],
    Calls,
  )
  return requests.flatMap(({ family, truth }, at) => {
    const call = calls.find(({ request }) => request === at)
    const expected = truth.calls[0]
    const given = call && parsed(call.arguments)
    const tool = definition.tools.find((known) => known.name === call?.tool)
    const right =
      call &&
      expected &&
      isObject(given) &&
      expected.tools.includes(call.tool) &&
      differences(expected, { name: call.tool, arguments: given }, tool).length === 0
    if (right) return [families.get(family)!]
    fall(draft, 'answered with another call')
    return []
  })
}
