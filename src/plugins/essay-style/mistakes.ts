import {
  type AssistantTurn,
  type Mistake,
  mulberry32,
  pick,
  type Random,
  seedFrom,
  shuffle,
  type Transcript,
} from '../../skill.ts'
import type { Definition } from './definition.ts'
import { draftOf, written } from './draft.ts'
import { questionOf } from './gold.ts'
import { type Draft, type Item, mainIdea } from './item.ts'
import { poolsOf } from './material.ts'
import { claimsOf } from './truth.ts'
import { capital } from './words.ts'

type EssayMistake = Mistake<Item, Definition>
interface Making {
  readonly item: Item
  readonly random: Random
  readonly definition: Definition
}
type Spoil = (draft: Draft, making: Making) => Draft | undefined

/** Replaces the first outline of the gold by the same outline with one fault. */
const inOutline = (
  name: string,
  fails: string,
  spoil: Spoil,
  finish: (text: string) => string = (text) => text,
): EssayMistake => ({
  name,
  fails,
  apply(item, gold, definition, seed) {
    const at = outlineAt(item, gold)
    if (at < 0) return undefined
    const making = { item, definition, random: mulberry32(seedFrom(seed, name, item.id)) }
    const spoilt = spoil(draftOf(item, item.ideas, definition.contract), making)
    return spoilt && { at, turn: { role: 'assistant', content: finish(written(spoilt, definition.contract)) } }
  },
})

/** The place of the first outline: after the question where one is asked. */
const outlineAt = (item: Item, gold: Transcript): number => {
  const turns = gold.flatMap(({ role }, at) => (role === 'assistant' ? [at] : []))
  return turns[item.kind === 'clarify' ? 1 : 0] ?? -1
}

const firstTurn = (
  name: string,
  kind: (item: Item) => boolean,
  words: (item: Item, definition: Definition) => string,
): EssayMistake => ({
  name,
  fails: 'clarifies',
  apply(item, gold, definition) {
    const at = gold.findIndex(({ role }) => role === 'assistant')
    if (at < 0 || !kind(item)) return undefined
    return { at, turn: { role: 'assistant', content: words(item, definition) } satisfies AssistantTurn }
  },
})

/** The second outline is the first one again: the feedback was heard and nothing was done. */
const ignored: EssayMistake = {
  name: 'feedback-ignored',
  fails: 'revision',
  apply(item, gold) {
    const turns = gold.flatMap(({ role }, at) => (role === 'assistant' ? [at] : []))
    const [first, second] = turns
    if (item.kind !== 'revise' || first === undefined || second === undefined) return undefined
    return { at: second, turn: { role: 'assistant', content: gold[first]?.content ?? '' } }
  },
}

const eachSection = (
  draft: Draft,
  change: (section: Draft['sections'][number], at: number) => Draft['sections'][number],
): Draft => ({
  ...draft,
  sections: draft.sections.map(change),
})

const genericNames = ['Introduction', 'Main part', 'Discussion', 'Analysis', 'Conclusion', 'Summary']
const praise = [
  'This is a compelling start, and you have a rich idea.',
  'What a wonderful brainstorm, you already have a strong essay?',
]
const boilerplate = [
  'Clear and engaging, so that it resonates with readers.',
  'A unique perspective, captivating and thought-provoking.',
]
const vague = ['Add more detail.', 'Proofread the whole text.', 'Do more research.', 'Make it flow.']

