import { existsSync } from 'node:fs'
import { z } from 'zod'
import type { MeasuredRate } from '../core/rates.ts'
import { RunStore } from '../core/store.ts'
import type { RunFiles, Workspace } from '../core/workspace.ts'
import type { RunStatus } from '../graph/status.ts'
import { defineCommand } from './command.ts'
import { percent, table } from './format.ts'
import { workspaceField, workspaceOf } from './inputs.ts'
import { roundText, targetText } from './report/text.ts'

const input = z.strictObject({ workspace: workspaceField })

/** One run of the list. `base` and `best`: the first target on gate. */
interface Listed
  extends Pick<RunStatus, 'run' | 'skill' | 'status' | 'stage' | 'round' | 'best' | 'reason' | 'waiting'> {
  readonly rounds: number // trained ones that are finished
  readonly target?: string
  readonly baseRate?: number | null
  readonly bestRate?: number | null
}

export const command = defineCommand<typeof input, { runs: Listed[] }>({
  input,
  async run(input, context) {
    const workspace = workspaceOf(input, context)
    const runs: Listed[] = []
    for (const name of await workspace.runs()) runs.push(await listedNow(workspace, name))
    return { runs: runs.reverse() }
  },
  render({ runs }, { colors }) {
    if (runs.length === 0) return 'No runs yet. `whet run` starts one.'
    const head = ['run', 'status', 'rounds', 'best', 'target', 'base', 'now'].map((word) => colors.dim(word))
    return table(
      head,
      runs.map((run) => [
        run.run,
        run.waiting ? colors.yellow('waits for approval') : run.stage ? `${run.status}, ${run.stage}` : run.status,
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

/** Runs that nobody works on, by their log: a dashboard lists all of them every few seconds, and reading a long log takes a while. */
const kept = new Map<string, { readonly seq: number; readonly listed: Listed }>()

const listedNow = async (workspace: Workspace, name: string): Promise<Listed> => {
  const { runStatus } = await import('../graph/status.ts')
  const files = workspace.run(name)
  const at = restingAt(files)
  const known = kept.get(files.database)
  if (known && known.seq === at) return known.listed
  const now = listed(await runStatus(workspace, name))
  if (at === undefined) kept.delete(files.database)
  else kept.set(files.database, { seq: at, listed: now })
  return now
}

/** The last event of a run that no process works on. */
const restingAt = (files: RunFiles): number | undefined => {
  if (!existsSync(files.database)) return undefined
  const store = RunStore.open(files.database, { readonly: true })
  try {
    return store.leaseHolder()?.alive ? undefined : store.lastSeq()
  } finally {
    store.close()
  }
}

const listed = ({ run, skill, status, stage, waiting, round, best, reason, rounds }: RunStatus): Listed => {
  const base: MeasuredRate | undefined = rounds[0]?.rates.gate[0]
  return {
    run,
    skill,
    status,
    ...(stage && { stage }),
    ...(waiting && { waiting }),
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
