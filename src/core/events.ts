/**
 * The event log's vocabulary: every step of a run appends one of these, and every surface reads nothing else.
 * The union is closed: a type that is not here is refused, and fields that are not here are dropped.
 * Numbers are finite, since JSON holds no others: a diverged loss is `null`.
 */
import { z } from 'zod'
import { authors } from './round.ts'

const count = z.int().nonnegative()
const amount = z.number().nonnegative()
/** A measure that could not always be made: absent or null means "not measured", which is not 0. */
const measured = z.number().nullish()
const tags = z.record(z.string(), z.array(z.string()).readonly()).readonly()
const split = z.enum(['train', 'dev', 'gate', 'sealed'])

export const orderVerbs = ['pause', 'resume', 'stop', 'approve', 'reject', 'guide', 'budget', 'undo', 'edit'] as const
export const OrderVerb = z.enum(orderVerbs)
export type OrderVerb = z.infer<typeof OrderVerb>

const targetResult = z.object({
  of: z.string(), // a criterion, or a pooled measure
  where: tags.optional(),
  status: z.enum(['pass', 'warn', 'fail', 'no-data']),
  rate: measured, // 0..1
  passes: count.optional(),
  n: count.optional(),
})

const specPart = z.object({
  where: tags,
  rows: count,
  difficulty: z.literal([1, 2, 3]).optional(),
  mistakes: z.array(z.string()).readonly().optional(),
})

const hypothesis = z.object({
  evidence: z.array(z.string()).readonly(), // item ids of dev
  part: specPart,
  stage: z.enum(['sft', 'kto', 'grpo']),
  predicts: z.object({ criterion: z.string(), where: tags, points: z.number(), probability: z.number() }), // points: rate 0..1
  note: z.string(),
})

const primary = z.object({
  of: z.string(),
  difference: measured, // candidate minus incumbent, rate -1..1; low and high bound it
  low: measured,
  high: measured,
  p: measured,
  families: count.optional(),
  rows: count.optional(),
  losses: count.optional(),
  gains: count.optional(),
  incumbentRate: measured,
  candidateRate: measured,
})

const protectedTag = z.object({
  of: z.string(),
  where: tags.optional(),
  status: z.enum(['ok', 'breach', 'too-few', 'floor']),
  difference: measured,
  low: measured,
  high: measured,
  n: count.optional(),
})

