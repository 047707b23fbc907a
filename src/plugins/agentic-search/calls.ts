import { z } from 'zod'
import { unknownName } from '../../skill.ts'

/** A call as the environment and the grader read it; they must agree on what is well formed. */
export type SearchCall =
  | { readonly name: 'search'; readonly query: string; readonly limit?: number | undefined }
  | { readonly name: 'read'; readonly document: string; readonly from?: number | undefined }
  | { readonly name: 'answer'; readonly text: string; readonly citations: readonly string[] }
  | { readonly name: 'not_found'; readonly reason: string }

const text = z.string().refine((value) => value.trim() !== '', 'must not be empty')
const shapes = {
  search: z.strictObject({ query: text, limit: z.int().min(1).max(20).optional() }),
  read: z.strictObject({ document: text, from: z.int().min(0).optional() }),
  answer: z.strictObject({ text, citations: z.array(z.string()) }),
  not_found: z.strictObject({ reason: text }),
}

/** The call, or what is wrong with it in words that tell a student what to mend. */
export const parseCall = (name: unknown, given: unknown): SearchCall | string => {
  if (typeof name !== 'string' || !Object.hasOwn(shapes, name))
    return unknownName('tool', String(name).slice(0, 60), Object.keys(shapes))
  const parsed = shapes[name as keyof typeof shapes].safeParse(given)
  if (parsed.success) return { name, ...parsed.data } as SearchCall
  const { path, message } = parsed.error.issues[0]!
  return `${name}${path.length > 0 ? `, ${path.join('.')}` : ''}: ${message}.`
}
