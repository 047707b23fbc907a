import { z } from 'zod'
import { type Criterion, type Grade, type Rubric, RubricFields, readRubric, type Verdict } from '../../skill.ts'

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

interface Findings {
  readonly criteria: Readonly<Record<string, Verdict>>
  readonly failures: ReadonlySet<string>
}

/** A grade whose score is the weighted mean of the criteria that apply. */
export const finished = ({ criteria, failures }: Findings): Grade => {
  let [sum, weights] = [0, 0]
  const all: Record<string, Verdict> = {}
  for (const { name, weight } of rubric().criteria) {
    const verdict = criteria[name] ?? { status: 'not-applicable' }
    all[name] = verdict
    if (verdict.status === 'not-applicable' || verdict.status === 'ungraded') continue
    sum += weight * verdict.score
    weights += weight
  }
  return { score: weights === 0 ? 0 : sum / weights, criteria: all, failures: [...failures] }
}
