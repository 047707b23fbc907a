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
})
export type Item = z.infer<typeof Item>

/** The idea that matters most. */
export const mainIdea = (ideas: readonly Idea[]): Idea => ideas.reduce((a, b) => (b.weight > a.weight ? b : a))
