import path from 'node:path'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import { defineCommand } from './command.ts'
import { indent, table } from './format.ts'
import { configField } from './inputs.ts'
import { type Interview, interview } from './interview/index.ts'
import { oneLine } from './one-line.ts'
import { comparison, type Kind, kinds, type Recommended, recommend } from './recommend.ts'
import { folderFor, scaffold } from './scaffold.ts'

const input = z.strictObject({
  name: z.string().optional().describe('name of the skill and of its new folder').meta({ value: 'NAME' }),
  like: z.enum(kinds).optional().describe('the way to build it: declarative needs no code'),
  describe: z
    .string()
    .max(2000)
    .optional()
    .describe(
      'what the skill is to do, in your words: says which way is nearest, and why; with a NAME and roles.chat it asks you, and drafts the file',
    )
    .meta({ value: 'TEXT' }),
  config: configField,
})

interface Made {
  readonly recommended?: readonly Recommended[]
  readonly kind?: Kind
  readonly folder?: string
  readonly files?: readonly string[]
  readonly interview?: Interview
}

export const command = defineCommand<typeof input, Made>({
  input,
  positional: ['name'],
  async run({ name, like, describe, config }, context) {
    const recommended = describe === undefined ? undefined : recommend(describe)
    if (name === undefined && !recommended) throw nameNeeded()
    if (name === undefined) return { recommended }
    await folderFor(name, context.cwd)
    const held = describe === undefined ? undefined : await interview({ name, like, describe, config }, context)
    const kind = like ?? held?.interview.kind ?? recommended?.[0]?.kind ?? 'declarative'
    const made = await scaffold(name, kind, context.cwd, held?.files)
    return { ...(held ? { interview: held.interview } : recommended && { recommended }), kind, ...made }
  },
  exit: ({ interview: asked }) => (asked && asked.findings.length > 0 ? exitCodes.failed : exitCodes.done),
  render: ({ recommended, interview: asked, kind, folder, files = [] }, { colors }) => {
    const parts = recommended ? [advice(recommended, colors.bold)] : asked ? [draftedBy(asked, colors.bold)] : []
    if (folder) {
      const name = path.basename(folder)
      parts.push(
        `${colors.bold(name)}: a skill like ${kind}, in ${folder}\n${indent(files.join('\n'))}`,
        `next:\n${indent([`cd ${name}`, 'npm install', 'npm test', 'npx whet plugin check', 'npx whet run'].join('\n'))}`,
      )
    } else parts.push(`next: whet plugin new NAME --like ${recommended?.[0]?.kind}`)
    return parts.join('\n\n')
  },
})

const advice = (recommended: readonly Recommended[], bold: (text: string) => string): string => {
  const [first, second] = recommended
  if (!first || !second) return ''
  const reasons =
    first.points === 0
      ? ['nothing in the description speaks for code, so begin with the way that needs none']
      : first.reasons
  const near = second.points > 0 && second.points * 2 > first.points
  return [
    `Nearest: ${bold(first.kind)}`,
    ...reasons.map((reason) => `  · ${reason}`),
    ...(near ? [`Also near: ${second.kind} (${second.reasons.join('; ')})`] : []),
    '',
    compared([first.kind, second.kind]),
  ].join('\n')
}

/** What came of the interview: the way, and how far the draft is a skill. */
const draftedBy = (
  { kind, reasons, model, drafts, tokens, findings, advice: toMend }: Interview,
  bold: (text: string) => string,
): string => {
  const told = (lines: readonly string[]) => lines.map((line) => `  · ${oneLine(line, 400)}`)
  const state =
    kind !== 'declarative'
      ? ['It needs code, so its files are those of the template; what was said stands in interview.md.']
      : findings.length > 0
        ? [
            `Draft ${drafts} is no skill yet: it lies in draft.yaml, and skill.yaml is the template's.`,
            ...told(findings),
          ]
        : [`skill.yaml is draft ${drafts}, and keeps the contract. Read it before you train on it.`, ...told(toMend)]
  return [
    `Nearest: ${bold(kind)}, says ${oneLine(model, 60)} (${tokens.toLocaleString('en')} tokens)`,
    ...told(reasons),
    '',
    ...state,
  ].join('\n')
}

/** The comparison of these ways, one a column. */
const compared = (of: readonly Kind[]): string =>
  table(
    ['', ...of],
    Object.keys(comparison.declarative).map((row) => [row, ...of.map((kind) => wrapped(comparison[kind][row] ?? ''))]),
  )

const wrapped = (text: string): string => text.replace(/(.{1,38})(?:\s|$)/g, '$1\n').trim()

const nameNeeded = () =>
  new WhetError({
    code: 'name-needed',
    message: 'Say how the skill is called (`whet plugin new date-reader`), or what it is to do (`--describe "..."`).',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
