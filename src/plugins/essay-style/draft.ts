import type { FrozenContract } from './contract.ts'
import { type Draft, type Idea, type Item, mainIdea } from './item.ts'
import { capital } from './words.ts'

/** The ideal outline of an item: its teacher's where it has one, else plain words that fit the contract. Nothing but what was said. */
export const draftOf = (item: Item, ideas: readonly Idea[], contract: FrozenContract): Draft =>
  item.draft && ideas === item.ideas ? item.draft : plainDraft(item, ideas, contract)

export const plainDraft = (item: Item, ideas: readonly Idea[], contract: FrozenContract): Draft => {
  const [main, first, last] = [mainIdea(ideas), ideas[0], ideas.at(-1)]
  const [stands, against] = item.stands
  const full = contract.opening.paragraphs > 1
  const other = ideas.find((idea) => idea !== main) ?? main
  const opening = [
    `You say ${item.thesis}, but does the ${main.subject} show it?`,
    `You set ${against} aside fast. What if the ${other.subject} speaks for it?`,
    `And you leave the ${last?.subject} for the end. Does it belong there?`,
  ]
  const approach = full
    ? `Approach: you open with the ${first?.subject}, lean on the ${main.subject} and close on the ${last?.subject}.`
    : `Approach: from the ${first?.subject} to the ${last?.subject}.`
  const themes = [
    `**${capital(stands)}:** the ${main.subject}`,
    `**${capital(against)}:** what the ${other.subject} sets against it`,
  ]
  return {
    before: '',
    opening: opening.slice(0, contract.opening.paragraphs),
    title: `The ${main.subject} and the ${item.topic}`,
    overview:
      contract.overview.paragraphs > 1
        ? [`Thesis: ${item.thesis}.`, approach]
        : [`Thesis: ${item.thesis}. ${approach}`],
    sections: ideas.map(sectionOf),
    tone: `Keep it ${item.tone}.`,
    themes: themes.slice(0, Math.max(1, contract.themes.bullets[0])),
    lead: `For your ${item.topic} essay:`,
    steps: [
      `Find a scene for the ${main.subject}.`,
      `Test the ${last?.subject} against ${against}.`,
      `Name the end of the ${item.topic}.`,
    ].slice(0, Math.max(2, contract.next.bullets[0])),
  }
}

const sectionOf = ({ subject, claims: [claim, ...more], relation }: Idea) => ({
  heading: `The ${subject}`,
  body: [
    relation === 'and' ? `It ${claim}.` : `${capital(relation)} it ${claim}.`,
    ...more.map((each) => `You also say it ${each}.`),
  ].join(' '),
})

/** The draft as Markdown, its parts in the order of the contract. */
export const written = (draft: Draft, contract: FrozenContract): string => {
  const bullets = (all: readonly string[]) => all.map((each) => `- ${each}`).join('\n')
  const part = (heading: string, ...body: readonly string[]) => `## ${heading}\n${body.join('\n\n')}`
  return [
    ...(draft.before ? [draft.before] : []),
    ...draft.opening,
    `# ${draft.title}`,
    part(contract.overview.heading, ...draft.overview),
    ...draft.sections.map(({ heading, body }) => part(heading, body)),
    part(contract.tone.heading, draft.tone),
    part(contract.themes.heading, bullets(draft.themes)),
    part(contract.next.heading, `${draft.lead}\n${bullets(draft.steps)}`),
  ].join('\n\n')
}

/** The ideas as prose in the first person: plain, since a voice cannot be constructed without copying it. */
export const passageOf = ({ thesis }: Item, ideas: readonly Idea[]): string => {
  const sentences = ideas.map(({ subject, claims, relation }, at) => {
    const begin = at === 0 ? 'I begin with' : relation === 'and' ? 'Then I turn to' : `${capital(relation)} I think of`
    return `${begin} the ${subject}: it ${claims.join(', and it ')}.`
  })
  return [`I say ${thesis}.`, ...sentences].join(' ')
}
