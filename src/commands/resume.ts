import { z } from 'zod'
import { defineCommand } from './command.ts'
import { resumeForecast } from './forecast.ts'
import { runField, workspaceField, workspaceOf } from './inputs.ts'
import { answerOf, exitOf, type RunAnswer, renderAnswer } from './outcome.ts'
import { loadProject } from './project.ts'

const input = z.strictObject({
  run: runField,
  config: z
    .string()
    .optional()
    .describe('train where this config says (`executor`) from the next training on; nothing else is taken from it')
    .meta({ short: 'c', value: 'FILE' }),
  requireTargets: z.boolean().default(false).describe('exit with 1 where the run ends without meeting its targets'),
  workspace: workspaceField,
})

export const command = defineCommand<typeof input, RunAnswer>({
  input,
  positional: ['run'],
  forecast: (input, context) => resumeForecast(input, context),
  async run(input, context) {
    const workspace = workspaceOf(input, context)
    const { name } = await workspace.find(input.run)
    const { resumeRun } = await import('../graph/engine.ts')
    const { signal, drain, onEvent } = context
    const executor = input.config && (await loadProject({ config: input.config }, context)).config.executor
    const outcome = await resumeRun({ workspace, run: name, signal, drain, onEvent, ...(executor && { executor }) })
    return answerOf(outcome, workspace, input, context)
  },
  render: renderAnswer,
  exit: (output, { requireTargets }) => exitOf(output, requireTargets),
})
