import { StateSchema } from '@langchain/langgraph'
import { z } from 'zod'

const Stop = z.object({
  reason: z.enum(['targets', 'rounds', 'plateau', 'budget', 'person']),
  detail: z.string(),
})

const fields = {
  graphVersion: z.string().default(''),
  run: z.string().default(''),
  round: z.number().int().default(0), // its student is the candidate
  looks: z.number().int().default(0), // candidates that the gate has judged: alpha is spent by this count
  withoutGain: z.number().int().default(0), // rounds since the last promotion
  formatHolds: z.boolean().default(false), // the best student passes the format criterion on dev
  best: z.number().int().default(0), // round of the best promoted student; 0 is the untouched base
  teaches: z.enum(['sft', 'kto', 'grpo']).default('sft'), // what the round at work trains
  stop: Stop.nullable().default(null),
}

/** Small plain JSON with references; items, replies and weights stay in the run's files. */
export const LoopState = new StateSchema(fields)
export type State = typeof LoopState.State
export type Update = Partial<State>
export type StopReason = z.infer<typeof Stop>

const strict = z.strictObject(fields)

/** The whole state, checked: LangGraph drops unknown keys and does not check required ones of old checkpoints. */
export const parseState = (state: unknown): State => strict.parse(state) as State
