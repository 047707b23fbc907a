import { createHash } from 'node:crypto'
import {
  type GenerateContext,
  type GenerationSpec,
  mulberry32,
  pick,
  type Random,
  render,
  requireKnownTags,
  type SpecPart,
  seedFrom,
  shuffle,
  type Tags,
  WhetError,
} from '../../skill.ts'
import { type Material, rowFamily, type Say } from './compiled.ts'
import type { Definition } from './definition.ts'
import { dimensionsOf } from './dimensions.ts'
import type { SkillTools } from './expressions.ts'
import { fillGold, type Json } from './gold.ts'
import type { Item } from './item.ts'
import { dimensionSlots, sourceOf } from './source.ts'
import type { Row } from './table.ts'

const triesPerRow = 12
/** So many golds that cannot be made, and none that can, are no bad luck but a broken file. */
const patience = 4
/** Golds that may fail beside those that can be made: beyond it more than half are not to fail. */
const tolerated = 20

/**
 * Items by construction: labels, wordings and values are drawn for the split, and the gold is made from what was drawn. The
 * same seed gives the same items; no request comes twice, so a part may give fewer rows than it asks for.
 * @throws {WhetError} unknown-tag · no-material · gold-failed
 */
export async function* generate(
  spec: GenerationSpec,
  definition: Definition,
  { signal }: Pick<GenerateContext, 'signal'>,
  tools: SkillTools,
): AsyncGenerator<Item> {
  const material = tools.material(definition, spec.split)
  const requests = new Set<string>()
  let [made, failed] = [0, 0]
  for (const [index, part] of spec.parts.entries()) {
    const draws = planOf(part, definition, material, mulberry32(seedFrom('order', spec.seed, spec.split, index)))
    if (part.rows > 0 && !draws) throw noMaterial(part.where, spec.split)
    for (let row = 0; row < part.rows && draws; row += 1) {
      if (row % 50 === 0) signal.throwIfAborted()
      const random = mulberry32(seedFrom('item', spec.seed, spec.split, index, row))
      const drawn = freshDraw(draws, row, random, requests)
      if (!drawn) continue
      const item = await itemOf(drawn, definition, tools)
      if (item.fault === undefined) made += 1
      else failed += 1
      if (item.fault !== undefined && failed >= (made === 0 ? patience : Math.max(tolerated, made)))
        throw goldFailed(item, failed)
      // train items are validated and told with their reason; an evaluation must hold none that nobody can pass
      if (item.fault === undefined || spec.split === 'train') yield item
    }
  }
}

interface Draws {
  readonly says: readonly Say[]
  readonly rows: readonly Row[]
  readonly material: Material
  readonly definition: Definition
  /** Labels of a slot that a spec allows and the split has wordings for, in the order of their turn. */
  labels(slot: string): readonly string[]
}

/** What a part may draw from. @returns undefined where nothing fits its tags */
const planOf = (part: SpecPart, definition: Definition, material: Material, random: Random): Draws | undefined => {
  const { content, columns } = definition
  requireKnownTags(part.where, dimensionsOf(definition))
  const slots = dimensionSlots(content)
  const wanted = Object.entries(part.where).map(([dimension, values]) => ({ slot: slots[dimension] ?? '', values }))
  const asColumn = wanted.filter(({ slot }) => sourceOf(slot, content, columns)?.kind === 'column')
  const asPhrases = wanted.filter((each) => !asColumn.includes(each))
  const rows = material.rows.filter((row) =>
    asColumn.every(({ slot, values }) => values.includes(String(row[columnOf(slot, content)]))),
  )
  const labelsOf = new Map<string, readonly string[]>()
  const labels = (slot: string) => {
    const known = labelsOf.get(slot)
    if (known) return known
    const allowed = asPhrases.find((each) => each.slot === slot)?.values
    const there = Object.entries(material.wordings(slot)).flatMap(([label, wordings]) =>
      wordings.length > 0 ? [label] : [],
    )
    const made = shuffle(
      random,
      there.filter((label) => allowed?.includes(label) ?? true),
    )
    labelsOf.set(slot, made)
    return made
  }
  const says = material.says.filter(
    (say) =>
      asPhrases.every(({ slot }) => say.phrases.includes(slot)) &&
      say.phrases.every((slot) => labels(slot).length > 0) &&
      (columns.length === 0 || rows.length > 0),
  )
  return says.length === 0 ? undefined : { says, rows: shuffle(random, rows), material, definition, labels }
}

