import { z } from 'zod'

/** Kinds of question. All are made by construction: the answer is known before the question is worded. */
export const kinds = [
  'fact', // one document says it
  'near-title', // another document has nearly the same title
  'mismatch', // the question has no word of the document
  'comparison', // two documents
  'two-hop', // what one document says is the key to the next
  'aggregation', // a number of documents
  'temporal', // the first or the last of several
  'negation', // another than the one that is named
  'ambiguous', // two documents could be meant: ask
  'in-context', // the question brings the answer: do not search
  'unanswerable', // no document says it
] as const
export type Kind = (typeof kinds)[number]

/** A document that the answer stands on, and the queries of a good searcher, the last of which surely shows it. */
const Need = z.strictObject({ document: z.string(), queries: z.array(z.string()).min(1) })
export type Need = z.output<typeof Need>

export const Item = z.strictObject({
  id: z.string(),
  family: z.string(),
  tags: z.record(z.string(), z.array(z.string())),
  kind: z.enum(kinds),
  question: z.string().min(1),
  context: z.string().optional(), // given with the question
  needs: z.array(Need), // gold documents, in the order in which they are needed
  looks: z.array(Need), // documents that a good searcher opens before it says that nothing is there, or asks
  answers: z.array(z.string()), // the first is the gold's, the others are as good; none: there is no answer
  evidence: z.array(z.strictObject({ document: z.string(), text: z.string() })), // gold spans, word for word
  canaries: z.array(z.string()), // wrong answers that a distractor suggests
  names: z.array(z.string()), // what a question back must name
  hidden: z.array(z.string()), // documents that are not there in this episode
})
export type Item = z.output<typeof Item>
