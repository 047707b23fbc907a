import { z } from 'zod'
import { parseConfig } from '../core/config.ts'
import { WhetError } from '../core/errors.ts'
import { type ArmName, arms } from '../core/experiment.ts'
import type { ExperimentReport } from '../graph/experiment.ts'
import { plugins } from '../plugins/index.ts'
import { defineCommand, type RenderContext } from './command.ts'
import { bounds, count, duration, percent, points, table } from './format.ts'
import { configField, setField, workspaceField, workspaceOf } from './inputs.ts'
import { loadProject, overridden } from './project.ts'

const input = z.strictObject({
  config: configField,
  arms: z
    .string()
    .optional()
    .describe(`who aims the rows, separated by commas: ${arms.join(', ')}; all that the config can do by default`)
    .meta({ value: 'ARMS' }),
  seeds: z.int().min(1).max(100).default(3).describe('paired seeds of each arm: three describe, eight decide'),
  rounds: z.int().min(2).max(20).default(2).describe('rounds of each arm, the shared first one included'),
  minutes: z.number().positive().default(180).describe('of the whole experiment; no run is begun that would not fit'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/)
    .default('experiment')
    .describe('the same name goes on with what there is'),
  set: setField,
  workspace: workspaceField,
})

export const command = defineCommand<typeof input, ExperimentReport>({
  input,
  async run(input, context) {
    const loaded = await loadProject(input, context)
    const { runExperiment } = await import('../graph/experiment.ts')
    const { signal, drain, onEvent } = context
    const { name, seeds, rounds, minutes } = input
    return runExperiment({
      workspace: workspaceOf(input, context),
      plan: {
        name,
        seeds,
        rounds,
        minutes,
        arms: armsOf(input.arms, loaded.config.roles.analyst !== undefined),
        config: loaded.sha256,
      },
      configWith: (overrides) => parseConfig(overridden(loaded.text, overrides), loaded.file, { plugins }),
      signal,
      drain,
      onEvent,
      onStep: (done, total, what) => context.note(`run ${done + 1} of ${total}: ${what}`),
    })
  },
  render: (report, context) => renderReport(report, context),
})

/** @throws WhetError 'unknown-arm' */
const armsOf = (text: string | undefined, hasAnalyst: boolean): ArmName[] => {
  if (text === undefined) return arms.filter((arm) => arm !== 'llm' || hasAnalyst)
  const named = text.split(',').map((each) => each.trim())
  const unknown = named.find((each) => !(arms as readonly string[]).includes(each))
  if (unknown !== undefined || named.length < 2)
    throw new WhetError({
      code: 'unknown-arm',
      message:
        unknown === undefined
          ? 'An experiment needs two arms or more.'
          : `There is no arm ${JSON.stringify(unknown)}. There are ${arms.join(', ')}.`,
      fixedBy: 'config',
      exit: 2,
    })
  if (named.includes('llm') && !hasAnalyst)
    throw new WhetError({
      code: 'unknown-arm',
      message: 'The arm llm needs roles.analyst in the config.',
      fixedBy: 'config',
      exit: 2,
    })
  return [...new Set(named)] as ArmName[]
}

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
    ...report.notes.map((note) => colors.yellow(note)),
    '',
    `report  ${report.file}`,
  ].join('\n')
}
