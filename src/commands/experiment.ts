import { z } from 'zod'
import { type LoadedConfig, parseConfig } from '../core/config.ts'
import { WhetError } from '../core/errors.ts'
import type { RunEvent } from '../core/events.ts'
import { arms } from '../core/experiment.ts'
import type { Workspace } from '../core/workspace.ts'
import type { ExperimentReport } from '../graph/experiment.ts'
import type { ExperimentForecast } from '../graph/experiment-forecast.ts'
import type { ExperimentPlan, SharedStart } from '../graph/experiment-plan.ts'
import { plugins } from '../plugins/index.ts'
import { type CommandContext, defineCommand, type RenderContext } from './command.ts'
import { bounds, count, duration, percent, plural, points, table } from './format.ts'
import { configField, parseRunRound, setField, workspaceField, workspaceOf } from './inputs.ts'
import { loadProject, overridden } from './project.ts'
import { sweepOf } from './sweep.ts'

const input = z.strictObject({
  config: configField,
  arms: z
    .string()
    .optional()
    .describe(`who aims the rows, separated by commas: ${arms.join(', ')}; all that the config can do by default`)
    .meta({ value: 'ARMS' }),
  sweep: z
    .array(z.string())
    .default([])
    .describe(
      'compare settings in place of analysts, as in train.sft.rank=8,16; several make a grid, and each arm is held against the first',
    )
    .meta({ value: 'KEY=VALUE,VALUE' }),
  seeds: z.int().min(1).max(100).default(3).describe('paired seeds of each arm: three describe, eight decide'),
  rounds: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe('rounds of each arm: 2 by default, the shared first one included; 1 in a sweep and behind --from'),
  from: z
    .string()
    .optional()
    .describe('a trained student that all arms and seeds go on from: a round of a run, its last one by default')
    .meta({ value: 'RUN[:ROUND]', remote: 'run' }),
  plan: z.boolean().default(false).describe('say which runs there would be and how long they take, and do nothing'),
  parallel: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('runs at once: more where executor.ray trains elsewhere; students served here take turns'),
  everySeed: z
    .boolean()
    .default(false)
    .describe('hopeless arms of a sweep go on too; otherwise each ends after the seed that shows it'),
  minutes: z.number().positive().default(180).describe('of the whole experiment; no run is begun that would not fit'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/)
    .default('experiment')
    .describe('the same name goes on with what there is'),
  set: setField,
  workspace: workspaceField,
})

export const command = defineCommand<typeof input, ExperimentReport | ExperimentForecast>({
  input,
  harmless: ({ plan }) => plan,
  async run(input, context) {
    const loaded = await loadProject(input, context)
    const configWith = (overrides: readonly string[]) =>
      parseConfig(overridden(loaded.text, overrides), loaded.file, { plugins })
    const { signal, drain } = context
    const { name, seeds, minutes, parallel, everySeed } = input
    const workspace = workspaceOf(input, context)
    const from = input.from === undefined ? undefined : await startIn(workspace, input.from)
    const common = { name, ...(from && { from }), seeds, minutes, parallel, everySeed, config: loaded.sha256 }
    const plan: ExperimentPlan = { ...common, ...armsAndRounds(input, loaded, configWith) }
    if (input.plan) {
      const { forecastExperiment } = await import('../graph/experiment-forecast.ts')
      return forecastExperiment(plan, workspace, configWith)
    }
    const { runExperiment } = await import('../graph/experiment.ts')
    return runExperiment({
      workspace,
      plan,
      configWith,
      signal,
      drain,
      onEvent: parallel === 1 ? context.onEvent : (event) => tell(event, context),
      onStep: (done, total, what) => context.note(`run ${done + 1} of ${total}: ${what}`),
    })
  },
  render: (output, context) =>
    'contrasts' in output ? renderReport(output, context) : renderForecast(output, context),
})

type Input = z.output<typeof input>

/** The round that a person named, or the last one that was summed up. @throws {WhetError} unknown-run · nothing-to-fork */
const startIn = async (workspace: Workspace, text: string): Promise<SharedStart> => {
  const { summariesUpTo } = await import('../graph/fork.ts')
  const { run, round } = parseRunRound(text)
  const summaries = await summariesUpTo(await workspace.find(run), round)
  return { run, round: summaries.length - 1 }
}

