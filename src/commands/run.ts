import { z } from 'zod'
import { exitCodes } from '../core/errors.ts'
import type { Plan } from '../graph/plan.ts'
import { defineCommand, type Implementation, type RenderContext } from './command.ts'
import { count, duration, table } from './format.ts'
import { configField, parseRunRound, setField, workspaceField, workspaceOf } from './inputs.ts'
import { answerOf, exitOf, type RunAnswer, renderAnswer } from './outcome.ts'
import { loadProject, settingsOf } from './project.ts'

const input = z.strictObject({
  config: configField,
  plan: z.boolean().default(false).describe('say what would happen, how long and at what cost, and do nothing'),
  requireTargets: z.boolean().default(false).describe('exit with 1 where the run ends without meeting its targets'),
  from: z
    .string()
    .optional()
    .describe("start from another run's state behind a round: its last one by default")
    .meta({ value: 'RUN[:ROUND]', remote: 'run' }),
  name: z
    .string()
    .optional()
    .describe('a name for the run; made from skill and time by default')
    .meta({ value: 'NAME' }),
  set: setField,
  workspace: workspaceField,
})

export const command: Implementation = defineCommand<typeof input, Plan | RunAnswer>({
  input,
  harmless: ({ plan }) => plan,
  forecast: async (input, context) => ({
    ...((await command.run({ ...input, plan: true }, context)) as Plan),
    settings: await settingsOf(input, context),
  }),
  async run(input, context) {
    const loaded = await loadProject(input, context)
    const workspace = workspaceOf(input, context)
    const { signal, drain, onEvent } = context
    const from = input.from === undefined ? undefined : parseRunRound(input.from)
    if (input.plan) {
      const { planRun } = await import('../graph/plan.ts')
      return planRun({ workspace, loaded, ...(from && { from }) })
    }
    const { startRun } = await import('../graph/engine.ts')
    const { name } = input
    const outcome = await startRun({
      workspace,
      loaded,
      signal,
      drain,
      onEvent,
      ...(from && { from }),
      ...(name && { name }),
    })
    return answerOf(outcome, workspace, input, context)
  },
  render: (output, context) => ('stages' in output ? renderPlan(output, context) : renderAnswer(output, context)),
  exit: (output, { requireTargets }) => ('stages' in output ? exitCodes.done : exitOf(output, requireTargets)),
})

const renderPlan = (plan: Plan, { colors }: RenderContext): string => {
  const { dev, gate, sealed } = plan.evaluation
  const stages = plan.stages.map(({ name, what, estimateMinutes }) => [
    colors.cyan(name),
    estimateMinutes > 0 ? `~ ${duration(estimateMinutes * 60)}` : '',
    what,
  ])
  return [
    `${colors.bold(plan.skill)}: at most ${plan.rounds} rounds of ${count(plan.rows)} rows; ${dev} dev, ${gate} gate and ${sealed} sealed items`,
    '',
    table(
      ['stage', 'time', 'what'].map((word) => colors.dim(word)),
      stages,
      [1],
    ),
    '',
    `at most about ${duration(plan.minutes * 60)}, money ${plan.money === 0 ? 'none' : plan.money}. Nothing was done.`,
    ...plan.notes.map((note) => colors.dim(note)),
  ].join('\n')
}
