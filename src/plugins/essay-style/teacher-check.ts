import { mulberry32, pick, type Random, seedFrom, spanIn } from '../../skill.ts'
import { align, passagesOf } from './align.ts'
import { inOrder, outOfOrder } from './brainstorm.ts'
import type { Definition } from './definition.ts'
import { copiedRun } from './fingerprints.ts'
import type { Disturbance, Idea, Item } from './item.ts'
import type { Pools } from './material.ts'
import type { Reading } from './teacher-forms.ts'
import { mainWeight } from './truth.ts'
import { countWords } from './voice/words.ts'
import { contentWords, firstHeld, holds, shareIn } from './words.ts'

/** What a text says, in the form that items by construction have too. */
export type Truth = Pick<Item, 'topic' | 'thesis' | 'stands' | 'tone' | 'ideas'> & {
  readonly slip: { readonly idea: number; readonly claim: string }
}

const mostClaimWords = 9
/** Of a claim's words, those that its sentence has to have: the rest may be the teacher's, as "says" or "never". */
const claimShare = 0.5

/** The ideas of a text as a truth, or why they are none. Each stands on a sentence that is really there. */
export const truthOf = (reading: Reading, text: string, size: number, { contract }: Definition): Truth | string => {
  const { topic, thesis, stands, against, tone, main, slip } = reading
  const ideas = reading.ideas.slice(0, size)
  if (ideas.length < size) return 'with too few ideas'
  if (!ideas[main] || !ideas[slip.idea]) return 'without a main idea'
  const words = new Set(contentWords(text))
  const subjects = ideas.map(({ subject }) => plain(subject).replace(/^(?:the|an?) /i, ''))
  if (subjects.some((each) => each === '' || countWords(each) > 3 || shareIn(contentWords(each), words) < 1))
    return 'about what the text does not name'
  // one subject inside of another would be found wherever the other one is
  if (subjects.some((each) => subjects.filter((other) => holds(other, each)).length > 1))
    return 'with one subject twice'
  const claims: string[][] = []
  for (const [at, idea] of ideas.entries()) {
    const own = idea.claims.slice(0, contract.brainstorm.claims)
    if (own.length < contract.brainstorm.claims) return 'with too few claims'
    for (const { claim, quote } of own) {
      const fault = faultOfClaim(plain(claim), spanIn(text, quote), subjects[at] ?? '')
      if (fault) return fault
    }
    claims.push(own.map(({ claim }) => plain(claim)))
  }
  if (new Set(claims.flat()).size < claims.flat().length) return 'with one claim twice'
  const wrong = plain(slip.claim)
  if (contentWords(wrong).length < 2 || countWords(wrong) > mostClaimWords) return 'without a slip of the tongue'
  const shown = plain(thesis).replace(/^that /i, '')
  const [named, voice] = [plain(topic), plain(tone)]
  if (contentWords(shown).length < 2 || countWords(shown) > 20 || firstHeld(shown, contract.phrases.thirdPerson))
    return 'without a thesis'
  if (countWords(named) < 1 || countWords(named) > 3 || countWords(voice) !== 1) return 'without topic and tone'
  if (countWords(stands) !== 1 || countWords(against) !== 1 || plain(stands) === plain(against))
    return 'without its two sides'
  return {
    topic: named,
    thesis: shown,
    stands: [plain(stands), plain(against)],
    tone: voice,
    ideas: ideas.map(({ relation }, at) => ({
      subject: subjects[at] ?? '',
      claims: claims[at] ?? [],
      relation: at === 0 || at === main ? 'and' : relation,
      weight: at === main ? mainWeight : 1,
    })),
    slip: { idea: slip.idea, claim: wrong },
  }
}

const faultOfClaim = (claim: string, span: string | undefined, subject: string): string | undefined => {
  if (span === undefined) return 'not in the text'
  const words = contentWords(claim)
  if (words.length < 2 || countWords(claim) > mostClaimWords) return 'without a short claim'
  return shareIn(words, new Set(contentWords(`${subject} ${span}`))) < claimShare
    ? 'not said by its sentence'
    : undefined
}

/** Lower-cased at its beginning, on one line, without the mark that ends it. */
const plain = (text: string): string => {
  const line = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.,;:!?]+$/, '')
  return /^[A-Z][a-z]/.test(line) ? line.charAt(0).toLowerCase() + line.slice(1) : line
}

/** How a truth is to be said aloud. */
export interface Plan {
  readonly disturbances: readonly Disturbance[]
  readonly spoken: readonly number[]
  readonly moved: { readonly idea: number; readonly cue: 'first' | 'last' } | undefined
  readonly tangent: string | undefined
  readonly stumbled: number | undefined // the idea with a false start
  readonly repeated: number | undefined
}

export const planOf = (truth: Truth, disturbances: readonly Disturbance[], pools: Pools, seed: number): Plan => {
  const random: Random = mulberry32(seedFrom('speech', seed))
  const has = (name: Disturbance) => disturbances.includes(name)
  const n = truth.ideas.length
  const { order, moved } = has('out-of-order') ? outOfOrder(random, n) : inOrder(n)
  // what is said at its own place alone can stumble or be said again
  const settled = order.filter((at) => at !== moved?.idea)
  return {
    disturbances,
    spoken: order,
    moved,
    tangent: has('tangent') ? pick(random, pools.tangents) : undefined,
    stumbled: has('false-start') ? pick(random, settled) : undefined,
    repeated: has('repetition') ? pick(random, settled) : undefined,
  }
}

/** Undefined where a brainstorm says all that was planned and in that order; else what it lacks. */
export const faultOfSpeech = (
  said: string,
  truth: Truth,
  plan: Plan,
  { contract, voice }: Definition,
): string | undefined => {
  const [least, most] = contract.brainstorm.words
  const words = countWords(said)
  if (words < least || words > most) return 'too short or too long'
  if (/^\s*(?:#|[-*] |\d+[.)] )/m.test(said)) return 'written as a list'
  const spoken = new Set(contentWords(said))
  // each by itself: in speech three clauses often hold two ideas
  const heard = passagesOf(said, { sections: [], order: [] })
  if (!truth.ideas.every((idea) => align(heard, [idea]).covered.size === 1)) return 'without an idea'
  if (shareIn(contentWords(truth.thesis), spoken) < 0.6) return 'without the thesis'
  if (!holds(said, truth.tone)) return 'without the tone'
  if (plan.tangent && !firstHeld(said, [plan.tangent])) return 'without its aside'
  if (plan.disturbances.includes('correction') && shareIn(contentWords(truth.slip.claim), spoken) < 0.6)
    return 'without what is taken back'
  if (
    !inThisOrder(
      said,
      plan.spoken.map((at) => truth.ideas[at] as Idea),
    )
  )
    return 'in another order'
  if (plan.moved && !cues[plan.moved.cue].test(said)) return 'without the word on its place'
  return copiedRun(said, voice.fingerprints) ? 'copied from the text' : undefined
}

const cues = {
  first: /\b(?:start|starts|begin|begins|open|opens|first)\b/i,
  last: /\b(?:end|ends|close|closes|finish|last)\b/i,
}

/** Subjects by the place where each is first named. */
const inThisOrder = (said: string, ideas: readonly Idea[]): boolean => {
  const text = said.toLowerCase()
  const places = ideas.map(({ subject }) => text.indexOf(subject.toLowerCase()))
  return places.every((place, at) => place >= 0 && (at === 0 || place > (places[at - 1] ?? -1)))
}
