import type { Grade, Llm, Rubric, Transcript } from '../contract.ts'
import { judgeQuestion } from './ask.ts'

/** The criteria that have a question for a judge and that the skill's own code has left open. */
const openIn = (grade: Grade, rubrics: readonly Rubric[]) =>
  rubrics
    .flatMap(({ criteria }) => criteria)
    .flatMap(({ name, question, ...rest }) => {
      const status = grade.criteria[name]?.status
      return question && (status === undefined || status === 'ungraded') ? [{ name, question, ...rest }] : []
    })

/** A grade whose open questions a judge has answered. What code has decided stays as it is, and so does the score. */
export const judged = async (
  grade: Grade,
  { rubrics, transcript, judge }: { rubrics: readonly Rubric[]; transcript: Transcript; judge: Llm | undefined },
): Promise<Grade> => {
  const open = judge ? openIn(grade, rubrics) : []
  if (!judge || open.length === 0) return grade
  const answered = await Promise.all(
    open.map(async (criterion) => [criterion.name, await judgeQuestion(judge, criterion, transcript)] as const),
  )
  return { ...grade, criteria: { ...grade.criteria, ...Object.fromEntries(answered) } }
}

/** Names of the criteria that only a judge can decide. */
export const judgedCriteria = (rubrics: readonly Rubric[]): Set<string> =>
  new Set(rubrics.flatMap(({ criteria }) => criteria.flatMap(({ name, question }) => (question ? [name] : []))))
