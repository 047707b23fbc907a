import { align, statementOf, textOfPart } from './align.ts'
import type { Definition } from './definition.ts'
import type { Findings } from './grade.ts'
import type { Item } from './item.ts'
import type { Alike } from './meaning.ts'
import { longestRise } from './order.ts'
import { namedParts, parseOutline } from './parse.ts'
import type { Turns } from './turns.ts'

/** Whether the second outline does what the feedback asked, and leaves what was fine as the first one had it. */
export const judgeRevision = (
  item: Item,
  { first, second }: Turns,
  { contract }: Definition,
  { set }: Findings,
  alike?: Alike,
) => {
  const { feedback } = item
  if (!feedback) return
  if (second === undefined) return set('revision', 0, 'there is no second outline', ['feedback-ignored'])
  const sectionsOf = (text: string) =>
    namedParts(parseOutline(text), contract).sections.map((part) => ({ part, ...statementOf(textOfPart(part)) }))
  const [before, after] = [sectionsOf(first), sectionsOf(second)]
  const { ideas, covered } = align(after, feedback.ideas, alike && { alike, item })
  const places = ideas.filter((at) => at !== undefined)
  const gone = item.ideas.filter(({ subject }) => !feedback.ideas.some((idea) => idea.subject === subject))
  const stays = gone.some(({ subject }) =>
    after.some(({ part }) => part.heading.toLowerCase().includes(subject.toLowerCase())),
  )
  const done = covered.size === feedback.ideas.length && longestRise(places) === places.length && !stays
  const kept = feedback.untouched.filter((subject) => {
    const section = (all: typeof before) =>
      all.find(({ part }) => part.heading.toLowerCase().includes(subject.toLowerCase()))
    const [old, now] = [section(before), section(after)]
    return old !== undefined && now !== undefined && old.part.paragraphs.join() === now.part.paragraphs.join()
  })
  const share = feedback.untouched.length === 0 ? 1 : kept.length / feedback.untouched.length
  if (!done) return set('revision', 0.5 * share, 'the feedback is not carried out', ['feedback-ignored'])
  set(
    'revision',
    0.5 + 0.5 * share,
    share === 1
      ? 'the feedback is carried out and the rest stays'
      : `${feedback.untouched.length - kept.length} sections that were fine have changed`,
    ['changed-too-much'],
  )
}
