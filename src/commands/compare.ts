import { z } from 'zod'
import type { Tags } from '../core/contract.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { readSummaries } from '../graph/status.ts'
import { defineCommand, type RenderContext } from './command.ts'
import { type Aimed, aimedAt } from './compare-aimed.ts'
import { type Arm, armOf, common, type Difference, difference } from './compare-arms.ts'
import { bounds, percent, plural, points, table, tagsText } from './format.ts'
import { parseRunRound, workspaceField, workspaceOf } from './inputs.ts'
import { roundText } from './report/text.ts'

const input = z.strictObject({
  first: z.string().describe('a run (its best round) or RUN:ROUND').meta({ value: 'FIRST', remote: 'run' }),
  second: z.string().describe('what it is compared with').meta({ value: 'SECOND', remote: 'run' }),
  criterion: z
    .string()
    .optional()
    .describe("for tags; the first run's first target by default")
    .meta({ value: 'NAME', remote: 'text' }),
  split: z.enum(['gate', 'dev']).default('gate').describe('which items; of gate only rates are shown'),
  workspace: workspaceField,
})

/** Differences are first minus second, rates 0..1, intervals 95 % clustered by family. */
export interface ComparedRuns {
  readonly first: { readonly run: string; readonly round: number }
  readonly second: { readonly run: string; readonly round: number }
  readonly split: 'gate' | 'dev'
  readonly criterion: string
  readonly items: number // in both, and the same
  readonly criteria: readonly ({ readonly criterion: string } & Difference)[]
  readonly tags: readonly ({ readonly where: Tags } & Difference)[]
  readonly aimed?: Aimed
  readonly notes: readonly string[]
}

export const command = defineCommand<typeof input, ComparedRuns>({
  input,
  positional: ['first', 'second'],
  async run(input, context) {
    const workspace = workspaceOf(input, context)
    const load = async (text: string): Promise<Arm> => {
      const { run, round } = parseRunRound(text)
      const files = await workspace.find(run)
      return armOf(files, await readSummaries(files), round, input.split)
    }
    const arms = [await load(input.first), await load(input.second)] as const
    return compareRuns(arms[0], arms[1], input.split, input.criterion)
  },
  render: (output, context) => renderCompared(output, context),
})

const compareRuns = async (
  first: Arm,
  second: Arm,
  split: 'gate' | 'dev',
  chosen: string | undefined,
): Promise<ComparedRuns> => {
  const rows = common(first.rows, second.rows)
  if (rows.first.length === 0) throw nothingInCommon(first, second)
  const known = [...new Set(rows.first.flatMap((row) => Object.keys(row.grade.criteria)))]
  const criterion = chosen ?? first.summaries[0]?.rates.gate[0]?.of ?? known[0] ?? ''
  if (!known.includes(criterion)) throw unknownCriterion(criterion, known)
  const tags = tagsOf(rows.first.map(({ item }) => item.tags))
  const aimed = await aimedAt(first, second, split, criterion)
  return {
    first: { run: first.files.name, round: first.round },
    second: { run: second.files.name, round: second.round },
    split,
    criterion,
    items: rows.first.length,
    criteria: known.map((name) => ({ criterion: name, ...difference(rows.first, rows.second, name) })),
    tags: tags.map((where) => ({ where, ...difference(rows.first, rows.second, criterion, where) })),
    ...(aimed && { aimed }),
    notes: notesOf(first, second, rows.left, aimed),
  }
}

const tagsOf = (all: readonly Tags[]): Tags[] => {
  const found = new Map<string, Tags>()
  for (const tags of all)
    for (const [dimension, values] of Object.entries(tags))
      for (const value of values) found.set(`${dimension}=${value}`, { [dimension]: [value] })
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, where]) => where)
}

const notesOf = (first: Arm, second: Arm, left: number, aimed: Aimed | undefined): string[] => [
  ...(left > 0 ? [`${plural(left, 'item')} that only one of the two has, or that differ, are left out.`] : []),
  ...[first, second]
    .filter((arm) => aimed && !arm.chosen && arm.round <= aimed.start)
    .map(
      ({ files }) => `${files.name} promoted nothing after the start: name a round (RUN:ROUND) to compare its student.`,
    ),
  'One training run an arm: intervals hold the noise of the items, not that of training again with another seed.',
]

const renderCompared = (output: ComparedRuns, { colors }: RenderContext): string => {
  const { first, second, criteria, tags, aimed, notes } = output
  const dim = (words: string[]) => words.map((word) => colors.dim(word))
  const cells = ({ firstRate, secondRate, difference, low, high, rows }: Difference) => [
    percent(firstRate),
    percent(secondRate),
    low !== undefined && low > 0
      ? colors.green(points(difference))
      : high !== undefined && high < 0
        ? colors.red(points(difference))
        : points(difference),
    bounds(low, high),
    String(rows),
  ]
  const numbers = ['first', 'second', 'points', '95 % interval', 'items']
  const right = [1, 2, 3, 4, 5]
  return [
    `${colors.bold(first.run)} (${roundText(first.round)}) minus ${colors.bold(second.run)} (${roundText(second.round)}), ${output.items} ${output.split} items`,
    '',
    table(
      dim(['criterion', ...numbers]),
      criteria.map((row) => [row.criterion, ...cells(row)]),
      right,
    ),
    '',
    table(
      dim([`${output.criterion} by tag`, ...numbers]),
      tags.map((row) => [tagsText(row.where), ...cells(row)]),
      right,
    ),
    ...(aimed ? ['', ...renderAimed(aimed, output, { colors, columns: 0 })] : []),
    '',
    ...notes.map((note) => colors.dim(note)),
  ].join('\n')
}

const renderAimed = (aimed: Aimed, { criterion }: ComparedRuns, { colors }: RenderContext): string[] => {
  const group = (name: string, { between, firstRise, secondRise }: Aimed['named']) => [
    name,
    `${points(firstRise.difference)} ${bounds(firstRise.low, firstRise.high)}`,
    `${points(secondRise.difference)} ${bounds(secondRise.low, secondRise.high)}`,
    `${points(between.difference)} ${bounds(between.low, between.high)}`,
    String(between.rows),
  ]
  const head = [
    `${criterion}, points since ${aimed.shared ? roundText(aimed.start) : 'base'}`,
    'first',
    'second',
    'first minus second',
    'items',
  ]
  const { difference, low, high } = aimed.contrast
  return [
    `${aimed.by} aimed at ${aimed.tags.map(tagsText).join('; ')}`,
    table(
      head.map((word) => colors.dim(word)),
      [group('aimed tags', aimed.named), group('other tags', aimed.unnamed)],
      [4],
    ),
    `aimed tags minus other tags: ${colors.bold(`${points(difference)} points ${bounds(low, high)}`)}`,
  ]
}

const nothingInCommon = (first: Arm, second: Arm) =>
  new WhetError({
    code: 'nothing-in-common',
    message: `${first.files.name} and ${second.files.name} have no evaluation item in common: compare runs of one config and seed, or start the second with --from the first.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
  })

const unknownCriterion = (criterion: string, known: readonly string[]) =>
  new WhetError({
    code: 'unknown-criterion',
    message: `There is no criterion ${JSON.stringify(criterion)}. There are: ${known.join(', ')}.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { criterion, known },
  })
