import { z } from 'zod'
import { troubles } from './task-schema.ts'

const Texts = z.record(z.string(), z.string())

const CallStep = z.strictObject({
  tool: z.string(),
  arguments: Texts,
  aim: z.string(),
  memory: z.string(),
  fails: z.literal(true).optional(),
  looks: z.literal(true).optional(),
  destroys: z.literal(true).optional(),
})
const AskStep = z.strictObject({ ask: z.string(), names: z.array(z.string()), answer: z.string() })
const SayStep = z.strictObject({ say: z.string(), mentions: z.array(z.string()) })
export type CallStep = z.output<typeof CallStep>
export type AskStep = z.output<typeof AskStep>
export type SayStep = z.output<typeof SayStep>

/** A request that takes several turns: the state it begins in, the faults on the way, and the ideal plan. */
export const Scenario = z.strictObject({
  id: z.string(),
  family: z.string(),
  tags: z.record(z.string(), z.array(z.string())),
  request: z.string().min(1),
  menu: z.array(z.string()).min(1),
  kind: z.literal('steps'),
  trouble: z.enum(troubles),
  about: z.string(),
  goal: z.string(),
  session: z.strictObject({ sessionId: z.string(), workspaceId: z.string(), workspace: z.string() }).optional(),
  state: z.strictObject({
    files: Texts,
    folders: z.array(z.string()),
    tags: z.record(z.string(), z.array(z.string())),
    memory: Texts,
  }),
  faults: z.array(z.strictObject({ call: z.string(), with: Texts, without: z.array(z.string()), says: z.string() })),
  plan: z.array(z.union([CallStep, AskStep, SayStep])).min(2),
})
export type Scenario = z.output<typeof Scenario>
export type Step = Scenario['plan'][number]
export type Fault = Scenario['faults'][number]

export const isScenario = (item: { readonly kind: string }): item is Scenario => item.kind === 'steps'
export const isCall = (step: Step | undefined): step is CallStep => step !== undefined && 'tool' in step
export const isAsk = (step: Step | undefined): step is AskStep => step !== undefined && 'ask' in step
export const isSay = (step: Step | undefined): step is SayStep => step !== undefined && 'say' in step