const columnOf = (slot: string, content: Definition['content']): string => content.slots[slot] ?? slot

interface Drawn {
  readonly request: string
  readonly family: string
  readonly slots: Readonly<Record<string, Json>>
  readonly said: Readonly<Record<string, string>>
}

/** A request that is not there yet. */
const freshDraw = (draws: Draws, row: number, random: Random, requests: Set<string>): Drawn | undefined => {
  for (let tries = 0; tries < triesPerRow; tries += 1) {
    const drawn = draw(draws, row + tries * 7, random)
    const key = drawn.request
      .toLowerCase()
      .replace(/[\s.?!,]+/g, ' ')
      .trim()
    if (key === '' || requests.has(key)) continue
    requests.add(key)
    return drawn
  }
  return undefined
}

const draw = (draws: Draws, turn: number, random: Random): Drawn => {
  const { content, columns } = draws.definition
  const say = pick(random, draws.says)
  const row = draws.rows.length > 0 ? draws.rows[turn % draws.rows.length] : undefined
  const slots: Record<string, Json> = { ...row }
  const said: Record<string, string> = {}
  const texts: Record<string, string> = {}
  const taken = new Set<string>()
  const value = (slot: string): string => {
    const source = sourceOf(slot, content, columns)
    if (slots[slot] === undefined && source?.kind === 'column') slots[slot] = row?.[source.name] ?? null
    if (slots[slot] === undefined && source?.kind === 'value') {
      const drawn = draws.material.values.draw(source.name, random, taken)
      taken.add(drawn)
      slots[slot] = drawn
    }
    const now = slots[slot]
    return typeof now === 'string' ? now : now === undefined || now === null ? '' : JSON.stringify(now)
  }
  for (const slot of say.slots) {
    if (!say.phrases.includes(slot)) {
      texts[slot] = value(slot)
      continue
    }
    const labels = draws.labels(slot)
    // the labels of the family take turns, so that each gets as many rows; the others are left to chance
    const label = slot === say.family ? (labels[turn % labels.length] as string) : pick(random, labels)
    const wording = pick(random, draws.material.wordings(slot)[label] ?? [])
    slots[slot] = label
    said[slot] = wording.text
    texts[slot] = render(
      wording.pieces,
      Object.fromEntries(wording.slots.map((inner) => [inner, value(inner)])),
      random,
    )
  }
  const request = render(say.pieces, texts, random)
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ([.,!?;])/g, '$1')
    .trim()
  const family = say.family
    ? `${say.family}:${said[say.family]}`
    : row && say.columns.length > 0
      ? rowFamily(row)
      : say.text
  return { request, family, slots, said }
}

const itemOf = async (
  { request, family, slots, said }: Drawn,
  definition: Definition,
  { expressions, told }: SkillTools,
): Promise<Item> => {
  const { content } = definition
  const tags: Record<string, string[]> = {}
  for (const [dimension, slot] of Object.entries(dimensionSlots(content)))
    if (slots[slot] !== undefined && slots[slot] !== null) tags[dimension] = [String(slots[slot])]
  const id = `${content.name}-${createHash('sha256').update(request).digest('hex').slice(0, 16)}`
  const base = { id, family, tags, request, slots: slots as Item['slots'] }
  try {
    const gold = await fillGold(content.gold, { ...slots, request, said }, expressions(content.expressionMs))
    return { ...base, gold: gold as Item['gold'] }
  } catch (error) {
    return { ...base, gold: null, fault: told(error) }
  }
}

const noMaterial = (where: Tags, split: string) =>
  new WhetError({
    code: 'no-material',
    message: `Nothing can be made for ${split} with ${JSON.stringify(where)}: no request, wording or row of that split has these tags. Add wordings or rows.`,
    fixedBy: 'plugin',
    data: { where, split },
  })

const goldFailed = ({ fault, request }: Item, times: number) =>
  new WhetError({
    code: 'gold-failed',
    message: `${fault}. So the gold could not be made ${times} times (the last request was ${JSON.stringify(request.slice(0, 80))}): mend it in the skill's file.`,
    fixedBy: 'plugin',
    data: { fault },
  })
