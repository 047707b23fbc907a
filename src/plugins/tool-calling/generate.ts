import { createHash } from 'node:crypto'
import {
  type GenerateContext,
  type GenerationSpec,
  mulberry32,
  render,
  requireKnownTags,
  type SlotValues,
  type SpecPart,
  type Split,
  seedFrom,
  type ValueSource,
  WhetError,
} from '../../skill.ts'
import type { AnyItem } from './any-item.ts'
import type { Json } from './arguments.ts'
import { type Compiled, compiled } from './compiled.ts'
import type { Definition } from './definition.ts'
import type { Family, FamilyCall } from './family.ts'
import { filledUp } from './fillers.ts'
import { fixtureOf } from './fixture.ts'
import { goldCall } from './gold.ts'
import type { ExpectedArgument, ExpectedCall, Item } from './item.ts'
import { roughen } from './noise.ts'
import { fits, planPart } from './plan.ts'
import { recorded } from './recorded/draw.ts'
import { scenarios } from './scenarios/generate.ts'

const triesPerFamily = 6

/**
 * Items by construction: the truth of each is known because its request was made from it. The same seed gives the same
 * items; no request comes twice, so a part may give fewer rows than it asks for when its phrasings are exhausted.
 * @throws {WhetError} held-out-pack · unknown-tag · no-phrasing
 */
export async function* generate(
  spec: GenerationSpec,
  definition: Definition,
  context: Pick<GenerateContext, 'signal'>,
): AsyncGenerator<AnyItem> {
  if (definition.heldOut && spec.split === 'train') throw heldOut()
  const made = compiled(definition)
  const requests = new Set<string>()
  for (const [index, asked] of spec.parts.entries()) {
    const seed = seedFrom('items', spec.seed, spec.split, index)
    const random = mulberry32(seed)
    const told = trainable(asked, spec.split, made, definition)
    const { part, recordings } = recorded(told, spec.split, made, definition, seed)
    yield* recordings
    if (part.rows === 0 && recordings.length > 0) continue
    const rows = scenarioRows(part, spec.split, made, definition)
    if (rows > 0) yield* scenarios({ ...part, rows }, spec.split, made.scenarios, definition, seed)
    if (rows === part.rows && rows > 0) continue
    const plan = planPart({ ...part, rows: part.rows - rows }, spec.split, made, definition.kinds, random)
    for (const [row, { family, instead }] of plan.entries()) {
      if (row % 100 === 0) context.signal.throwIfAborted()
      // each row has dice of its own, so that one row's tries do not shift the next one's draws
      const dice = mulberry32(seed ^ Math.imul(row + 1, 0x9e3779b1))
      const item = freshItem([family, ...instead], dice, { definition, made, requests, split: spec.split })
      if (item) yield item
    }
  }
}

/** A part that asks training for what is held out of it: its rows are spread evenly instead, since nothing may be taught there. */
const trainable = (
  part: SpecPart,
  split: Split,
  { families, scenarios: tasks }: Compiled,
  { data = [] }: Definition,
): SpecPart => {
  if (split !== 'train') return part
  const inData = data.filter(({ tags }) => fits(tags, part.where))
  if (inData.some(({ use }) => use !== 'dev')) return part
  const fitting = families.filter(({ tags }) => fits(tags, part.where))
  const heldBack = fitting.length + inData.length > 0 && !fitting.some(({ splits }) => splits.includes('train'))
  return heldBack && !tasks.some(({ tags }) => fits(tags, part.where)) ? { ...part, where: {} } : part
}

/** How many rows of a part are scenarios: all or none where only one of both has what it asks for, else their share. */
const scenarioRows = (part: SpecPart, split: Split, made: Compiled, { scenarios: options }: Definition): number => {
  if (!options) return 0
  requireKnownTags(part.where, made.dimensions)
  if (!made.scenarios.some((family) => family.split === split && fits(family.tags, part.where))) return 0
  const single = made.families.some((family) => family.splits.includes(split) && fits(family.tags, part.where))
  return single ? Math.round(part.rows * options.share) : part.rows
}

interface Making {
  readonly definition: Definition
  readonly made: Compiled
  readonly requests: Set<string>
  readonly split: Split
}

/** A request that is not there yet and whose right calls fit into a reply. */
const freshItem = (
  families: readonly Family[],
  random: () => number,
  { definition, made, requests, split }: Making,
): Item | undefined => {
  for (const family of families)
    for (let tries = 0; tries < triesPerFamily; tries += 1) {
      const item = makeItem(family, made, made.values(family.pack, split), random, split, definition)
      if (lengthOfCalls(item, definition) > definition.replyChars) continue
      const key = item.request
        .toLowerCase()
        .replace(/[\s.?!,]+/g, ' ')
        .trim()
      if (requests.has(key)) continue
      requests.add(key)
      return item
    }
  return undefined
}

