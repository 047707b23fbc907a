import { z } from 'zod'
import { lengthUnits, mistakeKinds } from '../../skill.ts'

const Words = z.array(z.union([z.string(), z.number()]).transform(String)).min(1)
const Name = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a name of small letters, digits and hyphens')
const Slot = z.string().regex(/^[A-Za-z_]\w*$/, 'expected a name of letters, digits and underscores')

const Pool = z.union([
  Words,
  z.strictObject({
    shared: z.boolean().describe('true: every split may draw all values; for closed sets of everyday words'),
    values: Words,
  }),
  z.strictObject({ coined: z.int().min(30).max(20_000).describe('so many made-up words, which can only be copied') }),
  z.strictObject({
    numbers: z.tuple([z.int(), z.int()]).describe('whole numbers from the first to the last'),
    count: z.int().min(4).max(20_000).default(2000).describe('so many of them'),
  }),
])

const at = z
  .string()
  .optional()
  .describe('JSONPath of the value that is looked at, as in $.items; the whole reply where left out')

/** Every kind of check takes one key; what else a check may say stands below them. */
const Check = z.strictObject({
  schema: z.literal(true).optional().describe('the reply is JSON that fits `schema`'),
  equals: z.string().optional().describe('JSONPath: the value there is the one of the gold'),
  set: z.string().optional().describe('JSONPath of a list: the same entries as the gold, in any order'),
  order: z.string().optional().describe('JSONPath of a list: the same entries as the gold, in its order'),
  number: z
    .strictObject({
      at: z.string().describe('JSONPath of the number'),
      within: z.number().min(0).default(0).describe('how far it may be from the one of the gold'),
      relative: z.boolean().default(false).describe('`within` is a share of the gold, as in 0.05'),
    })
    .optional(),
  regex: z.string().optional().describe('RE2 pattern that occurs in the text'),
  contains: z
    .union([z.string().transform((text) => [text]), z.array(z.string()).min(1)])
    .optional()
    .describe('texts that occur, with {slots}'),
  length: z
    .partialRecord(z.enum(lengthUnits), z.tuple([z.int().min(0), z.int().min(0)]))
    .refine((units) => Object.keys(units).length === 1, 'expected one unit, as in words: [5, 40]')
    .optional()
    .describe('least and most characters, words, sentences or lines'),
  language: z.string().length(2).optional().describe('ISO 639-1 code of the language, as in en'),
  readability: z
    .strictObject({
      grade: z.number().optional().describe('highest school grade (Flesch-Kincaid, English)'),
      ease: z.number().optional().describe('lowest reading ease, 0 to 100 (Flesch, English)'),
    })
    .optional(),
  holds: z.string().optional().describe('JSONata that is true of { reply, gold, slots }'),
  question: z.string().optional().describe('what the judge is asked; without roles.judge it is not graded'),
  at,
  absent: z.boolean().default(false).describe('regex, contains: must not occur'),
  weight: z.number().min(0).default(1).describe('share of the score'),
  passAt: z.number().gt(0).max(1).default(1).describe('score from which it passes'),
  warnAt: z.number().min(0).max(1).optional().describe('score from which a reply that does not pass is a warning'),
})
export type Check = z.output<typeof Check>

export const checkKinds = [
  'schema',
  'equals',
  'set',
  'order',
  'number',
  'regex',
  'contains',
  'length',
  'language',
  'readability',
  'holds',
  'question',
] as const satisfies readonly (keyof Check)[]
export type CheckKind = (typeof checkKinds)[number]

/** The kinds that a check names; a right one names one. */
export const kindsOf = (check: Check): CheckKind[] => checkKinds.filter((kind) => check[kind] !== undefined)

const Mistake = z.strictObject({
  make: z.enum(mistakeKinds).describe('what goes wrong'),
  fails: z.string().describe('the check that must fail then'),
  at,
  labels: z
    .array(z.json())
    .optional()
    .describe('wrong-label: what to draw from; the enum of the schema where left out'),
  name: z.string().min(1).optional().describe('how it is called; by default after what it does'),
})
export type MistakeEntry = z.output<typeof Mistake>

const rate = () => z.number().min(0).max(1)
const Target = z.strictObject({
  of: z.string().describe('a check'),
  pass: rate().describe('pass rate that is wanted'),
  warn: rate().describe('pass rate below which it is a failure'),
  where: z.record(z.string(), z.array(z.string()).min(1)).optional().describe('items with these tags only'),
  protect: z
    .strictObject({
      margin: rate().describe('how far it may fall'),
      floor: rate().describe('what the first student must reach'),
    })
    .optional(),
})

/** A skill in one YAML file: docs/declarative-skills.md. */
export const SkillFile = z.strictObject({
  skill: z.literal(1).describe('version of this format'),
  name: Name.describe('name of the skill'),
  summary: z.string().min(1).describe('what goes in and what must come out, in one line'),
  system: z.string().optional().describe('the system message of every request'),
  pools: z.record(Slot, Pool).default({}).describe('values; each belongs to one split'),
  values: z.record(Slot, z.array(z.string()).min(1)).default({}).describe('patterns over pools'),
  phrases: z
    .record(Slot, z.record(z.string(), z.array(z.string()).min(1)))
    .default({})
    .describe('wordings by label; each wording belongs to one split'),
  rows: z.string().optional().describe('a .jsonl or .csv file beside this one; its columns are slots'),
  documents: z.string().optional().describe('a folder of .txt and .md files; slots: document, file'),
  slots: z.record(Slot, Slot).default({}).describe('further slots: name: the pool, value or phrases it draws from'),
  say: z.array(z.string()).min(1).describe('the requests, with {slots} and [one|another]'),
  family: Slot.optional().describe('the slot whose wording makes a family; the first of `phrases` where left out'),
  dimensions: z
    .record(z.string(), Slot)
    .optional()
    .describe('what failures are counted by: name: a slot of phrases, or a column; all phrases where left out'),
  reply: z.enum(['json', 'text']).optional().describe('json where there is a schema'),
  schema: z
    .union([z.record(z.string(), z.json()), z.string()])
    .optional()
    .describe('JSON Schema of the reply, or the name of its file'),
  gold: z.json().describe('the right reply: a template with {slots}; a text that begins with = is JSONata'),
  checks: z.record(Name, Check).optional().describe('the criteria; by default format, exact, and one a property'),
  mistakes: z.array(Mistake).optional().describe('what KTO unlearns; by default those that fit the reply'),
  targets: z.array(Target).min(1).optional().describe('what a run must reach; the first one decides promotion'),
  format: z
    .string()
    .optional()
    .describe('the check that must hold before KTO starts; by default the schema, or the first'),
  expressionMs: z.int().min(10).max(10_000).default(1000).describe('time limit of one expression, milliseconds'),
})
export type SkillFile = z.output<typeof SkillFile>
