import { z } from 'zod'
import type { Json } from '../core/store.ts'
import { defineCommand } from './command.ts'
import { splitOnce } from './inputs.ts'
import { give, type Ordered, orderFields, renderOrdered } from './orders.ts'
import { badPart } from './parts.ts'

const input = z.strictObject({
  item: z
    .string()
    .max(200)
    .describe('id of an item of the round that waits, as `show items` names it')
    .meta({ value: 'ITEM', remote: 'text' }),
  field: z
    .array(z.string())
    .min(1)
    .describe('a field with its new value; JSON is read as such (null takes the field away), anything else is a text')
    .meta({ value: 'NAME=VALUE', remote: 'long-text' }),
  ...orderFields,
})

export const command = defineCommand<typeof input, Ordered>({
  input,
  positional: ['item', 'run'],
  run: (input, context) =>
    give('edit', input, context, { item: input.item, fields: Object.fromEntries(input.field.map(parseField)) }),
  render: renderOrdered,
})

/** @throws {WhetError} bad-input */
const parseField = (text: string): [string, Json] => {
  const [name, value] = splitOnce(text, '=')
  if (!name || value === undefined)
    throw badPart(`--field ${JSON.stringify(text.slice(0, 100))}: write NAME=VALUE, as in request="Which notes?"`)
  try {
    return [name, JSON.parse(value) as Json]
  } catch {
    return [name, value]
  }
}
