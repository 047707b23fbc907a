import { z } from 'zod'
import { Pool } from '../pack-schema.ts'

/** What can go wrong on the way; `none` is a scenario in which nothing does. */
export const troubles = ['none', 'not-found', 'permission', 'invalid-argument', 'time-out'] as const

const Texts = z.record(z.string(), z.string())
const Call = z.strictObject({
  call: z.string().describe('a tool of the catalogue'),
  with: Texts.default({}).describe('its arguments, as patterns over the slots'),
  aim: z.string().describe('what this step is for: the subgoal of its context'),
  done: z.string().describe('what is known after it: becomes the memory of the next step'),
  fails: z.literal(true).optional().describe('the tool refuses this call, and the next step does something else'),
  looks: z.literal(true).optional().describe('the look without which the destructive step after it is rash'),
  destroys: z.literal(true).optional().describe('takes something away or writes over it'),
})
const Ask = z.strictObject({
  ask: z.string().describe('the question, where the request fits several things'),
  names: z.array(z.string()).min(1).describe('the question has one of these texts'),
  answer: z.string().describe("the user's next turn"),
})
const Say = z.strictObject({
  say: z.string().describe('the last words'),
  mentions: z.array(z.string()).default([]).describe('what they must contain'),
})

/** A fault that the environment puts into a call: the tool is never reached. */
const Fault = z.strictObject({
  call: z.string(),
  with: Texts.default({}).describe('only calls with these values'),
  without: z.array(z.string()).default([]).describe('only calls that leave these arguments out'),
  says: z.string(),
})

const Task = z.strictObject({
  about: z.string().describe('what the session is about'),
  goal: z.string().describe('the goal of the whole request'),
  trouble: z.enum(troubles).default('none'),
  slots: Texts.default({}).describe('slot: the value that it draws'),
  state: z
    .strictObject({
      files: Texts.default({}).describe('path: text'),
      folders: z.array(z.string()).default([]),
      tags: z.record(z.string(), z.array(z.string())).default({}).describe('path: tags'),
      memory: Texts.default({}).describe('name: fact'),
    })
    .prefault({}),
  faults: z.array(Fault).default([]),
  say: z.array(z.string()).min(6).describe('wordings of the request, six and more: each belongs to one split'),
  steps: z
    .array(z.union([Call, Ask, Say]))
    .min(2)
    .max(8),
})

/** A file of scenarios: requests that take several turns, with the state that they begin in and the ideal way. */
export const TaskFile = z.strictObject({
  scenarios: z.literal(1),
  for: z.string().default(''),
  pools: z.record(z.string(), Pool).default({}),
  values: z.record(z.string(), z.array(z.string()).min(1)).default({}),
  tasks: z.record(z.string(), Task),
})
export type TaskFile = z.output<typeof TaskFile>
export type Task = z.output<typeof Task>
export type TaskStep = Task['steps'][number]

export const NamedTasks = z.object({ name: z.string(), content: TaskFile })
export type NamedTasks = z.output<typeof NamedTasks>
