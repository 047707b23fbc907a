import { z } from 'zod'
import { DataOptions } from './recorded/options.ts'
import { contextFields } from './vault/tools.ts'

export const kinds = ['call', 'several', 'ask', 'decline'] as const
export type Kind = (typeof kinds)[number]

const share = (what: string, value: number) => z.number().min(0).max(1).default(value).describe(what)

/** The share of each kind of request where a spec asks for no kind; they are scaled to sum to one. */
export const Kinds = z.strictObject({
  call: share('requests that one call serves', 0.52),
  several: share('requests that need several calls', 0.12),
  ask: share('requests that lack a required argument', 0.2),
  decline: share('requests that no tool serves', 0.16),
})

const Mcp = z.strictObject({
  command: z
    .array(z.string())
    .min(1)
    .describe(
      'starts the server over stdio, in an empty folder; a bare name is looked up in node_modules/.bin first, then in PATH',
    ),
  timeoutSeconds: z.number().positive().max(600).default(30).describe('limit of the start and of each request'),
})

const Scenarios = z
  .strictObject({
    files: z
      .array(z.string())
      .min(1)
      .describe('scenario files: `vault` or `filesystem`, which are built in, or paths of YAML files'),
    share: share('rows that are scenarios where a spec asks for nothing in particular', 1),
    least: z.int().min(2).max(8).default(2).describe('fewest turns of a plan, the last words included'),
    most: z.int().min(2).max(8).default(8).describe('most turns of a plan'),
    shown: z.int().min(1).max(60).default(6).describe('tools shown with a scenario; those of its plan always are'),
    context: z
      .array(z.enum(contextFields))
      .default([...contextFields])
      .describe('fields of the context object that each call of the vault carries; [] for none'),
  })
  .describe('requests that take several turns, really carried out')

const Remote = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('address of a server over streamable HTTP; only its tools are read'),
  timeoutSeconds: z.number().positive().max(600).default(30).describe('limit of each request'),
})

/** The skill's section of whetstone.yaml. Paths are relative to the config's folder. */
export const Options = z.strictObject({
  tools: z
    .union([
      z.strictObject({ mcp: Mcp.describe('an MCP server: its tools/list is the catalogue') }),
      z.strictObject({ mcp: Remote.describe('an MCP server that runs elsewhere') }),
      z.strictObject({
        openapi: z.string().describe('an OpenAPI 3 document, JSON or YAML: its operations are the tools'),
      }),
      z.strictObject({
        vault: z.literal(true).describe('the notes vault that is built in: folders, notes, tags, memory'),
      }),
      z.strictObject({ file: z.string().describe('a JSON file of tools as OpenAI or MCP write them') }),
    ])
    .describe('where the catalogue comes from'),
  only: z.array(z.string()).min(1).optional().describe('a subset of the catalogue, by name'),
  shown: z.int().min(1).max(60).default(4).describe('tools shown with a request'),
  fillTo: z
    .int()
    .min(1)
    .max(60)
    .optional()
    .describe(
      'the same requests with so many tools shown: further ones of the catalogue, then unrelated ones that come along. For `whet eval --shown`',
    ),
  destructive: z
    .array(z.string())
    .optional()
    .describe('tools that take something away or write over it; left out: told from their names'),
  menus: z
    .int()
    .min(1)
    .max(200)
    .default(12)
    .describe('distinct sets of shown tools: few sets share their prompt header'),
  packs: z
    .array(z.string())
    .default([])
    .describe('phrase packs: `filesystem`, which is built in, or paths of YAML files'),
  scenarios: Scenarios.optional(),
  data: z.array(DataOptions).min(1).optional().describe('conversations of your own as items with gold, by file'),
  replyChars: z
    .int()
    .min(20)
    .default(240)
    .describe(
      'longest right calls of a request, characters with their tags: 240 fit into a reply of 112 tokens, whatever the names',
    ),
  unseenTools: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'tools that training never shows: their requests serve dev, gate and sealed, with the tag `seen: unseen`',
    ),
  heldOut: z
    .boolean()
    .default(false)
    .describe('the packs are for evaluation only: all their phrasings serve dev, gate and sealed, none serves train'),
  sandbox: z
    .strictObject({
      kind: z.literal('folder').describe('a fresh folder an episode, the only one the server can reach'),
    })
    .optional()
    .describe('declares that calls may really be executed; without it grading is by schema only'),
  teacherRows: share(
    'requests of training that roles.teacher writes as a whole, values and all, where it is set; dearer than the wordings that it writes in any case',
    0,
  ),
  kinds: Kinds.prefault({}).describe('shares of the kinds of request'),
})
export type Options = z.output<typeof Options>
