import { pick, type Random, shuffle } from '../../skill.ts'
import { type Disturbance, type Idea, mainIdea } from './item.ts'
import type { Pools } from './material.ts'
import { claimsOf, type Truth } from './truth.ts'

/** What was said, and what of it an outline must not repeat. */
export interface Spoken {
  readonly text: string
  readonly ideas: readonly Idea[] // relations as they can be heard
  readonly spoken: readonly number[]
  readonly tangents: readonly string[]
  readonly withdrawn: readonly { readonly subject: string; readonly claim: string }[]
}

export interface SpeechWish {
  readonly disturbances: readonly Disturbance[]
  readonly thesis: boolean // whether it is said
}

interface Said {
  readonly idea: Idea
  readonly cue: 'first' | 'last' | 'main' | 'none'
  readonly wrong?: string // a claim that is taken back at once
  readonly falseStart: boolean
}

/** Says a truth as people speak before they have thought it through. */
export const speak = (random: Random, truth: Truth, pools: Pools, { disturbances, thesis }: SpeechWish): Spoken => {
  const has = (name: Disturbance) => disturbances.includes(name)
  const { order, moved } = has('out-of-order') ? outOfOrder(random, truth.ideas.length) : inOrder(truth.ideas.length)
  const ideas = heard(truth.ideas, moved)
  const own = new Set(ideas.flatMap(({ claims }) => claims))
  const wrong = claimsOf(random, pools, ideas.length * 4).find((claim) => !own.has(claim)) ?? ''
  const corrected = has('correction')
    ? pick(
        random,
        ideas.map((_, at) => at).filter((at) => at !== moved?.idea),
      )
    : -1
  const others = ideas.flatMap((_, at) => (at === corrected ? [] : [at]))
  const stumbled = has('false-start') ? pick(random, others) : -1
  const sentences = order.map((at) =>
    sentenceOf(random, {
      idea: ideas[at] as Idea,
      cue: moved?.idea === at ? moved.cue : ideas[at] === mainIdea(ideas) ? 'main' : 'none',
      falseStart: stumbled === at,
      ...(corrected === at && { wrong }),
    }),
  )
  const tangents = has('tangent') ? [pick(random, pools.tangents)] : []
  const asides = [
    ...tangents.map((tangent) => pick(random, [`oh and ${tangent}`, `${tangent} by the way`, `wait, ${tangent}`])),
    ...(thesis ? [pick(random, [`what I mean is ${truth.thesis}`, `it comes down to this, ${truth.thesis}`])] : []),
  ]
  const body = inserted(random, sentences, asides)
  if (has('repetition')) body.push(repeated(random, ideas, moved?.idea))
  const all = [
    `ok, the ${truth.topic} essay`,
    ...body,
    pick(random, [`keep it ${truth.tone}`, `I want it ${truth.tone}`]),
  ]
  return {
    text: messy(random, all, has),
    ideas,
    spoken: order,
    tangents,
    withdrawn: corrected < 0 ? [] : [{ subject: ideas[corrected]?.subject ?? '', claim: wrong }],
  }
}

export const inOrder = (n: number) => ({ order: Array.from({ length: n }, (_, at) => at), moved: undefined })

/** The first idea comes late, or the last one early; the speaker says where it belongs. */
export const outOfOrder = (random: Random, n: number) => {
  const order = Array.from({ length: n }, (_, at) => at)
  if (random() < 0.5) {
    order.splice(2 + Math.floor(random() * (n - 2)), 0, order.shift() as number)
    return { order, moved: { idea: 0, cue: 'first' as const } }
  }
  order.splice(Math.floor(random() * (n - 2)), 0, order.pop() as number)
  return { order, moved: { idea: n - 1, cue: 'last' as const } }
}

/** A "but" cannot be heard where the idea that it answers was not said before it. */
export const heard = (ideas: readonly Idea[], moved: { readonly idea: number } | undefined): Idea[] =>
  ideas.map((idea, at) => (moved && (at === moved.idea || at === moved.idea + 1) ? { ...idea, relation: 'and' } : idea))

const cues = {
  first: ['start with the', 'first comes the'],
  last: ['end on the', 'last comes the'],
}

const sentenceOf = (random: Random, { idea, cue, wrong, falseStart }: Said): string => {
  const [claim = '', ...more] = idea.claims
  const also = more.map((each) => `, and it ${each}`).join('')
  const subject = falseStart ? `${idea.subject.split(' ')[0]}, no, the ${idea.subject}` : idea.subject
  const said = wrong ? `${wrong}, no wait, it ${claim}` : claim
  if (cue === 'first' || cue === 'last') return `${pick(random, cues[cue])} ${subject}, it ${said}${also}`
  const begin = idea.relation === 'and' ? pick(random, ['', '', 'and ', 'also ']) : `${idea.relation} `
  const main = cue === 'main' ? pick(random, ['the main thing, ', 'the heart of it, ']) : ''
  return `${main || begin}the ${subject} ${said}${also}`
}

/** Each aside between two sentences, or before or after all of them; the order of the sentences stays. */
const inserted = (random: Random, sentences: readonly string[], asides: readonly string[]): string[] => {
  const all = [...sentences]
  for (const aside of shuffle(random, asides)) all.splice(Math.floor(random() * (all.length + 1)), 0, aside)
  return all
}

const repeated = (random: Random, ideas: readonly Idea[], moved: number | undefined): string => {
  const again = pick(
    random,
    ideas.filter((_, at) => at !== moved),
  )
  return `like I said, the ${again.subject} ${again.claims[0]}`
}

const fillers = ['um, ', 'uh, ', 'hm, ', 'you know, ', 'well, ']

/** Fillers, dictated marks and doubled words; sentences end as in notes, with stops, dots or a line of thought that runs on. */
const messy = (random: Random, sentences: readonly string[], has: (name: Disturbance) => boolean): string => {
  const dictated = has('dictation') ? Math.floor(random() * sentences.length) : -1
  const filled = sentences.map((sentence, at) => {
    const filler = has('filler') && at > 0 && random() < 0.4 ? pick(random, fillers) : ''
    return `${filler}${at === dictated && at > 0 ? sentence.replace(/\bthe\b/, 'the the') : sentence}`
  })
  if (has('filler') && !filled.some((each) => fillers.some((filler) => each.startsWith(filler))))
    filled[1] = `${pick(random, fillers)}${filled[1]}`
  return filled
    .map((each, at) => {
      const stop =
        at === dictated ? ' full stop' : at === filled.length - 1 ? '.' : pick(random, ['.', '.', '...', ','])
      return `${each}${stop}`
    })
    .join(' ')
}
