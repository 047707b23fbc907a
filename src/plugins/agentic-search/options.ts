import { z } from 'zod'

export const skillName = 'agentic-search'

const Folder = z.strictObject({
  folder: z.string().min(1).describe('.md, .txt, .rst, .html, .pdf, .docx and .jsonl files below it are the documents'),
})

/** The skill's section of whetstone.yaml. Paths are relative to the config's folder. */
export const Options = z.strictObject({
  corpus: Folder.describe('where the documents come from'),
  index: z
    .strictObject({
      passageChars: z
        .int()
        .min(200)
        .max(20_000)
        .default(2000)
        .describe('longest passage that is indexed as one, characters'),
      titleWeight: z
        .number()
        .min(0.1)
        .max(20)
        .default(1.5)
        .describe('weight of a word in the title; one in the text weighs 1'),
      dense: z
        .undefined({ error: 'dense vectors are not built in this version: take `dense` out, the search is BM25' })
        .optional()
        .describe('not in this version: the search is BM25'),
    })
    .prefault({})
    .describe('how documents are indexed'),
})
export type Options = z.output<typeof Options>
