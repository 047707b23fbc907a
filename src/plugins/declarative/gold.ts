import { type Expressions, messageOf } from '../../skill.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
/** What an item is made of: a phrase slot holds its label, any other its value. */
export type Slots = Readonly<Record<string, Json>>

/** `= $number(qty)`: JSONata instead of a template. */
export const expressionIn = (text: string): string | undefined =>
  text.startsWith('=') ? text.slice(1).trim() : undefined

export const slotToken = /\{([A-Za-z_]\w*)\}/g

/** An expression that could not be evaluated for one item, and where in the file it stands. */
export class ExpressionFault extends Error {
  constructor(
    readonly path: readonly (string | number)[],
    cause: unknown,
  ) {
    super(messageOf(cause), { cause })
  }
}

/**
 * The right reply for these slots. A text that is one slot keeps the slot's own type, and is null where the item lacks it.
 * @throws {ExpressionFault}
 */
export const fillGold = async (
  template: unknown,
  slots: Slots,
  expressions: Expressions,
  path: ExpressionFault['path'] = ['gold'],
): Promise<Json> => {
  if (typeof template === 'string') {
    const expression = expressionIn(template)
    if (expression === undefined) return fillText(template, slots)
    const value = await expressions.evaluate(expression, slots).catch((error: unknown) => {
      throw new ExpressionFault(path, error)
    })
    return (value ?? null) as Json
  }
  const inside = (key: string | number, value: unknown) => fillGold(value, slots, expressions, [...path, key])
  if (Array.isArray(template)) return Promise.all(template.map((entry, at) => inside(at, entry)))
  if (typeof template !== 'object' || template === null) return template as Json
  const entries = Object.entries(template).map(async ([key, value]) => [key, await inside(key, value)])
  return Object.fromEntries(await Promise.all(entries))
}

const slotValue = (slots: Slots, slot: string): Json | undefined =>
  Object.hasOwn(slots, slot) ? slots[slot] : undefined

const fillText = (text: string, slots: Slots): Json => {
  const [whole, slot] = new RegExp(`^${slotToken.source}$`).exec(text) ?? []
  return whole === undefined ? fillSlots(text, slots) : (slotValue(slots, slot ?? '') ?? null)
}

/** A text with every slot written out; a slot that the item lacks leaves nothing. */
export const fillSlots = (text: string, slots: Slots): string =>
  text.replace(slotToken, (_, slot: string) => {
    const value = slotValue(slots, slot)
    return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
  })

/** Every text of a template with its place in it: what names slots or is an expression. */
export const textsIn = (
  template: unknown,
  path: readonly (string | number)[] = [],
): { path: typeof path; text: string }[] => {
  if (typeof template === 'string') return [{ path, text: template }]
  if (typeof template !== 'object' || template === null) return []
  return Object.entries(template).flatMap(([key, value]) =>
    textsIn(value, [...path, Array.isArray(template) ? Number(key) : key]),
  )
}
