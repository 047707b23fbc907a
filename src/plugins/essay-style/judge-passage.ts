import { align, statementOf } from './align.ts'
import type { Definition } from './definition.ts'
import type { FailureTag } from './failure-tags.ts'
import type { Findings } from './grade.ts'
import type { Item } from './item.ts'
import { judgeVoice } from './judge-voice.ts'
import type { Alike } from './meaning.ts'
import { longestRise } from './order.ts'
import { parseOutline } from './parse.ts'
import { ideasOf } from './reading.ts'
import type { Turns } from './turns.ts'
import { countWords, sentencesOf } from './voice/words.ts'
import { contentWords, firstHeld } from './words.ts'

const newWords = 1 / 3

/** A passage is prose in the first person that says the ideas in their order, and nothing else. */
export const judgePassage = (
  item: Item,
  turns: Turns,
  { contract, voice }: Definition,
  findings: Findings,
  alike?: Alike,
) => {
  const passage = turns.last.slice(0, 12_000)
  const ideas = ideasOf(item, turns)
  const statements = sentencesOf(passage).map(statementOf)
  const aligned = align(statements, ideas, alike && { alike, item })
  const total = ideas.reduce((sum, { weight }) => sum + weight, 0)
  const covered = ideas.reduce((sum, { weight }, at) => sum + (aligned.covered.has(at) ? weight : 0), 0)
  findings.set(
    'coverage',
    covered / total,
    `${aligned.covered.size} of ${ideas.length} ideas are there`,
    covered < total ? ['missed-idea'] : [],
  )
  const known = new Set(
    contentWords([turns.told, item.topic, ...contract.phrases.editorial, 'take', 'then', 'turn'].join(' ')),
  )
  const invented = statements.filter(
    ({ words }, at) =>
      !aligned.byMeaning.has(at) && [...words].filter((word) => !known.has(word)).length > newWords * words.size,
  )
  findings.set(
    'faithfulness',
    statements.length === 0 ? 0 : 1 - invented.length / statements.length,
    invented.length === 0 ? 'nothing is invented' : `not said: ${JSON.stringify(invented[0]?.text.slice(0, 80))}`,
    ['invented'],
  )
  const broken = formOf(passage, contract.passage)
  findings.set(
    'structure',
    broken.length === 0 ? 1 : 1 - broken.length / 4,
    broken.map(([what]) => what).join(' · ') || 'prose in the first person',
    broken.map(([, tag]) => tag),
  )
  const tangent = item.tangents.find((each) => firstHeld(passage, [each]))
  findings.set('concision', tangent ? 0 : 1, tangent ? `it keeps an aside: ${JSON.stringify(tangent)}` : 'no aside', [
    'tangent-kept',
  ])
  judgeWords(passage, contract.passage.words, findings)
  const found = aligned.ideas.filter((at) => at !== undefined)
  const inOrder = found.length < 2 ? 0 : longestRise(found) / found.length
  findings.set('order', inOrder ** 2, inOrder === 1 ? 'in order' : 'the ideas are not in order', ['idea-order'])
  judgeVoice(passage, { contract, voice }, findings)
}

const formOf = (
  passage: string,
  { paragraphs: [least, most] }: { paragraphs: readonly [number, number] },
): [string, FailureTag][] => {
  const { titles, parts, odd } = parseOutline(passage)
  const paragraphs = passage.split(/\n\s*\n/).filter((each) => each.trim() !== '').length
  return [
    ...(titles.length + parts.length + odd.length > 0
      ? [['a passage is prose without headings and lists', 'over-formatted'] as [string, FailureTag]]
      : []),
    ...(paragraphs < least || paragraphs > most
      ? [[`${paragraphs} paragraphs`, 'section-length'] as [string, FailureTag]]
      : []),
    ...(/\b(?:I|my|me)\b/.test(passage)
      ? []
      : [['it does not speak as the author', 'third-person'] as [string, FailureTag]]),
  ]
}

const judgeWords = (passage: string, [least, most]: readonly [number, number], { set }: Findings) => {
  const words = countWords(passage)
  const inside = words >= least && words <= most
  set('length', inside ? 1 : 0, `${words} words${inside ? '' : `, ${least} to ${most} are wanted`}`, [
    words < least ? 'too-short' : 'too-long',
  ])
}
