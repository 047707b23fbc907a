/** What whetstone.yaml may hold. Every field says what it means and in which unit: `configReference` is made from it. */
import { z } from 'zod'
import { Executor } from './config-executor.ts'
import {
  addressedOnce,
  apiKeyEnv,
  http,
  replicas,
  section,
  servers,
  share,
  trainedOrNot,
  whole,
} from './config-fields.ts'
import { Roles } from './config-roles.ts'
import { Train } from './config-train.ts'

const Student = section(
  {
    base: z
      .string()
      .min(1)
      .default('smollm2-135m')
      .describe('base model: a prepared name, a local folder or a hub name'),
    url: http().optional().describe('OpenAI-compatible address of a served model: evaluation only, nothing is trained'),
    replicas: replicas().describe(
      'further addresses of the same model: replies are asked of whichever is free and well, `slots` at each',
    ),
    vllm: servers().describe(
      'vLLM servers of `base`: every round loads its adapter into them, and nothing is served on this machine',
    ),
    model: z.string().min(1).optional().describe('model name at `url`'),
    apiKeyEnv: apiKeyEnv(),
    maxTokens: whole(32)
      .default(512)
      .describe('longest training row, tokens of the base model; longer rows are dropped, never cut'),
    maxReplyTokens: whole(1).default(112).describe('longest reply in an evaluation, tokens'),
    slots: whole(1, 64).default(4).describe('replies that a server works on at once'),
    quant: z.enum(['q8_0', 'f16']).default('q8_0').describe('number format of the served model'),
    timeoutSeconds: z.number().positive().default(180).describe('longest wait for one reply, seconds'),
  },
  'the small model that learns',
)
  .superRefine(addressedOnce('url'))
  .superRefine(trainedOrNot)

export const Config = z.strictObject({
  skill: z.string().min(1).describe('the skill to learn: a built-in name, a path or a package'),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("the skill's own section, checked by the skill: `whet plugin list`"),
  student: Student,
  evaluation: section(
    {
      dev: whole(1).default(60).describe('items that the analyst reads'),
      gate: whole(1).default(120).describe('items that decide promotion; only their rates are shown'),
      sealed: whole(0).default(120).describe('items opened once, by `whet publish`'),
    },
    'the three evaluation splits',
  ),
  loop: section(
    {
      rounds: whole(0).default(3).describe('most rounds; 0: the untouched student is measured, and nothing is trained'),
      rows: whole(1).default(200).describe('training rows of a round'),
      replay: share().default(0.3).describe("share of a round's rows from earlier rounds' accepted rows, 0 to 1"),
      uniform: share().default(0.25).describe("share of a round's rows spread evenly over all tags, 0 to 1"),
      maxShare: share().default(0.4).describe("largest share of a round's rows for one tag, 0 to 1"),
      analyst: z
        .enum(['uniform', 'error-weighted', 'statistical', 'llm', 'placebo'])
        .optional()
        .describe(
          'who aims the rows; roles.analyst where it is set, else the statistical one. The others are arms of an experiment: rows by error counts, or an analyst that reads shuffled failures',
        ),
      plateau: whole(1).default(2).describe('rounds without a promotion after which the run stops'),
      levers: z
        .boolean()
        .default(true)
        .describe(
          'after a round without a promotion the next one changes something: more rows, harder mistakes, half the learning rate',
        ),
    },
    'how rounds are made up and when they end',
  ),
  train: Train,
  budget: section(
    {
      minutes: z.number().positive().default(60).describe('wall time of the run, minutes'),
      tokens: whole(0).default(0).describe('tokens paid for at endpoints; 0: no limit'),
      money: z.number().min(0).default(0).describe("money paid at endpoints, in the prices' currency; 0: no limit"),
      diskGb: z.number().positive().default(10).describe('disk that the run may fill, GB'),
    },
    'what a run may spend; it stops before it spends more',
  ),
  gate: section(
    {
      alpha: z
        .number()
        .gt(0)
        .lt(0.5)
        .default(0.05)
        .describe('chance, over all rounds, of promoting a student that is no better'),
      primary: z.string().min(1).optional().describe("criterion that decides; the skill's first target where left out"),
    },
    'when a new student replaces the best one',
  ),
  roles: Roles,
  approve: z
    .enum(['never', 'before-train', 'every-round', 'on-cost'])
    .default('never')
    .describe(
      'when the run waits for `whet approve`; on-cost: once a round, where its stages may ask a model that costs',
    ),
  notify: section(
    {
      webhook: http().optional().describe('address that is told when the run stops, fails or waits for approval'),
      secretEnv: apiKeyEnv().describe(
        'name of the environment variable that holds the secret which signs what is sent',
      ),
    },
    'who hears of a run that nobody watches',
  ),
  executor: Executor,
  trackers: z
    .array(z.enum(['tensorboard', 'wandb', 'mlflow']))
    .default([])
    .describe('experiment trackers, passed to the trainers'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe('seed of every random choice'),
})
export type Config = z.infer<typeof Config>
