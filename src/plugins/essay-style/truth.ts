import { pick, type Random, sample, shuffle } from '../../skill.ts'
import { type Idea, mainIdea, type Relation, relations } from './item.ts'
import type { Pools, Topic } from './material.ts'

/** What an item is about, before anything is said. */
export interface Truth {
  readonly topic: string
  readonly thesis: string
  readonly stands: [string, string]
  readonly tone: string
  readonly ideas: readonly Idea[]
}

export interface TruthWish {
  readonly ideas: number
  readonly claims: number // of one subject
  readonly relation?: Relation // one that must occur
}

/** The main idea outweighs any two others, so that an outline without it never covers enough. */
export const mainWeight = 3

export const drawTruth = (random: Random, pools: Pools, wish: TruthWish): Truth => {
  const topic = pick(random, pools.topics)
  const [a, b] = sample(random, pools.abstracts, 2) as [string, string]
  const claims = claimsOf(random, pools, wish.ideas * wish.claims)
  const main = Math.floor(random() * wish.ideas)
  const ideas = subjectsOf(random, topic, wish.ideas).map((subject, at) => ({
    subject,
    claims: claims.slice(at * wish.claims, (at + 1) * wish.claims),
    relation: at === 0 || at === main ? 'and' : relationOf(random),
    weight: at === main ? mainWeight : 1,
  })) satisfies Idea[]
  return {
    topic: topic.name,
    thesis: `the ${topic.name} is about ${a}, not ${b}`,
    stands: [a, b],
    tone: pick(random, pools.tones),
    ideas: wish.relation ? withRelation(random, ideas, wish.relation) : ideas,
  }
}

const subjectsOf = (random: Random, { subjects }: Topic, ideas: number) => sample(random, subjects, ideas)

/** Half of the ideas simply follow. */
const relationOf = (random: Random): Relation => (random() < 0.45 ? 'and' : pick(random, relations))

const withRelation = (random: Random, ideas: readonly Idea[], relation: Relation): Idea[] => {
  const main = ideas.indexOf(mainIdea(ideas))
  const free = ideas.flatMap((_, at) => (at === 0 || at === main ? [] : [at]))
  if (ideas.some((idea) => idea.relation === relation)) return [...ideas]
  const at = pick(random, free)
  return ideas.map((idea, each) => (each === at ? { ...idea, relation } : idea))
}

/** So many claims of a verb and what it is done to; a noun comes twice only where the pool is smaller. */
export const claimsOf = (random: Random, pools: Pools, count: number): string[] => {
  const [verbs, nouns, adjectives] = [pools.verbs, pools.nouns, pools.adjectives].map((pool) => shuffle(random, pool))
  const at = (pool: readonly string[] | undefined, n: number) => pool?.[n % pool.length] ?? ''
  // the second time through a pool, a step aside: the same verb meets another noun
  const turn = (pool: readonly string[] | undefined, n: number) => n + Math.floor(n / (pool?.length ?? 1))
  return Array.from(
    { length: count },
    (_, n) => `${at(verbs, n)} ${at(adjectives, turn(adjectives, n))} ${at(nouns, turn(nouns, n))}`,
  )
}
