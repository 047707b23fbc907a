/** What whetstone.yaml may hold. Every field says what it means and in which unit: `configReference` is made from it. */
import { z } from 'zod'
import { Executor } from './config-executor.ts'
import { apiKeyEnv, http, section, share, whole } from './config-fields.ts'

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
    .optional()
    .describe(meaning)
export type RoleSettings = NonNullable<z.infer<ReturnType<typeof role>>>

const Student = section(
  {
    base: z
      .string()
      .min(1)
      .default('smollm2-135m')
      .describe('base model: a prepared name, a local folder or a hub name'),
    url: http().optional().describe('OpenAI-compatible address of a served model: evaluation only, nothing is trained'),
    model: z.string().min(1).optional().describe('model name at `url`'),
    apiKeyEnv: apiKeyEnv(),
    maxTokens: whole(32)
      .default(512)
      .describe('longest training row, tokens of the base model; longer rows are dropped, never cut'),
    maxReplyTokens: whole(1).default(96).describe('longest reply in an evaluation, tokens'),
    slots: whole(1, 64).default(4).describe('replies that the server works on at once'),
    quant: z.enum(['q8_0', 'f16']).default('q8_0').describe('number format of the served model'),
    timeoutSeconds: z.number().positive().default(180).describe('longest wait for one reply, seconds'),
  },
  'the small model that learns',
)

const Sft = section(
  {
    method: z.enum(['lora', 'full']).optional().describe('train an adapter, or all weights'),
    rank: whole(1, 512).optional().describe('rank of the LoRA adapter'),
    alpha: z.number().positive().optional().describe('scale of the LoRA adapter'),
    learningRate: z.number().positive().max(1).optional().describe('peak learning rate'),
    halfRateRows: whole(0)
      .optional()
      .describe(
        'rows of earlier rounds behind which the peak rate is half: it falls as 1 / (1 + rows / halfRateRows); 0 never',
      ),
    schedule: z
      .enum(['cosine', 'linear', 'constant'])
      .optional()
      .describe('how the learning rate falls after the warm-up'),
    warmup: share().optional().describe('share of the steps over which the learning rate rises, 0 to 1'),
    weightDecay: z.number().min(0).optional().describe('weight decay'),
    maxGradNorm: z.number().positive().optional().describe('gradients are clipped to this norm'),
    epochs: whole(1).optional().describe('passes over the rows'),
    packTokens: whole(64).optional().describe('tokens of one packed sequence, which is one step'),
    packRows: whole(1).optional().describe('rows of one packed sequence; they share one tools header'),
    accumulate: whole(1).optional().describe('sequences to a step'),
    processes: whole(1, 64)
      .optional()
      .describe('processes that share the sequences of a step; `accumulate` is a multiple of it'),
    weigh: z
      .enum(['root', 'rows', 'tokens'])
      .optional()
      .describe('how much a row counts in the loss: the root of its reply length, alike, or its length in tokens'),
    shareHeaders: z.boolean().optional().describe('rows with the same tools share one header in a sequence'),
    checkpointSeconds: z.number().positive().optional().describe('seconds between two resumable checkpoints'),
  },
  'supervised fine-tuning; what is left out has its default in trainers/sft.py',
)

const Kto = section(
  {
    enabled: z.boolean().default(false).describe('teach judgement, in rounds of its own, once the format holds'),
    practice: whole(8)
      .default(300)
      .describe('fresh training items that the best student answers; its mistakes are the bad replies'),
    rows: whole(8)
      .default(240)
      .describe(
        'rows of a round of judgement, good and bad; named mistakes on further training items fill up what the student leaves',
      ),
    loss: z
      .enum(['apo_zero_unpaired', 'kto'])
      .optional()
      .describe("the loss; kto has the paper's KL term and takes twice as long"),
    beta: z.number().positive().optional().describe('how dear it is to leave the student that learning goes on from'),
    desirableWeight: z.number().min(0).optional().describe('weight of good replies'),
    undesirableWeight: z.number().min(0).optional().describe('weight of bad replies'),
    learningRate: z.number().positive().max(1).optional().describe('peak learning rate'),
    schedule: z.enum(['cosine', 'linear', 'constant']).optional().describe('how the rate falls after the warm-up'),
    warmup: share().optional().describe('share of the steps over which the rate rises, 0 to 1'),
    weightDecay: z.number().min(0).optional().describe('weight decay'),
    maxGradNorm: z.number().positive().optional().describe('gradients are clipped to this norm'),
    epochs: whole(1).optional().describe('passes over the pairs'),
    batch: whole(1).optional().describe('rows to a step; half of them good'),
    accumulate: whole(1).optional().describe('batches to an update'),
    checkpointSeconds: z.number().positive().optional().describe('seconds between two resumable checkpoints'),
  },
  'learning from bad replies; what is left out has its default in trainers/kto.py',
)

