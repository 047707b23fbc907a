import { z } from 'zod'
import { kinds } from './options.ts'

const Tags = z.record(z.string(), z.array(z.string()))

/** What is right for one argument: any of `values`; an `optional` one may also be left out. */
const ExpectedArgument = z.strictObject({
  values: z.array(z.json()).min(1),
  optional: z.literal(true).optional(),
  anyOrder: z.literal(true).optional(),
  anyWords: z.literal(true).optional(), // worded freely: there, of the right type and not empty
})
export type ExpectedArgument = z.output<typeof ExpectedArgument>

/** One right call: any of `tools`, with these arguments and no others. */
const ExpectedCall = z.strictObject({
  tools: z.array(z.string()).min(1),
  arguments: z.record(z.string(), ExpectedArgument),
})
export type ExpectedCall = z.output<typeof ExpectedCall>

/** What must exist in the sandbox before the calls: file contents, or so many numbered lines; paths are relative. */
export const Fixture = z.strictObject({
  files: z.record(z.string(), z.union([z.string(), z.strictObject({ lines: z.int().min(0).max(10_000) })])),
  folders: z.array(z.string()),
})
export type Fixture = z.output<typeof Fixture>

export const Item = z.strictObject({
  id: z.string(),
  family: z.string(),
  tags: Tags,
  request: z.string().min(1),
  menu: z.array(z.string()).min(1),
  kind: z.enum([...kinds, 'answer']), // answer: text that is neither a question nor a refusal, in recordings only
  truth: z.strictObject({
    calls: z.array(ExpectedCall),
    order: z.enum(['free', 'bound']),
    /** What a request lacks: the tool that it is for, the argument to ask for, its names, and what it does say. */
    asks: z
      .strictObject({
        tool: z.string(),
        argument: z.string(),
        names: z.array(z.string()),
        said: z.record(z.string(), z.json()),
      })
      .optional(),
  }),
  fixture: Fixture,
  values: z.record(z.string(), z.string()).optional(), // what its wording's slots hold
  reply: z.string().optional(),
})
export type Item = z.output<typeof Item>
