import type { Colors } from 'picocolors/types.js'
import { z } from 'zod'
import type { RoundSummary } from '../core/round.ts'
import type { RunStatus } from '../graph/status.ts'
import { defineCommand } from './command.ts'
import { count, duration, interval, percent, plural, table } from './format.ts'
import { runField, workspaceField, workspaceOf } from './inputs.ts'
import { movesOf, targetsTable } from './outcome.ts'
import { roundText, targetText } from './report/text.ts'

const input = z.strictObject({ run: runField, workspace: workspaceField })

export const command = defineCommand<typeof input, RunStatus>({
  input,
  positional: ['run'],
  async run(input, context) {
    const { runStatus } = await import('../graph/status.ts')
    return runStatus(workspaceOf(input, context), input.run)
  },
  render: (status, { colors }) => renderStatus(status, colors),
})

export const renderStatus = (status: RunStatus, colors: Colors): string => {
  const { spent, rounds } = status
  const base = rounds[0]?.rates.gate ?? []
  const best = rounds[status.best]?.rates.gate ?? []
  return [
    statusLine(status, colors),
    `${duration(spent.minutes * 60)} · ${plural(spent.rows, 'row')} trained · ${count(spent.tokens)} tokens${paidText(spent)}`,
    ...(status.waiting
      ? [colors.yellow(`waits for approval: ${status.waiting} (\`whet approve ${status.run}\`)`)]
      : []),
    ...(rounds.length > 1 ? ['', roundsTable(rounds, colors)] : []),
    ...(best.length > 0 ? ['', targetsTable(movesOf(base, best), status.best, colors)] : []),
    ...(next(status) ? ['', `next    ${colors.cyan(next(status))}`] : []),
  ].join('\n')
}

/** What language models cost, where a run asked any. */
const paidText = ({ paidTokens, money }: RunStatus['spent']): string =>
  paidTokens === 0
    ? ''
    : ` · ${count(paidTokens)} tokens of language models${money > 0 ? `, money ${money.toFixed(2)}` : ''}`

export const statusLine = (status: RunStatus, colors: Colors): string => {
  const paint =
    { running: colors.cyan, finished: colors.green, failed: colors.red }[status.status as 'running'] ?? colors.yellow
  const place = status.stage ? ` · ${roundText(status.round)}, ${status.stage}` : ''
  const owner = status.owner ? ` · process ${status.owner.pid} on ${status.owner.host}` : ''
  const reason = status.reason && status.status !== 'running' ? `: ${status.reason}` : ''
  return `${colors.bold(status.run)} · ${paint(status.status)}${reason}${place}${owner} · best: ${roundText(status.best)}`
}

/** The first target on gate, round by round, with its verdict. */
const roundsTable = (rounds: readonly RoundSummary[], colors: Colors): string => {
  const first = rounds[0]?.rates.gate[0]
  const head = ['round', first ? targetText(first.of, first.where) : '', '95 % interval', 'rows', 'verdict']
  return table(
    head.map((word) => colors.dim(word)),
    rounds.map(({ round, rates, rows, verdict }) => [
      roundText(round),
      percent(rates.gate[0]?.rate),
      interval(rates.gate[0]?.interval?.low, rates.gate[0]?.interval?.high),
      round === 0 ? '' : count(rows.trained),
      verdict?.verdict ?? '',
    ]),
    [1, 2, 3],
  )
}

const next = ({ status, run }: RunStatus): string => {
  if (status === 'running') return `whet watch ${run}`
  return status === 'finished' || status === 'stopped' ? `whet report ${run}` : `whet resume ${run}`
}
