import type { Alignment } from './align.ts'
import { textOfPart } from './align.ts'
import type { Findings } from './grade.ts'
import type { Idea, Relation } from './item.ts'
import type { Named } from './parse.ts'
import { firstHeld } from './words.ts'

/** Words that tie an idea to the one before it. */
const ties: Readonly<Record<Relation, readonly string[]>> = {
  and: [],
  but: ['but', 'yet', 'however', 'still', 'although', 'though', 'instead'],
  so: ['so', 'therefore', 'thus', 'hence', 'that is why', 'as a result'],
  because: ['because', 'since'],
}
/** Of the score; the order itself is the rest. */
const tieShare = 0.25

/** Sections in the order that the author asked for, and tied to each other as the ideas were: an argument, not a heap. */
export const judgeOrder = (ideas: readonly Idea[], aligned: Alignment, { sections }: Named, { set }: Findings) => {
  const found = aligned.ideas.filter((at) => at !== undefined)
  if (found.length < 2) return set('order', 0, 'fewer than two ideas are there, so there is no order', ['idea-order'])
  const inOrder = longestRise(found) / found.length
  const lost = ideas.flatMap(({ relation, subject }, at) => {
    const place = aligned.ideas.indexOf(at)
    const part = sections[place]
    if (relation === 'and' || place < 0 || !part) return []
    return firstHeld(textOfPart(part), ties[relation]) ? [] : [`the "${relation}" before the ${subject}`]
  })
  const tied = ideas.filter(({ relation }, at) => relation !== 'and' && aligned.ideas.includes(at)).length
  const keptTies = tied === 0 ? 1 : 1 - lost.length / tied
  const reasons = [
    ...(inOrder < 1 ? ['the ideas are not in the order that was asked for'] : []),
    ...lost.map((each) => `${each} is lost`),
  ]
  set(
    'order',
    (1 - tieShare) * inOrder ** 2 + tieShare * keptTies,
    reasons.join(' · ') || 'in order, tied as they were',
    [...(inOrder < 1 ? (['idea-order'] as const) : []), ...(lost.length > 0 ? (['lost-relation'] as const) : [])],
  )
}

/** Length of the longest rising run, gaps allowed. */
export const longestRise = (places: readonly number[]): number => {
  const ends: number[] = []
  for (const place of places) {
    const at = ends.findIndex((end) => end >= place)
    if (at < 0) ends.push(place)
    else ends[at] = place
  }
  return ends.length
}
