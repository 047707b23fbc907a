import { z } from 'zod'

/** outline: brainstorm in, outline out. clarify: no thesis, so one question first. revise and passage: two exchanges. */
export const kinds = ['outline', 'clarify', 'revise', 'passage'] as const
export type Kind = (typeof kinds)[number]

/** How a brainstorm was made messy. */
export const disturbances = [
  'filler',
  'false-start',
  'tangent',
  'repetition',
  'correction',
  'out-of-order',
  'dictation',
] as const
export type Disturbance = (typeof disturbances)[number]

/** How an idea follows from the one before it. */
export const relations = ['and', 'but', 'so', 'because'] as const
export type Relation = (typeof relations)[number]

const Idea = z.strictObject({
  subject: z.string(), // "fog horn"
  claims: z.array(z.string()).min(1).readonly(), // "hides old debts"
  relation: z.enum(relations), // to the idea before it; of the first one `and`
  weight: z.number(), // 3 for the main idea, 1 for the others
})
export type Idea = z.infer<typeof Idea>

/** What the reader answers to the first outline, and what the second turn must then be. */
const Feedback = z.strictObject({
  text: z.string(),
  ideas: z.array(Idea).readonly(), // of the revised outline, in its order
  untouched: z.array(z.string()).readonly(), // subjects whose sections were fine and must stay as they were
})

/** An outline in its parts: what the gold is written from, and what mistakes are made in. */
export const Draft = z.strictObject({
  before: z.string(), // chat before the outline; gold has none
  opening: z.array(z.string()).readonly(),
  title: z.string(),
  overview: z.array(z.string()).readonly(),
  sections: z.array(z.strictObject({ heading: z.string(), body: z.string() })).readonly(),
  tone: z.string(),
  themes: z.array(z.string()).readonly(),
  lead: z.string(),
  steps: z.array(z.string()).readonly(),
})
export type Draft = z.infer<typeof Draft>

export const Item = z.strictObject({
  id: z.string(),
  family: z.string(), // the topic: its subjects are in no other split
  tags: z.record(z.string(), z.array(z.string()).readonly()),
  kind: z.enum(kinds),
  topic: z.string(),
  thesis: z.string(), // "the lighthouse is about trust, not pride"
  stands: z.tuple([z.string(), z.string()]).readonly(), // [trust, pride]
  tone: z.string(),
  ideas: z.array(Idea).readonly(), // in the order of the essay
  spoken: z.array(z.int()).readonly(), // the order in which the brainstorm says them
  tangents: z.array(z.string()).readonly(),
  withdrawn: z.array(z.strictObject({ subject: z.string(), claim: z.string() })).readonly(), // said, then taken back
  brainstorm: z.string(),
  answer: z.string().optional(), // to the question of a clarify item
  feedback: Feedback.optional(),
  source: z.string().optional(), // the author's text that a teacher read the ideas out of
  draft: Draft.optional(), // the outline as a teacher wrote it in the author's voice; left out: in plain words
})
export type Item = z.infer<typeof Item>

/** The idea that matters most. */
export const mainIdea = (ideas: readonly Idea[]): Idea => ideas.reduce((a, b) => (b.weight > a.weight ? b : a))
