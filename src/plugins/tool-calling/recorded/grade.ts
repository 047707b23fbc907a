import type { AssistantTurn, Grade, Transcript, Verdict } from '../../../skill.ts'
import type { Definition } from '../definition.ts'
import { grade } from '../grade.ts'
import { finished } from '../rubric.ts'
import { type Recording, turnsOf } from './recording.ts'
import { textOf, turnItem } from './turn.ts'

/**
 * Each turn of a student against the one that was recorded, graded as a request of its own, up to the first that is
 * wrong: what comes after a wrong turn was never recorded. A criterion fails where it fails in one turn.
 */
export const gradeRecording = async (
  item: Recording,
  transcript: Transcript,
  definition: Definition,
): Promise<Grade> => {
  const said = transcript.filter((message): message is AssistantTurn => message.role === 'assistant')
  const criteria: Record<string, Verdict> = {}
  const failures = new Set<string>()
  for (const [turn, at] of turnsOf(item).entries()) {
    const reply = said[turn]
    const before = item.messages.slice(0, at).map(textOf).join('\n')
    const own = await grade(turnItem(item, at), reply ? [reply] : [], definition, {}, before)
    for (const [name, verdict] of Object.entries(own.criteria))
      if (verdict.status !== 'not-applicable' && !isFail(criteria[name])) criteria[name] = verdict
    for (const tag of own.failures) failures.add(tag)
    if (isFail(own.criteria.right)) break
  }
  return finished({ criteria, failures })
}

const isFail = (verdict: Verdict | undefined) => verdict?.status === 'fail'
