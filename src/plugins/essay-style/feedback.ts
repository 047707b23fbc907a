import { pick, type Random } from '../../skill.ts'
import { type Idea, type Item, mainIdea } from './item.ts'
import type { Pools } from './material.ts'
import { claimsOf } from './truth.ts'

type Drawn = Pick<Item, 'kind' | 'ideas'>

/**
 * What the reader of the first outline says: it directs and asks nothing. Of a revision it also says what stays. It fits any
 * outline of the brainstorm, since a student's differs from the ideal one.
 */
export const feedbackOf = (random: Random, { kind, ideas }: Drawn, pools: Pools): Item['feedback'] => {
  if (kind === 'passage')
    return {
      text: pick(random, [
        'Good. Now write it as one short passage, as I would.',
        'Now the passage itself, short, in my own voice.',
      ]),
      ideas: [...ideas],
      untouched: [],
    }
  if (kind !== 'revise') return undefined
  return pick(random, [dropped, moved, added])(random, ideas, pools)
}

type Change = (random: Random, ideas: readonly Idea[], pools: Pools) => NonNullable<Item['feedback']>

const rest = 'The rest is fine.'

const dropped: Change = (random, ideas, pools) => {
  // a contract wants four sections: of four ideas none can go
  if (ideas.length < 5) return moved(random, ideas, pools)
  const gone = pick(
    random,
    ideas.slice(1).filter((idea) => idea !== mainIdea(ideas)),
  )
  const left = ideas.filter((idea) => idea !== gone)
  return { text: `Leave the ${gone.subject} out. ${rest}`, ideas: left, untouched: left.map(({ subject }) => subject) }
}

const moved: Change = (_, ideas) => {
  const last = ideas.at(-1) as Idea
  const order = [{ ...last, relation: 'and' as const }, ...ideas.slice(0, -1)]
  const untouched = ideas.slice(0, -1).map(({ subject }) => subject)
  return { text: `Put the ${last.subject} first. ${rest}`, ideas: order, untouched }
}

const added: Change = (random, ideas, pools) => {
  const place = Math.floor(random() * ideas.length)
  const known = new Set(ideas.flatMap(({ claims }) => claims))
  const claim = claimsOf(random, pools, known.size + 1).find((each) => !known.has(each)) ?? ''
  const subject = ideas[place]?.subject ?? ''
  return {
    text: `Say too that the ${subject} ${claim}. ${rest}`,
    ideas: ideas.map((idea, at) => (at === place ? { ...idea, claims: [...idea.claims, claim] } : idea)),
    untouched: ideas.flatMap((idea, at) => (at === place ? [] : [idea.subject])),
  }
}
