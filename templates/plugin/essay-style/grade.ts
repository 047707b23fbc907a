/** What a text is worth, by the criteria of rubric.yaml, each with its reason. Change it together with that file: a check for each name there. */
import {
  checkContains,
  checkPattern,
  type Grade,
  type Judged,
  linearPattern,
  readRubric,
  type Transcript,
  type Verdict,
} from 'whetstone/skill'
import type { Item } from './item.ts'
import { praise, wanted } from './material.ts'

export const rubric = readRubric(new URL('./rubric.yaml', import.meta.url))

const parts = linearPattern('^Task: .+\\nOwner: .+\\nDue: .+$')
const verdict = ({ score, reason }: Judged): Verdict => ({ status: score >= 1 ? 'pass' : 'fail', score, reason })

export const grade = ({ facts }: Item, transcript: Transcript): Grade => {
  const text = (transcript.find(({ role }) => role === 'assistant')?.content ?? '').slice(0, 4000).trim()
  const criteria: Record<string, Verdict> = {
    parts: verdict(checkPattern(text, parts)),
    grounded: verdict(checkContains(text, wanted(facts).split('\n'))),
    sober: text.includes('Task:')
      ? verdict(checkContains(text, praise, { absent: true }))
      : { status: 'not-applicable' },
  }
  const failing = Object.keys(criteria).filter((name) => criteria[name]?.status === 'fail')
  criteria.good = verdict({
    score: failing.length === 0 ? 1 : 0,
    reason: failing.length === 0 ? 'all is well' : `not ${failing.join(', not ')}`,
  })
  const judged = rubric.criteria.flatMap(({ name, weight }) => {
    const found = criteria[name]
    return found && 'score' in found ? [[weight, found.score] as const] : []
  })
  const weights = judged.reduce((sum, [weight]) => sum + weight, 0)
  return {
    score: judged.reduce((sum, [weight, score]) => sum + weight * score, 0) / weights,
    criteria,
    failures: failing.map((name) => `not-${name}`),
  }
}
