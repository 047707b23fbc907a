import type { Report } from './call-check.ts'
import { shown } from './compare.ts'
import type { Call } from './conversations.ts'
import { isObject } from './schema.ts'

const isId = /^id$|Id$|_id$/
const isPath = /^[^\n]{1,200}$/
const pathLike = /[\w-]\/[\w-]|\.[a-z]\w{0,4}$/i
const word = /[\p{L}\p{N}]{4,}/gu

/**
 * What a call says and nothing before it suggests: ids that occur nowhere, and paths none of whose words does. Warnings,
 * since a reader may know better; such rows teach a model to make things up.
 * @param before  all text of the turns before the call
 */
export const checkGrounding = (call: Call, before: string, lower: () => string, report: Report): void => {
  if (!isObject(call.arguments)) return
  for (const [name, value] of Object.entries(call.arguments)) {
    const path = `${call.path}.${name}`
    if (typeof value === 'string') checkValue(name, value, path, before, lower, report)
    else if (isObject(value))
      for (const [field, entry] of Object.entries(value))
        if (typeof entry === 'string' && isId.test(field))
          checkValue(field, entry, `${path}.${field}`, before, lower, report)
  }
}

const checkValue = (
  name: string,
  value: string,
  path: string,
  before: string,
  lower: () => string,
  report: Report,
): void => {
  if (isId.test(name)) {
    if (value !== '' && !before.includes(value))
      report('unknown-id', path, `the id ${shown(value)} occurs nowhere before the call`, 'warning')
    return
  }
  if (!isPath.test(value) || !pathLike.test(value) || value.includes(' ')) return
  const words = value.toLowerCase().match(word) ?? []
  if (words.length > 0 && !words.some((part) => lower().includes(part)))
    report('ungrounded-argument', path, `nothing before the call suggests ${shown(value)}`, 'warning')
}
