import { z } from 'zod'
import { relations } from './item.ts'

/** Ideas that a reading may give: more than an outline has sections are cut. */
const mostIdeas = 6

/** What a teacher reads out of a text: what it is about, and its ideas with the sentences that say them. */
export const Reading = z.strictObject({
  topic: z.string().max(40).describe('what the text is about: one to three words of it'),
  thesis: z
    .string()
    .max(160)
    .describe('what it wants to show: one clause of at most fifteen words, without "the essay" or "the author"'),
  stands: z.string().max(30).describe('the one word that it speaks for'),
  against: z.string().max(30).describe('the one word that it sets this against'),
  tone: z.string().max(30).describe('one adjective for how it speaks'),
  ideas: z
    .array(
      z.strictObject({
        subject: z.string().max(40).describe('what the idea is about: one to three words of the text, no article'),
        claims: z
          .array(
            z.strictObject({
              claim: z
                .string()
                .max(100)
                .describe('what is said of it: three to eight words that go on after "the SUBJECT", the verb first'),
              quote: z.string().max(800).describe('the sentence that says it, word for word'),
            }),
          )
          .max(3),
        relation: z.enum(relations).describe('how it follows from the idea before it'),
      }),
    )
    .max(mostIdeas),
  main: z.int().describe('the place of the idea that matters most; the first one is 0'),
  slip: z
    .strictObject({
      idea: z.int().describe('the place of an idea'),
      claim: z.string().max(100).describe('what the text does NOT say of it: three to eight words, the verb first'),
    })
    .describe('something that a hasty speaker might say of one of the subjects and take back'),
})
export type Reading = z.infer<typeof Reading>

export const Speech = z.strictObject({ brainstorm: z.string().max(4000) })

/** An outline in the author's voice: the parts that have a voice. Headings and themes stay as they are. */
export const Voiced = z.strictObject({
  opening: z.array(z.string().max(600)).max(4),
  overview: z.array(z.string().max(600)).max(3),
  sections: z.array(z.string().max(600)).max(mostIdeas),
  tone: z.string().max(300),
  lead: z.string().max(300),
  steps: z.array(z.string().max(300)).max(5),
})
export type Voiced = z.infer<typeof Voiced>
