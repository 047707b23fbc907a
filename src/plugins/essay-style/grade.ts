import { type Criterion, type Grade, readRubric, type Transcript, type Verdict } from '../../skill.ts'
import type { Definition } from './definition.ts'
import type { FailureTag } from './failure-tags.ts'
import type { Item } from './item.ts'
import { judgeOutline } from './judge-outline.ts'
import { judgePassage } from './judge-passage.ts'
import { judgeRevision } from './judge-revision.ts'
import { isQuestion, turnsOf } from './turns.ts'

let read: { readonly name: string; readonly criteria: readonly Criterion[] } | undefined

/** rubrics/essay-style.yaml, read at the first need and not at import. */
export const rubric = () => {
  read ??= readRubric(new URL('./rubrics/essay-style.yaml', import.meta.url))
  return read
}

/** Verdicts and failure tags as they are found. */
export interface Findings {
  set(name: string, score: number, reason: string, tags?: readonly FailureTag[]): void
}

/**
 * Judges an episode by code alone: the question where one was due, the outline, and the second outline or passage. The last
 * text that is not a question is what coverage, faithfulness, length and the like are about.
 */
export const grade = async (item: Item, transcript: Transcript, definition: Definition): Promise<Grade> => {
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
  if (item.kind === 'passage' && turns.second !== undefined) judgePassage(item, turns, definition, findings)
  else judgeOutline(item, turns, definition, findings)
  if (item.kind === 'revise') judgeRevision(item, turns, definition, findings)
  // an item of two exchanges that ends after the first has not done what was asked
  if (item.kind === 'passage' && turns.second === undefined)
    findings.set('structure', 0, 'there is no passage', ['missing-part'])
  return finished(criteria, failures)
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
