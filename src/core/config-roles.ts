/** The section `roles` of whetstone.yaml: language models and what they may do. */
import { z } from 'zod'
import { addressedOnce, apiKeyEnv, http, replicas, section, whole } from './config-fields.ts'
import { EmbedderSetting } from './embed/embedder.ts'

const price = () =>
  z
    .strictObject({
      input: z.number().min(0).describe('per million tokens of prompts'),
      output: z.number().min(0).describe('per million tokens of answers'),
    })
    .optional()
    .describe('what the endpoint charges, in the currency of budget.money; left out: counted in tokens only')

/** Roles that a language model can take. */
export const roleNames = ['teacher', 'judge', 'improver', 'analyst', 'chat'] as const
export type RoleName = (typeof roleNames)[number]

const role = (meaning: string) =>
  z
    .strictObject({
      model: z.string().min(1).describe('model name as the endpoint knows it'),
      baseUrl: http().default('https://api.openai.com/v1').describe('OpenAI-compatible endpoint'),
      replicas: replicas().describe(
        'further addresses of the same model: calls go to whichever is free and well, `concurrency` at each',
      ),
      apiKeyEnv: apiKeyEnv(),
      timeoutSeconds: z.number().positive().default(60).describe('longest wait for one answer, seconds'),
      maxTokens: whole(16).default(2048).describe('longest answer, tokens'),
      temperature: z.number().min(0).max(2).default(0).describe('how freely it words; 0: the likeliest answer'),
      concurrency: whole(1, 1024).default(4).describe('calls at once; roles at one endpoint share the largest'),
      requestsPerMinute: whole(1).optional().describe('most calls a minute; left out: no limit'),
      retries: whole(0, 20).default(4).describe('further tries after a 429, a 5xx or a lost connection'),
      price: price(),
      fallbacks: z
        .array(
          z.strictObject({
            model: z.string().min(1).describe('model name'),
            baseUrl: http().optional().describe("its endpoint; the role's own where left out"),
            apiKeyEnv: apiKeyEnv(),
            price: price(),
          }),
        )
        .default([])
        .describe('models to ask, in this order, where the one before does not answer'),
    })
    .superRefine(addressedOnce('baseUrl'))
    .optional()
    .describe(meaning)
export type RoleSettings = NonNullable<z.infer<ReturnType<typeof role>>>

export const Roles = section(
  {
    teacher: role('writes rows and phrasings'),
    judge: role("answers the rubrics' questions"),
    improver: role('rewrites items that fail a rubric'),
    analyst: role('reads failures and writes the next spec'),
    chat: role('the assistant of `whet chat`'),
    embed: EmbedderSetting.default(false).describe(
      'vectors of meaning, by which what the teacher writes is measured and steered: true is a small English model of a package (fetched once, 90 MB); or an OpenAI-compatible endpoint with /embeddings',
    ),
    cache: z.boolean().default(true).describe('keep answers, so that the same call is never paid twice'),
    cassette: z
      .strictObject({
        file: z.string().min(1).describe('a JSONL file of calls and answers'),
        mode: z.enum(['record', 'replay']).describe('replay: answer from the file and call nobody'),
      })
      .optional()
      .describe('record all calls, or replay them'),
  },
  'LLM endpoints; without them everything is deterministic',
)