/** @throws {WhetError} unknown-arm · bad-sweep */
const armsAndRounds = (
  { arms: named, sweep: texts, rounds, from }: Input,
  { config }: LoadedConfig,
  configWith: (overrides: readonly string[]) => LoadedConfig,
) => {
  if (texts.length === 0) {
    if (rounds === 1 && from === undefined)
      throw badArms('With one round all arms are the same: the first one is shared. Give --rounds 2 or more.')
    return { arms: armsOf(named, config.roles.analyst !== undefined), rounds: rounds ?? (from === undefined ? 2 : 1) }
  }
  if (named !== undefined) throw badArms('--arms and --sweep are two experiments. Give one of them.')
  const sweep = sweepOf(texts, configWith)
  return { arms: sweep.map(({ arm }) => arm), sweep, rounds: rounds ?? 1 }
}

/** Of several runs at once, the steps of each: their progress would overwrite each other. */
const tell = ({ type, run, round, stage }: RunEvent, { note }: Pick<CommandContext, 'note'>): void => {
  if (type === 'stage.started') note(`${run}: ${round === 0 ? 'base' : `round ${round}`} · ${stage}`)
}

/** @throws {WhetError} unknown-arm */
const armsOf = (text: string | undefined, hasAnalyst: boolean): string[] => {
  if (text === undefined) return arms.filter((arm) => arm !== 'llm' || hasAnalyst)
  const named = text.split(',').map((each) => each.trim())
  const unknown = named.find((each) => !(arms as readonly string[]).includes(each))
  if (unknown !== undefined) throw badArms(`There is no arm ${JSON.stringify(unknown)}. There are ${arms.join(', ')}.`)
  if (named.length < 2) throw badArms('An experiment needs two arms or more.')
  if (named.includes('llm') && !hasAnalyst) throw badArms('The arm llm needs roles.analyst in the config.')
  return [...new Set(named)]
}

const badArms = (message: string) => new WhetError({ code: 'unknown-arm', message, fixedBy: 'config', exit: 2 })

const renderForecast = (forecast: ExperimentForecast, { colors }: RenderContext): string =>
  [
    `${colors.bold(forecast.name)}: ${plural(
      forecast.runs.reduce((sum, { times }) => sum + times, 0),
      'run',
    )}, one after the other`,
    '',
    table(
      ['arm', 'runs', 'time of one'].map((word) => colors.dim(word)),
      forecast.runs.map(({ what, times, minutes }) => [what, String(times), `~ ${duration(minutes * 60)}`]),
      [1, 2],
    ),
    '',
    `about ${duration(forecast.minutes * 60)} of ${duration(forecast.allowed * 60)} allowed. Nothing was done.`,
    ...forecast.notes.map((note) => colors.dim(note)),
  ].join('\n')

const renderReport = (report: ExperimentReport, { colors }: RenderContext): string => {
  const dim = (words: string[]) => words.map((word) => colors.dim(word))
  return [
    `${colors.bold(report.name)}: ${report.done} of ${report.total} runs, ${report.criterion} on gate`,
    '',
    table(
      dim(['arm', 'seeds', 'start', 'end', 'gain, points', '95 % by seed', 'rows', 'time', 'paid tokens']),
      report.arms.map(({ arm, seeds, startRate, rate, gain, cost }) => [
        arm,
        String(seeds),
        percent(startRate),
        percent(rate),
        points(gain?.difference ?? rate - startRate),
        gain ? bounds(gain.low, gain.high) : '',
        count(cost.rows),
        duration(cost.minutes * 60),
        count(cost.paidTokens),
      ]),
      [1, 2, 3, 4, 6, 7, 8],
    ),
    '',
    table(
      dim(['difference', 'points', '95 % by seed', 'p', 'Holm', 'by seed']),
      report.contrasts.map(({ arm, against, difference, p, holm, bySeed }) => [
        `${arm} − ${against}`,
        points(difference?.difference),
        difference ? bounds(difference.low, difference.high) : '',
        p === undefined ? '' : p.toFixed(3),
        holm === undefined ? '' : holm.toFixed(3),
        bySeed.map((one) => points(one.difference)).join(' '),
      ]),
      [1, 3, 4],
    ),
    '',
    report.sentence,
    ...report.ended.map(({ arm, seed, why }) => `ended after seed ${seed}: ${colors.bold(arm)}, ${why}`),
    ...report.notes.map((note) => colors.yellow(note)),
    '',
    `report  ${report.file}`,
  ].join('\n')
}
