import { z } from 'zod'
import { defineCommand } from './command.ts'
import { resumeForecast } from './forecast.ts'
import { runField, workspaceField, workspaceOf } from './inputs.ts'
import { answerOf, exitOf, type RunAnswer, renderAnswer } from './outcome.ts'

const input = z.strictObject({
  run: runField,
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
    const outcome = await resumeRun({ workspace, run: name, signal, drain, onEvent })
    return answerOf(outcome, workspace, input, context)
  },
  render: renderAnswer,
  exit: (output, { requireTargets }) => exitOf(output, requireTargets),
})
