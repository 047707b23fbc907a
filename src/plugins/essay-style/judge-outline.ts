import type { Alignment, Statement } from './align.ts'
import type { FrozenContract } from './contract.ts'
import type { Definition } from './definition.ts'
import type { Findings } from './grade.ts'
import type { Idea, Item } from './item.ts'
import { judgeVoice } from './judge-voice.ts'
import type { Alike } from './meaning.ts'
import { judgeOrder } from './order.ts'
import { type Reading, readReply } from './reading.ts'
import { rules } from './rules.ts'
import type { Turns } from './turns.ts'
import { countWords } from './voice/words.ts'
import { contentWords, firstHeld } from './words.ts'

/** Everything that is judged of an outline by counting words. A reply that is no outline fails all that is about one. */
export const judgeOutline = (
  item: Item,
  turns: Turns,
  { contract, voice }: Definition,
  findings: Findings,
  alike?: Alike,
) => {
  const reply = turns.last
  const reading = readReply(item, turns, contract, alike)
  const { outline, named, ideas, aligned } = reading
  judgeCoverage(ideas, aligned, findings)
  judgeFaith(reading, findings)
  if (outline.titles.length + outline.parts.length === 0) return noOutline(findings)
  const said = new Set(contentWords(turns.told))
  const thesis = turns.thesisTold ? item.thesis : undefined
  const context = { outline, named, reply, contract, said, thesis, subjects: ideas.map(({ subject }) => subject) }
  const broken = rules.flatMap((rule) => rule(context) ?? [])
  findings.set(
    'structure',
    1 - broken.length / rules.length,
    broken.map(({ what }) => what).join(' · ') || 'every rule is kept',
    broken.map(({ tag }) => tag),
  )
  judgeConcision(item, aligned.statements, aligned.ideas, reply, findings)
  judgeLength(reply, item, contract, findings)
  judgeOrder(ideas, aligned, named, findings)
  judgeVoice(reply, { contract, voice }, findings)
}

const noOutline = ({ set }: Findings) => {
  for (const name of ['structure', 'concision', 'length', 'order', 'voice'])
    set(name, 0, 'there is no outline', ['no-outline'])
}

const judgeCoverage = (ideas: readonly Idea[], { covered, named }: Alignment, { set }: Findings) => {
  const total = ideas.reduce((sum, { weight }) => sum + weight, 0)
  const credit = (at: number) => (covered.has(at) ? 1 : named.has(at) ? 0.25 : 0)
  const score = ideas.reduce((sum, { weight }, at) => sum + weight * credit(at), 0) / total
  const missed = ideas.filter((_, at) => !covered.has(at))
  const main = missed.some(({ weight }) => weight > 1)
  const reason =
    missed.length === 0
      ? `all ${ideas.length} ideas are there`
      : `not covered: ${missed.map(({ subject, claims }) => `the ${subject} ${claims[0]}`).join('; ')}`
  set('coverage', score, reason, missed.length === 0 ? [] : [main ? 'missed-main-idea' : 'missed-idea'])
}

const judgeFaith = ({ spoken, invented, wrong }: Reading, { set }: Findings) => {
  if (spoken.length === 0) return set('faithfulness', 0, 'nothing is said', ['no-outline'])
  const bad = [...invented, ...wrong]
  const told = bad.slice(0, 3).map(({ text }) => JSON.stringify(text.replace(/\s+/g, ' ').slice(0, 80)))
  const reason =
    bad.length === 0
      ? 'nothing is invented'
      : `${bad.length} of ${spoken.length} statements were not made: ${told.join(', ')}`
  set('faithfulness', 1 - bad.length / spoken.length, reason, [
    ...(invented.length > 0 ? (['invented'] as const) : []),
    ...(wrong.length > 0 ? (['misattributed'] as const) : []),
  ])
}

const judgeConcision = (
  { tangents, ideas: all }: Item,
  statements: readonly Statement[],
  ideas: readonly (number | undefined)[],
  reply: string,
  { set }: Findings,
) => {
  const kept = tangents.find((tangent) => keeps(reply, tangent))
  if (kept) return set('concision', 0, `it keeps an aside: ${JSON.stringify(kept)}`, ['tangent-kept'])
  const found = ideas.filter((at) => at !== undefined)
  const twice = found.find((at, place) => found.indexOf(at) !== place)
  if (twice !== undefined) return set('concision', 0, `the ${all[twice]?.subject} has two sections`, ['repeated'])
  const texts = statements.map(({ text }) => text.split('\n').slice(1).join(' ').toLowerCase().trim()).filter(Boolean)
  if (new Set(texts).size < texts.length) return set('concision', 0, 'two sections say the same', ['repeated'])
  set('concision', 1, 'no aside, nothing twice')
}

/** An aside is kept where a run of its words is, or nearly all of its content. */
const keeps = (reply: string, tangent: string): boolean => {
  if (firstHeld(reply, [tangent])) return true
  const own = contentWords(tangent)
  const words = new Set(contentWords(reply))
  return own.length >= 2 && own.filter((word) => words.has(word)).length >= Math.max(2, own.length * 0.8)
}

const judgeLength = (
  reply: string,
  { brainstorm }: Item,
  { length: [least, most] }: FrozenContract,
  { set }: Findings,
) => {
  const [words, base] = [countWords(reply), countWords(brainstorm)]
  const [from, to] = [Math.floor(least * base), Math.ceil(most * base)]
  const inside = words >= from && words <= to
  set('length', inside ? 1 : 0, `${words} words${inside ? '' : `, ${from} to ${to} are wanted`}`, [
    words < from ? 'too-short' : 'too-long',
  ])
}