const Dpo = section(
  {
    loss: z
      .enum(['sigmoid', 'ipo', 'apo_zero'])
      .optional()
      .describe('the loss; apo_zero also holds the better reply up'),
    beta: z.number().positive().optional().describe('how dear it is to leave the student that learning goes on from'),
    learningRate: z.number().positive().max(1).optional().describe('peak learning rate'),
    schedule: z.enum(['cosine', 'linear', 'constant']).optional().describe('how the rate falls after the warm-up'),
    warmup: share().optional().describe('share of the steps over which the rate rises, 0 to 1'),
    weightDecay: z.number().min(0).optional().describe('weight decay'),
    maxGradNorm: z.number().positive().optional().describe('gradients are clipped to this norm'),
    epochs: whole(1).optional().describe('passes over the pairs'),
    batch: whole(1).optional().describe('pairs to a step'),
    accumulate: whole(1).optional().describe('batches to an update'),
    checkpointSeconds: z.number().positive().optional().describe('seconds between two resumable checkpoints'),
  },
  'learning from pairs, where `judgement` is dpo; what is left out has its default in trainers/dpo.py',
)

const Grpo = section(
  {
    enabled: z
      .boolean()
      .default(false)
      .describe("learn from the skill's own grade, in rounds of its own, once the format holds"),
    practice: whole(8)
      .default(60)
      .describe('fresh training items that the best student answers first; those that it half solves are learned on'),
    steps: whole(1).optional().describe('steps; each plays new episodes'),
    prompts: whole(1).optional().describe('items to a step'),
    generations: whole(2).optional().describe('episodes of each item, which are held against each other'),
    temperature: z.number().positive().max(5).optional().describe('how freely episodes are sampled'),
    beta: z.number().min(0).optional().describe('how dear it is to leave the student that learning goes on from'),
    learningRate: z.number().positive().max(1).optional().describe('peak learning rate'),
    schedule: z.enum(['cosine', 'linear', 'constant']).optional().describe('how the rate falls after the warm-up'),
    warmup: share().optional().describe('share of the steps over which the rate rises, 0 to 1'),
    weightDecay: z.number().min(0).optional().describe('weight decay'),
    maxGradNorm: z.number().positive().optional().describe('gradients are clipped to this norm'),
    accumulate: whole(1).optional().describe('batches to an update'),
    watch: whole(1)
      .optional()
      .describe(
        'steps of a window: training stops where the reward rises from the first to the last without what it stands for',
      ),
    timeoutSeconds: z.number().positive().optional().describe('longest wait for the environments, seconds'),
    checkpointSeconds: z.number().positive().optional().describe('seconds between two resumable checkpoints'),
  },
  'learning from rewards; what is left out has its default in trainers/grpo.py',
)

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
      rounds: whole(1).default(3).describe('most rounds'),
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
  train: section(
    {
      device: z
        .enum(['auto', 'cpu', 'cuda'])
        .default('auto')
        .describe('where training runs; auto: the GPU where there is one'),
      sft: Sft,
      kto: Kto,
      judgement: z
        .enum(['kto', 'dpo'])
        .default('kto')
        .describe('what teaches judgement, once `kto.enabled` lets it: both learn from the same pairs'),
      dpo: Dpo,
      grpo: Grpo,
    },
    "overrides of the trainers' defaults",
  ),
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
  roles: section(
    {
      teacher: role('writes rows and phrasings'),
      judge: role("answers the rubrics' questions"),
      improver: role('rewrites items that fail a rubric'),
      analyst: role('reads failures and writes the next spec'),
      chat: role('the assistant of `whet chat`'),
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
  ),
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
