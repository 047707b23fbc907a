import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Criterion, Rubric } from '../../core/contract.ts'

const Pattern = z.string().transform((source) => new RegExp(source, 'i'))

const RubricFile = z.strictObject({
  name: z.string(),
  criteria: z.array(
    z.strictObject({
      name: z.string(),
      weight: z.number().min(0),
      passAt: z.number().min(0).max(1),
      warnAt: z.number().min(0).max(1).optional(),
    }),
  ),
  language: z.strictObject({ asking: Pattern, requesting: Pattern, refusing: z.array(Pattern).min(1) }),
})

let read: z.output<typeof RubricFile> | undefined

/** rubrics/tool-calling.yaml, read at the first need and not at import. */
export const rubric = () => {
  read ??= RubricFile.parse(parse(readFileSync(new URL('./rubrics/tool-calling.yaml', import.meta.url), 'utf8')))
  return read
}

export const rubrics = (): readonly Rubric[] => [{ name: rubric().name, criteria: rubric().criteria }]

export const criterionOf = (name: string): Criterion => {
  const criterion = rubric().criteria.find((candidate) => candidate.name === name)
  if (!criterion) throw new Error(`rubrics/tool-calling.yaml has no criterion ${name}`)
  return criterion
}
