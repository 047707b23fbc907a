import { z } from 'zod'
import type { MeasuredRate } from '../core/rates.ts'
import type { RunStatus } from '../graph/status.ts'
import { defineCommand } from './command.ts'
import { percent, table } from './format.ts'
import { workspaceField, workspaceOf } from './inputs.ts'
import { roundText, targetText } from './report/text.ts'

const input = z.strictObject({ workspace: workspaceField })

/** One run of the list. `base` and `best`: the first target on gate. */
interface Listed extends Pick<RunStatus, 'run' | 'skill' | 'status' | 'stage' | 'round' | 'best' | 'reason'> {
  readonly rounds: number // trained ones that are finished
  readonly target?: string
  readonly baseRate?: number | null
  readonly bestRate?: number | null
}

export const command = defineCommand<typeof input, { runs: Listed[] }>({
  input,
  async run(input, context) {
    const { runStatus } = await import('../graph/status.ts')
    const workspace = workspaceOf(input, context)
    const runs: Listed[] = []
    for (const name of await workspace.runs()) runs.push(listed(await runStatus(workspace, name)))
    return { runs: runs.reverse() }
  },
  render({ runs }, { colors }) {
    if (runs.length === 0) return 'No runs yet. `whet run` starts one.'
    const head = ['run', 'status', 'rounds', 'best', 'target', 'base', 'now'].map((word) => colors.dim(word))
    return table(
      head,
      runs.map((run) => [
        run.run,
        run.stage ? `${run.status}, ${run.stage}` : run.status,
        String(run.rounds),
        roundText(run.best),
        run.target ?? '',
        run.target ? percent(run.baseRate) : '',
        run.target ? percent(run.bestRate) : '',
      ]),
      [2, 5, 6],
    )
  },
})

const listed = ({ run, skill, status, stage, round, best, reason, rounds }: RunStatus): Listed => {
  const base: MeasuredRate | undefined = rounds[0]?.rates.gate[0]
  return {
    run,
    skill,
    status,
    ...(stage && { stage }),
    round,
    best,
    ...(reason && { reason }),
    rounds: Math.max(0, rounds.length - 1),
    ...(base && {
      target: targetText(base.of, base.where),
      baseRate: base.rate,
      bestRate: rounds[best]?.rates.gate[0]?.rate,
    }),
  }
}
