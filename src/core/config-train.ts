/** The section `train` of whetstone.yaml: each trainer's parameters under its own name. */
import { z } from 'zod'
import { section, share, whole } from './config-fields.ts'

const Sft = section(
  {
    method: z
      .enum(['lora', 'qlora', 'full'])
      .optional()
      .describe('train an adapter, one on a base of four bits a weight (the package bitsandbytes), or all weights'),
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
    shard: z.boolean().optional().describe('each process keeps its part of the weights and not all of them (FSDP)'),
    weigh: z
      .enum(['replies', 'root', 'tokens'])
      .optional()
      .describe(
        'how much each reply of a row counts in the loss: all alike, the root of its length, or its length in tokens',
      ),
    shareHeaders: z.boolean().optional().describe('rows with the same tools share one header in a sequence'),
    checkpointSeconds: z.number().positive().optional().describe('seconds between two resumable checkpoints'),
  },
  'supervised fine-tuning; what is left out has its default in trainers/sft.py',
)

/** What a training from good and bad replies has, whatever tells it which is which. */
const preference = (batch: string) => ({
  beta: z.number().positive().optional().describe('how dear it is to leave the student that learning goes on from'),
  sftWeight: z
    .number()
    .min(0)
    .optional()
    .describe(
      "weight of the good replies' own loss beside the preference: it holds their form while bad ones are unlearned",
    ),
  learningRate: z.number().positive().max(1).optional().describe('peak learning rate'),
  schedule: z.enum(['cosine', 'linear', 'constant']).optional().describe('how the rate falls after the warm-up'),
  warmup: share().optional().describe('share of the steps over which the rate rises, 0 to 1'),
  weightDecay: z.number().min(0).optional().describe('weight decay'),
  maxGradNorm: z.number().positive().optional().describe('gradients are clipped to this norm'),
  epochs: whole(1).optional().describe('passes over the pairs'),
  batch: whole(1).optional().describe(batch),
  accumulate: whole(1).optional().describe('batches to an update'),
  processes: whole(1, 64)
    .optional()
    .describe('processes that share the batches of an update; `accumulate` is a multiple of it'),
  checkpointSeconds: z.number().positive().optional().describe('seconds between two resumable checkpoints'),
})

const Kto = section(
  {
    enabled: z.boolean().default(false).describe('teach judgement, in rounds of its own, once the format holds'),
    practice: whole(8)
      .default(300)
      .describe('fresh training items that the best student answers; its mistakes are the bad replies'),
    temperature: z
      .number()
      .min(0)
      .max(2)
      .default(0)
      .describe(
        'how freely it answers in practice: above 0 it errs more often, and in ways that it finds likely itself',
      ),
    rows: whole(8)
      .default(240)
      .describe(
        'rows of a round of judgement, good and bad; named mistakes on further training items fill up what the student leaves',
      ),
    hold: z
      .number()
      .min(0)
      .max(10)
      .default(1)
      .describe(
        'right replies to other requests for each pair, beside `rows`: what the student does right is to stay, and to be learned where they are new; of the round first',
      ),
    pairs: z
      .enum(['all', 'moves'])
      .default('all')
      .describe(
        'what pairs are about: moves leaves out two calls of the same tool, so that how its arguments are filled stays with SFT',
      ),
    loss: z
      .enum(['apo_zero_unpaired', 'kto'])
      .optional()
      .describe("the loss; kto has the paper's KL term and takes twice as long"),
    desirableWeight: z.number().min(0).optional().describe('weight of good replies'),
    undesirableWeight: z.number().min(0).optional().describe('weight of bad replies'),
    ...preference('rows to a step; half of them good'),
  },
  'learning from bad replies; what is left out has its default in trainers/kto.py and trainers/preference.py',
)

const Dpo = section(
  {
    loss: z
      .enum(['sigmoid', 'ipo', 'apo_zero'])
      .optional()
      .describe('the loss; apo_zero also holds the better reply up'),
    ...preference('pairs to a step'),
  },
  'learning from pairs, where `judgement` is dpo; what is left out has its default in trainers/dpo.py and trainers/preference.py',
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
    atOnce: whole(1)
      .optional()
      .describe('episodes computed at once, a divisor of prompts × generations; all of a step where left out'),
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

export const Train = section(
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
)
