import { z } from 'zod'
import {
  type Criterion,
  type Grade,
  type GradeContext,
  RubricFields,
  readRubric,
  type Transcript,
  type Verdict,
} from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { FailureTag } from './failure-tags.ts'
import type { Item } from './item.ts'
import { judgeLikeness } from './judge-likeness.ts'
import { judgeOutline } from './judge-outline.ts'
import { judgePassage } from './judge-passage.ts'
import { judgeRevision } from './judge-revision.ts'
import { alikeFor } from './reading.ts'
import { isQuestion, type Turns, turnsOf } from './turns.ts'

const EssayRubric = RubricFields.extend({ likeness: z.string().min(1) })
let read: z.output<typeof EssayRubric> | undefined

/** rubrics/essay-style.yaml, read at the first need and not at import. */
export const rubric = () => {
  read ??= readRubric(new URL('./rubrics/essay-style.yaml', import.meta.url), EssayRubric)
  return read
}

/** Verdicts and failure tags as they are found. */
export interface Findings {
  set(name: string, score: number, reason: string, tags?: readonly FailureTag[]): void
}

/**
 * Judges an episode by code: the question where one was due, the outline, and the second outline or passage. The last text that is
 * not a question is what coverage, faithfulness, length and the like are about. Where there is a judge, it is asked
 * what code cannot tell; its answers stand beside, and decide nothing.
 */
export const grade = async (
  item: Item,
  transcript: Transcript,
  definition: Definition,
  { judge, signal }: Pick<GradeContext, 'judge' | 'signal'>,
): Promise<Grade> => {
  const criteria: Record<string, Verdict> = {}
  const failures = new Set<FailureTag>()
  const findings: Findings = {
    set(name, score, reason, tags = []) {
      const { passAt, warnAt } = criterionOf(name)
      const status = score >= passAt ? 'pass' : warnAt !== undefined && score >= warnAt ? 'warn' : 'fail'
      criteria[name] = { status, score, reason }
      if (status !== 'pass') for (const tag of tags) failures.add(tag)
    },
  }
  const turns = turnsOf(item, transcript)
  judgeAsking(item, turns.replies, findings)
  const alike = await alikeFor(item, turns, definition, signal)
  if (item.kind === 'passage' && turns.second !== undefined) judgePassage(item, turns, definition, findings, alike)
  else judgeOutline(item, turns, definition, findings, alike)
  if (item.kind === 'revise') judgeRevision(item, turns, definition, findings, alike)
  // an item of two exchanges that ends after the first has not done what was asked
  if (item.kind === 'passage' && turns.second === undefined)
    findings.set('structure', 0, 'there is no passage', ['missing-part'])
  const grade = finished(criteria, failures)
  return judge
    ? { ...grade, criteria: { ...grade.criteria, ...(await openFor(item, turns, definition, judge, signal)) } }
    : grade
}

/** What a judge is to say of a text that there is: the outline's questions are asked by core, the author's voice needs samples. */
const openFor = async (
  { kind }: Item,
  { last, second }: Turns,
  definition: Definition,
  judge: NonNullable<GradeContext['judge']>,
  signal: AbortSignal,
): Promise<Record<string, Verdict>> => {
  if (last.trim() === '') return {}
  const { likeness, criteria } = rubric()
  const { passAt, warnAt } = criterionOf('sounds-like')
  const thresholds = { passAt, ...(warnAt !== undefined && { warnAt }) }
  const heard = await judgeLikeness(last, definition, { judge, signal, question: likeness, ...thresholds })
  const passage = kind === 'passage' && second !== undefined
  const asked = passage ? [] : criteria.filter(({ name, question }) => question && name !== 'voice')
  const open = asked.map(({ name }) => [name, { status: 'ungraded', reason: 'a judge is to say' }] as const)
  return { ...Object.fromEntries(open), 'sounds-like': heard }
}

const judgeAsking = (item: Item, replies: readonly string[], { set }: Findings) => {
  const [first = ''] = replies
  const asks = isQuestion(first)
  if (item.kind === 'clarify')
    set(
      'clarifies',
      asks ? 1 : 0,
      asks ? 'it asks what the essay is to show' : 'no thesis was said and it does not ask for one',
      ['did-not-ask'],
    )
  else if (asks) set('clarifies', 0, 'it asks although the thesis was said', ['asked-needlessly'])
}

const criterionOf = (name: string): Criterion => {
  const criterion = rubric().criteria.find((each) => each.name === name)
  if (!criterion) throw new Error(`rubrics/essay-style.yaml has no criterion ${name}`)
  return criterion
}

/** The weighted mean of the criteria that apply; `right` where none of them fails. */
const finished = (found: Record<string, Verdict>, failures: ReadonlySet<FailureTag>): Grade => {
  const failed = Object.entries(found).find(([, { status }]) => status === 'fail')
  const reason = failed && 'reason' in failed[1] ? `${failed[0]}: ${failed[1].reason}` : 'nothing fails'
  found.right = { status: failed ? 'fail' : 'pass', score: failed ? 0 : 1, reason }
  let [sum, weights] = [0, 0]
  const criteria: Record<string, Verdict> = {}
  for (const { name, weight } of rubric().criteria) {
    const verdict = found[name] ?? { status: 'not-applicable' }
    criteria[name] = verdict
    if (verdict.status === 'not-applicable' || verdict.status === 'ungraded') continue
    sum += weight * verdict.score
    weights += weight
  }
  return { score: weights === 0 ? 0 : sum / weights, criteria, failures: [...failures] }
}