/** What each type of event carries. */
export const eventData = {
  'run.started': z.object({ skill: z.string(), config: z.string() }), // config: sha256 of its text
  'run.resumed': z.object({ trainsOn: z.string().optional() }), // from its next training on, where that changed
  'run.paused': z.object({ by: z.string() }),
  'run.stopped': z.object({ reason: z.string(), detail: z.string().optional() }),
  'run.finished': z.object({ reason: z.string(), best: count, targets: z.array(targetResult).readonly() }), // best: its round, 0 is the baseline
  'run.failed': z.object({ code: z.string(), message: z.string() }),
  'stage.started': z.object({}),
  'stage.progress': z.object({ done: amount, total: amount, what: z.string() }), // total 0: not known
  'stage.finished': z.object({ ms: amount }),
  'stage.failed': z.object({ code: z.string(), message: z.string() }),
  'item.counts': z.object({ made: count, accepted: count, rejected: count, duplicates: count, leaked: count }), // leaked: too near to an evaluation item
  'pairs.made': z.object({
    practised: count, // fresh training items that the best student answered
    pairs: count,
    fromStudent: count, // pairs whose bad reply the student gave itself
    held: count.optional(), // right replies to other requests
    directions: z.record(z.string(), count).optional(), // pairs by what they teach: act, hold-back, say, how
    tells: z.object({ length: z.number(), form: z.number(), word: z.number().nullable() }), // accuracy of the label by surface alone
    warnings: z.array(z.string()).readonly(),
  }),
  'train.started': z.object({ kind: z.enum(['sft', 'kto', 'dpo', 'grpo']), dir: z.string(), adopted: z.boolean() }),
  'train.step': z.object({
    step: count,
    of: count,
    loss: z.number().nullable(), // nats per token
    tokens: count, // since the job began
    tokensPerSecond: amount,
    etaSeconds: amount,
    mfu: amount.optional(), // see TrainEvent
    peakMemoryGb: amount.optional(),
  }),
  'train.finished': z.object({
    adapter: z.string(),
    steps: count,
    tokens: count,
    seconds: amount,
    finalLoss: z.number().nullable(),
  }),
  'server.started': z.object({}),
  'server.restarted': z.object({ why: z.string() }),
  'eval.progress': z.object({ split, done: count, total: count }),
  'eval.finished': z.object({
    split,
    rows: count,
    rates: z.record(z.string(), z.object({ passes: count, n: count })), // by criterion
  }),
  'gate.verdict': z.object({
    verdict: z.enum(['promote', 'hold', 'reject']),
    reason: z.string().optional(),
    primary,
    tags: z.array(protectedTag).readonly(),
    alpha: z.number(), // what this look spent
  }),
  'spec.written': z.object({
    author: z.enum(authors),
    parts: z.array(specPart).readonly(),
    hypotheses: z.array(hypothesis).readonly(),
  }),
  'prediction.scored': z.object({
    criterion: z.string(),
    where: tags,
    predicted: z.number(), // points, rate 0..1
    moved: measured,
    probability: measured,
    hit: z.boolean().nullish(),
    brier: measured,
  }),
  'items.improved': z.object({ tried: count, accepted: count }), // rejected items that the improver rewrote
  'teacher.yield': z.object({
    prompt: z.string(), // what was asked for, in a few words
    wrote: count,
    kept: count,
    fell: z.record(z.string(), count), // by reason
    spread: z.number().optional(), // different three-word sequences as a share of all, 0..1
    meaning: z.number().optional(), // 1 less the mean cosine of all pairs of vectors, 0 where all mean the same
  }),
  'llm.used': z.object({
    role: z.string(),
    model: z.string(),
    calls: count, // paid ones, since the last such event of the stage
    cached: count, // answered from what was kept
    input: count, // tokens of prompts
    output: count,
    money: amount,
    estimated: z.boolean(), // the endpoint does not count: ours, on the high side
  }),
  // whet publish: the sealed split is about to be asked. 1 is the first look, and the only one that proves anything by itself
  'sealed.opened': z.object({ opening: count, items: count, by: z.string() }),
  'model.published': z.object({
    folder: z.string(),
    targets: z.enum(['met', 'missed', 'not-measured']), // on the sealed split
    pushed: z.string().optional(), // owner/name on a hub
  }),
  'order.taken': z.object({ id: z.string(), verb: OrderVerb, answer: z.string() }),
  'approval.requested': z.object({ what: z.string() }),
  'rows.reviewed': z.object({ by: z.string(), items: count, left: count }), // items whose rows a person left out; rows left
  'item.edited': z.object({ id: z.string(), by: z.string(), item: z.string(), fields: z.array(z.string()).readonly() }), // before its training; id: of the order
  'guidance.given': z.object({ id: z.string(), by: z.string(), text: z.string(), part: specPart.optional() }), // part: rows that a person wants in the next spec
  'guidance.withdrawn': z.object({ id: z.string(), by: z.string() }),
  'budget.changed': z.object({
    id: z.string(),
    by: z.string(),
    minutes: z.number().positive().optional(),
    tokens: count.optional(),
    money: amount.optional(),
    diskGb: z.number().positive().optional(),
    undoes: z.string().optional(), // the order that this one takes back
  }),
  // what the stage's processes take; told when it has changed
  'machine.sampled': z.object({
    processes: z.array(z.object({ what: z.string(), bytes: count })).readonly(), // resident memory
    gpus: z
      .array(z.object({ name: z.string(), usedBytes: count, totalBytes: count, busy: z.number().nullable() })) // busy: rate 0..1
      .readonly(),
  }),
  // at a stage's end. Limits as they stand then: 0 of tokens or money is no limit. tokens: paid ones
  'budget.spent': z.object({
    minutes: amount,
    tokens: count,
    money: amount,
    diskGb: amount,
    limits: z.object({ minutes: amount, tokens: count, money: amount, diskGb: amount }),
  }),
  'budget.near': z.object({ which: z.string(), limit: amount, spent: amount }), // most of it is spent; told once
  'budget.exceeded': z.object({ which: z.string(), limit: amount, spent: amount }),
  warning: z.object({ code: z.string(), message: z.string() }),
} as const

export type EventType = keyof typeof eventData
export const eventTypes = Object.keys(eventData) as readonly EventType[]
export type EventData<Type extends EventType> = z.infer<(typeof eventData)[Type]>

const common = {
  run: z.string().min(1),
  round: count.optional(), // 0 is the baseline
  stage: z.string().min(1).optional(),
}

interface Common {
  readonly run: string
  readonly round?: number | undefined
  readonly stage?: string | undefined
}
type EventOf<Type extends EventType> = Common & { readonly type: Type; readonly data: EventData<Type> }

/** An event as a stage hands it to the store, which gives it its number and its time. */
export type NewEvent<Type extends EventType = EventType> = { [T in Type]: EventOf<T> }[Type]
/** An event of the log. `seq` counts from 1 without holes within a run; `at` is ISO 8601 in UTC. */
export type RunEvent<Type extends EventType = EventType> = {
  [T in Type]: EventOf<T> & { readonly seq: number; readonly at: string }
}[Type]

const members = eventTypes.map((type) => z.object({ ...common, type: z.literal(type), data: eventData[type] }))
/** The closed union at runtime. */
export const NewEventSchema = z.discriminatedUnion(
  'type',
  members as [(typeof members)[number]],
) as unknown as z.ZodType<NewEvent>

/** True where `event` is of this type: narrows its data. */
export const isEvent = <Type extends EventType>(event: RunEvent, type: Type): event is RunEvent<Type> & RunEvent =>
  event.type === type
