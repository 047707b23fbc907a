import path from 'node:path'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import { defineCommand } from './command.ts'
import { indent, table } from './format.ts'
import { comparison, type Kind, kinds, type Recommended, recommend } from './recommend.ts'
import { scaffold } from './scaffold.ts'

const input = z.strictObject({
  name: z.string().optional().describe('name of the skill and of its new folder').meta({ value: 'NAME' }),
  like: z.enum(kinds).optional().describe('the way to build it: declarative needs no code'),
  describe: z
    .string()
    .max(2000)
    .optional()
    .describe('what the skill is to do, in your words: says which way is nearest, and why')
    .meta({ value: 'TEXT' }),
})

interface Made {
  readonly recommended?: readonly Recommended[]
  readonly kind?: Kind
  readonly folder?: string
  readonly files?: readonly string[]
}

export const command = defineCommand<typeof input, Made>({
  input,
  positional: ['name'],
  async run({ name, like, describe }, { cwd }) {
    const recommended = describe === undefined ? undefined : recommend(describe)
    if (name === undefined && !recommended) throw nameNeeded()
    if (name === undefined) return { recommended }
    const kind = like ?? recommended?.[0]?.kind ?? 'declarative'
    return { ...(recommended && { recommended }), kind, ...(await scaffold(name, kind, cwd)) }
  },
  render: ({ recommended, kind, folder, files = [] }, { colors }) => {
    const parts = recommended ? [advice(recommended, colors.bold)] : []
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
