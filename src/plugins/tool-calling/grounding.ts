import type { Report } from './call-check.ts'
import { shown } from './compare.ts'
import type { Call } from './conversations.ts'
import { isObject } from './schema.ts'

const isId = /^id$|Id$|_id$/
const isPath = /^[^\n]{1,200}$/
const pathLike = /[\w-]\/[\w-]|\.[a-z]\w{0,4}$/i
/** Arguments that name a thing which somebody must have named before. */
const isName = /name|title|tag|folder|source|destination|file/i
const longestName = 40
const word = /[\p{L}\p{N}]{3,}/gu
/** Smaller numbers are chosen without being said: a limit, a page, a depth. */
const tellingNumber = 13

/**
 * What a call says and nothing before it suggests: ids and numbers that occur nowhere, and paths and names none of whose words does.
 * Warnings, since a reader may know better; such rows teach a model to make things up.
 * @param before  all text of the turns before the call
 */
export const checkGrounding = (call: Call, before: string, lower: () => string, report: Report): void => {
  if (!isObject(call.arguments)) return
  const check = (name: string, value: unknown, path: string) => {
    const kind = ungrounded(name, value, before, lower)
    if (kind === 'unknown-id') report(kind, path, `the id ${shown(value)} occurs nowhere before the call`, 'warning')
    else if (kind) report(kind, path, `nothing before the call suggests ${shown(value)}`, 'warning')
  }
  for (const [name, value] of Object.entries(call.arguments)) {
    const path = `${call.path}.${name}`
    if (isObject(value)) {
      for (const [field, entry] of Object.entries(value)) if (isId.test(field)) check(field, entry, `${path}.${field}`)
    } else check(name, value, path)
  }
}

/** Whether nothing before a call suggests the value of one of its arguments. */
export const isUngrounded = (name: string, value: unknown, before: string): boolean =>
  ungrounded(name, value, before, () => before.toLowerCase()) !== undefined

const ungrounded = (
  name: string,
  value: unknown,
  before: string,
  lower: () => string,
): 'unknown-id' | 'ungrounded-argument' | undefined => {
  if (typeof value === 'number')
    return Math.abs(value) < tellingNumber || before.includes(String(value)) ? undefined : 'ungrounded-argument'
  if (typeof value !== 'string' || value === '') return undefined
  if (isId.test(name)) return before.includes(value) ? undefined : 'unknown-id'
  const path = isPath.test(value) && pathLike.test(value) && !value.includes(' ')
  if (!path && !(isName.test(name) && value.length <= longestName)) return undefined
  const words = value.toLowerCase().match(word) ?? []
  return words.length > 0 && !words.some((part) => lower().includes(part)) ? 'ungrounded-argument' : undefined
}
