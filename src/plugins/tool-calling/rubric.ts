import { z } from 'zod'
import { type Criterion, type Rubric, RubricFields, readRubric } from '../../skill.ts'

const Pattern = z.string().transform((source) => new RegExp(source, 'i'))

const RubricFile = RubricFields.extend({
  language: z.strictObject({ asking: Pattern, requesting: Pattern, refusing: z.array(Pattern).min(1) }),
})

let read: z.output<typeof RubricFile> | undefined

/** rubrics/tool-calling.yaml, read at the first need and not at import. */
export const rubric = () => {
  read ??= readRubric(new URL('./rubrics/tool-calling.yaml', import.meta.url), RubricFile)
  return read
}

export const rubrics = (): readonly Rubric[] => [{ name: rubric().name, criteria: rubric().criteria }]

export const criterionOf = (name: string): Criterion => {
  const criterion = rubric().criteria.find((candidate) => candidate.name === name)
  if (!criterion) throw new Error(`rubrics/tool-calling.yaml has no criterion ${name}`)
  return criterion
}