const fillUp: Spoil = (draft) => {
  const extra = draft.sections.flatMap(({ heading }) => [
    {
      heading: `${heading} in its time and place`,
      body: `There is much more to say of ${heading.toLowerCase()} here, and every side of it has to be shown at length before the essay can go on.`,
    },
    {
      heading: `More on ${heading.toLowerCase()}`,
      body: `Here you come back to ${heading.toLowerCase()} once more and say again at length what you have said above, so that nobody can miss it.`,
    },
  ])
  return { ...draft, sections: [...draft.sections, ...extra] }
}
const inventIdea: Spoil = (draft, { item, definition, random }) => {
  // another topic's subject with a claim that nobody made, in place of an idea that may go
  const topics = Object.entries(definition.material.topics).filter(([name]) => name !== item.topic)
  const [, subjects] = pick(random, topics)
  const known = new Set(item.ideas.flatMap(({ claims }) => claims))
  const claim = claimsOf(random, poolsOf(definition.material, 'train'), 12).find((each) => !known.has(each)) ?? ''
  const section = { heading: `The ${pick(random, subjects)}`, body: `It ${claim}.` }
  return { ...draft, sections: [...draft.sections.slice(0, -1), section, ...draft.sections.slice(-1)] }
}
const keepTangent: Spoil = (draft, { item }) => {
  const [tangent] = item.tangents
  if (tangent === undefined) return undefined
  return eachSection(draft, (section, at) =>
    at === 1 ? { ...section, body: `${section.body.replace(/\.$/, '')}, and ${tangent}.` } : section,
  )
}
const believeWithdrawn: Spoil = (draft, { item }) => {
  const [wrong] = item.withdrawn
  if (!wrong) return undefined
  return eachSection(draft, (section, at) =>
    item.ideas[at]?.subject === wrong.subject ? { ...section, body: `It ${wrong.claim}.` } : section,
  )
}
const asSpoken: Spoil = (draft, { item }) => {
  if (item.spoken.every((idea, at) => idea === at)) return undefined
  return { ...draft, sections: item.spoken.flatMap((idea) => draft.sections[idea] ?? []) }
}
const dropMain: Spoil = (draft, { item }) => {
  const main = item.ideas.indexOf(mainIdea(item.ideas))
  return { ...draft, sections: draft.sections.filter((_, at) => at !== main) }
}
const withoutNames: Spoil = (draft) =>
  eachSection(draft, (_, at) => ({
    heading: `${['One', 'Another', 'A further', 'Yet another', 'A last'][at]} thing in your essay`,
    body: 'It matters in some way, and something can be made of it.',
  }))
const inAnotherVoice: Spoil = (draft, { definition: { voice }, random }) => {
  if (voice.foreign.length === 0) return undefined
  return eachSection(draft, (section, at) =>
    at === 0 ? { ...section, body: `${section.body} ${pick(random, voice.foreign)}` } : section,
  )
}
const asList: Spoil = (draft) => ({
  ...draft,
  sections: draft.sections.map(({ heading, body }) => ({ heading, body: `- ${body}` })),
})

/** What an outline must not be: each with one fault, on the same brainstorm. Named after what a reader would call it. */
export const mistakes: readonly EssayMistake[] = [
  inOutline('bloated', 'length', fillUp),
  inOutline('generic-headings', 'structure', (draft, { random }) => {
    const names = shuffle(random, genericNames)
    return eachSection(draft, (section, at) => ({ ...section, heading: names[at] ?? 'Body' }))
  }),
  inOutline('praise', 'structure', (draft, { random }) => ({
    ...draft,
    opening: [pick(random, praise), ...draft.opening.slice(1)],
  })),
  inOutline('third-person', 'structure', (draft, { item }) => ({
    ...draft,
    opening: [`The author says ${item.thesis}, but does the essay show it?`, ...draft.opening.slice(1)],
  })),
  inOutline('generic-next-steps', 'structure', (draft, { random }) => ({
    ...draft,
    steps: shuffle(random, vague).slice(0, draft.steps.length),
  })),
  inOutline('references-removed', 'coverage', withoutNames),
  inOutline('generic-voice', 'voice', (draft, { random }) => ({ ...draft, tone: pick(random, boilerplate) })),
  inOutline('another-voice', 'voice', inAnotherVoice),
  inOutline('echoed-in-order', 'order', asSpoken),
  inOutline('dropped-main-idea', 'coverage', dropMain),
  inOutline('invented-idea', 'faithfulness', inventIdea),
  inOutline('withdrawn-claim', 'faithfulness', believeWithdrawn),
  inOutline('tangent-kept', 'concision', keepTangent),
  inOutline('flat-list', 'structure', asList),
  inOutline('over-formatted', 'structure', (draft) =>
    eachSection(draft, ({ heading, body }) => ({ heading: `**${heading}** 📌`, body: `**${capital(body)}**\n\n---` })),
  ),
  inOutline('chatty-preamble', 'structure', (draft) => ({
    ...draft,
    before: 'Sure! Here is the outline that you asked for:',
  })),
  inOutline('echo', 'structure', (draft, { item }) => ({ ...draft, before: item.brainstorm, opening: [] })),
  firstTurn('asks-needlessly', ({ kind }) => kind === 'outline', questionOf),
  ignored,
  firstTurn(
    'does-not-ask',
    ({ kind }) => kind === 'clarify',
    (item, { contract }) => written(draftOf(item, item.ideas, contract), contract),
  ),
]