const lengthOfCalls = (item: Item, definition: Definition): number =>
  item.truth.calls
    .map((call, index) => goldCall(call, index, item, definition))
    .reduce((sum, { name, arguments: args }) => sum + tagged(JSON.stringify({ name, arguments: args })).length, 0)

/** A call as the chat template writes it. */
const tagged = (call: string) => `<tool_call>\n${call}\n</tool_call>\n`

const makeItem = (
  family: Family,
  made: Compiled,
  source: ValueSource,
  random: () => number,
  split: Split,
  { unseenTools: unseen = [], fillTo }: Pick<Definition, 'unseenTools' | 'fillTo'>,
): Item => {
  const values = drawValues(family, source, random)
  const menus = made.menusOf(family)
  const drawn = menus[Math.floor(random() * menus.length)] ?? []
  const seen = split === 'train' ? drawn.filter((name) => !unseen.includes(name)) : drawn
  const menu = fillTo === undefined ? seen : filledUp(seen, [...made.tools.keys()], fillTo)
  const request = roughen(render(family.pieces, values, random), family.pieces, random)
  const reply = family.replies[Math.floor(random() * family.replies.length)]
  const { truth, fixture } = truthOf(family, values)
  return {
    id: idOf(family.id, menu, request),
    family: family.id,
    tags: family.tags as Item['tags'],
    request,
    menu: [...menu],
    kind: family.kind,
    truth,
    fixture,
    values,
    ...(reply !== undefined && { reply }),
  }
}

const drawValues = (family: Family, source: ValueSource, random: () => number): SlotValues => {
  const values: Record<string, string> = {}
  const taken = new Set<string>()
  for (const { slot, value } of family.draws) {
    const drawn = source.draw(value, random, taken)
    taken.add(drawn)
    values[slot] = drawn
  }
  return values
}

export const truthOf = (family: Family, values: SlotValues): Pick<Item, 'truth' | 'fixture'> => {
  const locals = family.calls.map((call) => localValues(call, values))
  if (family.asks) {
    const [call] = family.calls
    const said = Object.fromEntries(
      (call?.arguments ?? []).flatMap(({ name, pattern }) => {
        const value = name === family.asks?.argument ? undefined : pattern.fill(locals[0] ?? {})
        return value === undefined || pattern.slots.length === 0 ? [] : [[name, value]]
      }),
    )
    const asks = { tool: call?.tools[0] ?? '', argument: family.asks.argument, names: [...family.asks.names], said }
    return { truth: { calls: [], order: 'free', asks }, fixture: { files: {}, folders: [] } }
  }
  const calls = family.calls.map((call, index) => expectedCall(call, locals[index] ?? {}))
  return { truth: { calls, order: family.order }, fixture: fixtureOf(family.calls, locals) }
}

/** The values of one call of a request with several, under the slots' own names. */
const localValues = ({ prefix }: FamilyCall, values: SlotValues): SlotValues =>
  prefix === ''
    ? values
    : Object.fromEntries(
        Object.entries(values).flatMap(([slot, value]) =>
          slot.startsWith(prefix) ? [[slot.slice(prefix.length), value]] : [],
        ),
      )

const expectedCall = (call: FamilyCall, values: SlotValues): ExpectedCall => {
  const args: Record<string, ExpectedArgument> = {}
  for (const { name, pattern, accept, optional, anyOrder } of call.arguments) {
    const value = pattern.fill(values)
    if (value === undefined) continue
    const others = accept.map((accepted) => accepted.fill(values)).filter((other): other is Json => other !== undefined)
    args[name] = {
      values: [value, ...others],
      ...(optional && { optional: true as const }),
      ...(anyOrder && { anyOrder: true as const }),
    }
  }
  return { tools: [...call.tools], arguments: args }
}

/** The same request of the same family with the same tools has the same id in every run. */
export const idOf = (family: string, menu: readonly string[], request: string): string =>
  `tc-${createHash('sha256')
    .update([family, ...menu, request].join('\n'))
    .digest('hex')
    .slice(0, 12)}`

const heldOut = () =>
  new WhetError({
    code: 'held-out-pack',
    message:
      'These phrase packs are held out for evaluation (options.heldOut): nothing may be trained on them. Train on another pack.',
    fixedBy: 'config',
    exit: 2,
  })
