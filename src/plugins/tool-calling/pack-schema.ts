import { z } from 'zod'
import { coinedWords } from '../../skill.ts'

const Words = z.array(z.union([z.string(), z.number()]).transform(String)).min(1)
const Arguments = z.record(z.string(), z.json())

const Say = z
  .union([
    z.string(),
    z.strictObject({
      say: z.string(),
      with: Arguments.optional().describe('arguments that no slot carries, said by the wording itself'),
      may: Arguments.optional().describe('arguments that a right call may say with this value or leave out'),
    }),
  ])
  .transform((say) => (typeof say === 'string' ? { say } : say))

const FixtureFile = z.union([z.string(), z.strictObject({ lines: z.int().min(1).max(1000) })])

const Ask = z.strictObject({
  names: z.array(z.string()).min(1).describe('a question that contains one of these words names the missing slot'),
  say: z.array(z.string()).min(1),
  reply: z.array(z.string()).min(1),
})

const Tool = z.strictObject({
  same: z.array(z.string()).default([]).describe('tools that do the same: either is right'),
  slots: z.record(z.string(), z.string()).default({}).describe('slot: the value that it draws'),
  arguments: Arguments.default({}),
  accept: z
    .record(z.string(), z.array(z.json()))
    .default({})
    .describe('further right values of an argument, as patterns over the slots'),
  anyOrder: z.array(z.string()).default([]).describe('list arguments whose order does not matter'),
  fixture: z
    .strictObject({
      files: z.record(z.string(), FixtureFile).default({}),
      folders: z.array(z.string()).default([]),
    })
    .default({ files: {}, folders: [] }),
  say: z.strictObject({ direct: z.array(Say).default([]), indirect: z.array(Say).default([]) }),
  ask: z.record(z.string(), Ask).default({}),
})

export const Pool = z
  .union([
    Words,
    z.strictObject({ shared: z.boolean(), values: Words }),
    z.strictObject({ coined: z.int().min(30).max(20_000).describe('so many made-up words') }),
  ])
  .transform((pool) => {
    if (Array.isArray(pool)) return { shared: false, values: pool }
    return 'coined' in pool ? { shared: false, values: coinedWords(pool.coined) } : pool
  })

/** A phrase pack as docs/phrase-packs.md describes it, with every default filled in. */
export const Pack = z.strictObject({
  pack: z.literal(1),
  for: z.string().default(''),
  pools: z.record(z.string(), Pool).default({}),
  values: z.record(z.string(), z.array(z.string()).min(1)).default({}),
  tools: z.record(z.string(), Tool).default({}),
  several: z
    .array(
      z.strictObject({
        say: z.string(),
        calls: z.record(z.string(), z.string()),
        order: z.enum(['free', 'bound']).default('free'),
      }),
    )
    .default([]),
  join: z
    .array(
      z.strictObject({
        say: z.string().regex(/^.*\{first\}.*\{second\}.*$/, 'needs {first} and, after it, {second}'),
        order: z.enum(['free', 'bound']).default('free'),
      }),
    )
    .default([])
    .describe('how two direct requests become one that needs two calls'),
  decline: z.strictObject({ say: z.array(z.string()).min(1), reply: z.array(z.string()).min(1) }).optional(),
})
export type Pack = z.output<typeof Pack>
export type PackTool = z.output<typeof Tool>

/** What the definition keeps of a pack: its content and the name it goes by in messages. A parsed pack parses to itself. */
export const NamedPack = z.object({ name: z.string(), content: Pack })
export type NamedPack = z.output<typeof NamedPack>
