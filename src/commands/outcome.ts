import type { Colors } from 'picocolors/types.js'
import type { Tags } from '../core/contract.ts'
import { type ExitCode, exitCodes, messageOf } from '../core/errors.ts'
import type { MeasuredRate } from '../core/rates.ts'
import type { Workspace } from '../core/workspace.ts'
import type { RunOutcome } from '../graph/engine.ts'
import type { CommandContext, RenderContext } from './command.ts'
import { count, duration, interval, percent, points, table } from './format.ts'
import { nextLine } from './inputs.ts'
import { roundText, targetText } from './report/text.ts'

/** What `run` and `resume` answer. */
export interface RunAnswer extends RunOutcome {
  readonly targets: readonly TargetMove[]
  readonly spent: { readonly minutes: number; readonly rows: number; readonly tokens: number; readonly money: number }
  readonly report?: string // path of the HTML page
  readonly next: string // the command line to type next
}

/** One target on gate: the untouched student beside the best one. */
export interface TargetMove {
  readonly of: string
  readonly where?: Tags
  readonly status: MeasuredRate['status'] // of the best one
  readonly base?: Rate
  readonly best?: Rate
}
interface Rate {
  readonly rate: number
  readonly low?: number
  readonly high?: number
  readonly n: number
}

/** Sums a run up and writes its HTML report. A report that cannot be written is told, and fails nothing. */
export const answerOf = async (
  outcome: RunOutcome,
  workspace: Workspace,
  input: { workspace: string },
  context: CommandContext,
): Promise<RunAnswer> => {
  const { runStatus } = await import('../graph/status.ts')
  const { rounds, spent } = await runStatus(workspace, outcome.run)
  return {
    ...outcome,
    targets: movesOf(rounds[0]?.rates.gate ?? [], rounds[outcome.best]?.rates.gate ?? []),
    spent,
    ...(rounds.length > 0 && (await reportFile(workspace, outcome.run, context))),
    next: nextLine(`${outcome.status === 'finished' ? 'try' : 'resume'} ${outcome.run}`, input),
  }
}

const reportFile = async (workspace: Workspace, run: string, context: CommandContext) => {
  try {
    const { writeReport } = await import('./report/index.ts')
    const { file } = await writeReport({ workspace, run, format: 'html' })
    return file ? { report: file } : {}
  } catch (error) {
    context.note(
      `The report could not be written: ${messageOf(error)}. \`whet report ${run} --format html\` tries again.`,
    )
    return {}
  }
}

export const movesOf = (base: readonly MeasuredRate[], best: readonly MeasuredRate[]): TargetMove[] =>
  best.map((target) => {
    const before = base.find((other) => sameTarget(other, target))
    return {
      of: target.of,
      ...(target.where && { where: target.where }),
      status: target.status,
      ...(before && { base: rateOf(before) }),
      best: rateOf(target),
    }
  })

const sameTarget = (a: MeasuredRate, b: MeasuredRate) =>
  a.of === b.of && JSON.stringify(a.where ?? {}) === JSON.stringify(b.where ?? {})

const rateOf = (measured: MeasuredRate): Rate | undefined =>
  measured.rate === undefined || measured.rate === null
    ? undefined
    : { rate: measured.rate, low: measured.interval?.low, high: measured.interval?.high, n: measured.n }

const exits: Readonly<Record<RunOutcome['status'], ExitCode>> = {
  finished: exitCodes.done,
  paused: exitCodes.done,
  stopped: exitCodes.done,
  interrupted: exitCodes.interrupted,
}

export const exitOf = (answer: RunAnswer, requireTargets: boolean): ExitCode =>
  answer.status === 'finished' && requireTargets && !answer.targetsMet ? exitCodes.failed : exits[answer.status]

export const renderAnswer = (answer: RunAnswer, { colors }: RenderContext): string => {
  const paint = answer.status === 'finished' ? colors.green : colors.yellow
  const lines = [
    '',
    `${paint(colors.bold(answer.status))}: ${answer.reason} · best: ${roundText(answer.best)} · targets ${answer.targetsMet ? colors.green('met') : colors.yellow('not met yet')}`,
    `${duration(answer.spent.minutes * 60)} · ${count(answer.spent.rows)} rows trained · ${count(answer.spent.tokens)} tokens`,
  ]
  if (answer.targets.length > 0) lines.push('', targetsTable(answer.targets, answer.best, colors))
  if (answer.report) lines.push('', `report  ${answer.report}`)
  lines.push(`${answer.report ? '' : '\n'}next    ${colors.cyan(answer.next)}`)
  return lines.join('\n')
}

/** Base and best on gate, a line a target. */
export const targetsTable = (targets: readonly TargetMove[], best: number, colors: Colors): string => {
  const marks = {
    pass: colors.green('✓ pass'),
    warn: colors.yellow('~ near'),
    fail: colors.red('✗ fail'),
    'no-data': colors.dim('no data'),
  }
  const head = ['on gate', 'base', roundText(best), '95 % interval', 'points', 'target'].map((word) => colors.dim(word))
  return table(
    head,
    targets.map((target) => [
      targetText(target.of, target.where),
      percent(target.base?.rate),
      percent(target.best?.rate),
      interval(target.best?.low, target.best?.high),
      target.base && target.best ? points(target.best.rate - target.base.rate) : '',
      marks[target.status],
    ]),
    [1, 2, 3, 4],
  )
}
