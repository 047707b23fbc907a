/** Reads a JSON value out of what a model says: thoughts, fences and prose around it are left out, small slips mended. */
import { jsonrepair } from 'jsonrepair'
import type { ZodType } from 'zod'

export type Read<T> = { readonly value: T } | { readonly findings: readonly string[] }

const mostFindings = 8

/** @returns the value, or what is wrong with it, in words that the model can act on */
export const readAnswer = <T>(text: string, schema: ZodType<T>): Read<T> => {
  const candidates = jsonTexts(text)
  let findings: string[] = ['the answer holds no JSON object']
  for (const candidate of candidates) {
    const parsed = parse(candidate)
    if (parsed === undefined) continue
    const checked = schema.safeParse(parsed.value)
    if (checked.success) return { value: checked.data }
    findings = checked.error.issues
      .slice(0, mostFindings)
      .map(({ path, message }) => `${path.map(String).join('.') || 'the answer'}: ${message}`)
  }
  return { findings }
}

/** Likely places of the value, the likeliest first. */
const jsonTexts = (text: string): string[] => {
  const said = text.replace(/<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/g, '').trim()
  const fenced = [...said.matchAll(/```[a-z]*\s*\n?([\s\S]*?)```/gi)].map(([, inner = '']) => inner.trim())
  const braces = between(said, '{', '}')
  return [said, ...fenced, ...braces].filter((each) => /^[{["]/.test(each))
}

/** From the first opening brace to its closing one, or to the last in the text where braces stand in strings. */
const between = (text: string, open: string, close: string): string[] => {
  const start = text.indexOf(open)
  const end = text.lastIndexOf(close)
  if (start < 0 || end < start) return []
  let depth = 0
  for (let at = start; at <= end; at += 1) {
    if (text[at] === open) depth += 1
    if (text[at] === close) depth -= 1
    if (depth === 0 && at < end) return [text.slice(start, end + 1), text.slice(start, at + 1)]
  }
  return [text.slice(start, end + 1)]
}

const parse = (text: string): { value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return mended(text)
  }
}

/** Single quotes, trailing commas, comments: mended. A text whose end is missing is not: half a value is no value. */
const mended = (text: string): { value: unknown } | undefined => {
  if (!/[}\]]\s*$/.test(text)) return undefined
  try {
    return { value: JSON.parse(jsonrepair(text)) }
  } catch {
    return undefined
  }
}
