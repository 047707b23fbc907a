import { z } from 'zod'
import type { SpecFile } from '../core/analyst.ts'
import type { SpecPart, Tags } from '../core/contract.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import { matches, outcomeOf } from '../core/evaluation.ts'
import { excerpt } from '../core/excerpt.ts'
import { readJson } from '../core/jsonl.ts'
import type { RoundSummary } from '../core/round.ts'
import { readVerdict } from '../graph/nodes/gate.ts'
import { defineCommand } from './command.ts'
import { type Difference, difference } from './compare-arms.ts'
import { bounds, percent, plural, points, tagsText } from './format.ts'
import { parseTags, runField, workspaceField, workspaceOf } from './inputs.ts'
import { oneLine } from './one-line.ts'
import { roundText } from './report/text.ts'
import { devRows, evaluatedRounds } from './show/rounds.ts'

const input = z.strictObject({
  run: runField,
  round: z.int().min(1).max(9999).optional().describe('the last judged one by default'),
  criterion: z.string().optional().describe('the first target by default').meta({ value: 'NAME', remote: 'text' }),
  where: z
    .array(z.string())
    .default([])
    .describe('only items of a tag, as in tool=move_file')
    .meta({ value: 'DIMENSION=VALUE', remote: 'text' }),
  workspace: workspaceField,
})

/** What was measured about a movement on dev. It states what went together, never a cause that nothing shows. */
export interface Why {
  readonly run: string
  readonly round: number
  readonly against: number // the round of the student that it was held against
  readonly criterion: string
  readonly where: Tags
  readonly moved: Difference // this round minus the other; rates 0..1
  readonly lost: readonly Flip[]
  readonly gained: readonly Flip[]
  readonly failures: readonly { readonly tag: string; readonly before: number; readonly after: number }[] // failing rows by failure tag
  readonly trained: { readonly aimed: number; readonly all: number; readonly parts: readonly SpecPart[] } // rows of the round; aimed: at these tags
  readonly verdict: { readonly verdict: string; readonly reason: string } | null
}
interface Flip {
  readonly item: string
  readonly reason: string // of the failing reply
}

const mostFlips = 20

export const command = defineCommand<typeof input, Why>({
  input,
  positional: ['run'],
  async run(input, context) {
    const files = await workspaceOf(input, context).find(input.run)
    const evaluated = await evaluatedRounds(files)
    const round = input.round ?? evaluated.at(-1) ?? 0
    if (round === 0 || !evaluated.includes(round)) throw notEvaluated(files.name, round, evaluated)
    const against = (await readVerdict(files.round(round).verdict))?.against ?? round - 1
    const summary = await readJson<RoundSummary>(files.round(round).summary)
    const where = parseTags(input.where)
    const now = await devRows(files, round)
    const before = await devRows(files, against)
    const criterion = input.criterion ?? summary?.rates.dev[0]?.of ?? Object.keys(now[0]?.grade.criteria ?? {})[0] ?? ''
    const parts = (await readJson<SpecFile>(files.round(round).spec))?.spec.parts ?? []
    return {
      run: files.name,
      round,
      against,
      criterion,
      where,
      moved: difference(now, before, criterion, where),
      lost: flips(before, now, criterion, where),
      gained: flips(now, before, criterion, where),
      failures: failuresOf(before, now, where),
      trained: { aimed: aimedRows(parts, where), all: summary?.rows.trained ?? 0, parts },
      verdict: summary?.verdict
        ? { verdict: summary.verdict.verdict, reason: excerpt(summary.verdict.reason, 600) }
        : null,
    }
  },
  render(why, { colors }) {
    const { moved } = why
    return [
      `${colors.bold(why.criterion)} ${tagsText(why.where)}, dev, ${roundText(why.round)} against ${roundText(why.against)}: ${percent(moved.secondRate)} → ${percent(moved.firstRate)}, ${points(moved.difference)} points ${bounds(moved.low, moved.high)}`,
      `${plural(why.lost.length, 'item')} lost, ${why.gained.length} gained; ${why.trained.aimed} of ${plural(why.trained.all, 'trained row')} aimed at these tags`,
      ...why.lost.map(({ item, reason }) => `  ${colors.red('lost')}   ${item}: ${oneLine(reason, 120)}`),
      ...why.failures
        .filter(({ before, after }) => before !== after)
        .map(({ tag, before, after }) => colors.dim(`  ${tag}: ${before} → ${after} failing rows`)),
      ...(why.verdict ? [`${why.verdict.verdict}: ${oneLine(why.verdict.reason, 300)}`] : []),
    ].join('\n')
  },
})

/** Items that passed in `from` and fail in `to`. */
const flips = (
  from: readonly EvaluationRow[],
  to: readonly EvaluationRow[],
  criterion: string,
  where: Tags,
): Flip[] => {
  const passed = new Set(from.filter((row) => passes(row, criterion) === true).map(({ item }) => item.id))
  return to
    .filter((row) => passed.has(row.item.id) && matches(row.item, where) && passes(row, criterion) === false)
    .slice(0, mostFlips)
    .map((row) => {
      const verdict = row.grade.criteria[criterion]
      return { item: row.item.id, reason: verdict && 'reason' in verdict ? excerpt(verdict.reason, 300) : '' }
    })
}

const passes = (row: EvaluationRow, criterion: string): boolean | undefined => {
  const outcome = outcomeOf(row, criterion)
  return typeof outcome === 'string' ? undefined : outcome.pass
}

const failuresOf = (before: readonly EvaluationRow[], after: readonly EvaluationRow[], where: Tags) => {
  const counts = (rows: readonly EvaluationRow[]) => {
    const found = new Map<string, number>()
    for (const row of rows)
      if (matches(row.item, where)) for (const tag of row.grade.failures) found.set(tag, (found.get(tag) ?? 0) + 1)
    return found
  }
  const [first, second] = [counts(before), counts(after)]
  return [...new Set([...first.keys(), ...second.keys()])]
    .map((tag) => ({ tag, before: first.get(tag) ?? 0, after: second.get(tag) ?? 0 }))
    .sort((a, b) => b.after - b.before - (a.after - a.before))
}

const aimedRows = (parts: readonly SpecPart[], where: Tags): number => {
  const aims = (part: SpecPart) =>
    Object.entries(where).some(([dimension, values]) => part.where[dimension]?.some((value) => values.includes(value)))
  return parts.filter(aims).reduce((sum, { rows }) => sum + rows, 0)
}

const notEvaluated = (run: string, round: number, evaluated: readonly number[]) =>
  new WhetError({
    code: 'not-evaluated',
    message: `Round ${round} of ${run} has no graded replies to compare. Rounds that have: ${evaluated.filter((each) => each > 0).join(', ') || 'none yet'}.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { run, round },
  })
