/** How a run's work ends: what is told, and what the caller gets. */
import { messageOf, WhetError } from '../core/errors.ts'
import { readJson } from '../core/jsonl.ts'
import type { RoundSummary } from '../core/round.ts'
import type { RunFiles } from '../core/workspace.ts'
import { Halt, type Session } from './session.ts'
import { BudgetSpent, codeOf } from './stage.ts'
import type { State, StopReason } from './state.ts'
import { targetsMet } from './stop.ts'

export interface RunOutcome {
  readonly run: string
  readonly status: 'finished' | 'paused' | 'stopped' | 'interrupted'
  readonly reason: string
  readonly best: number // round of the best student; 0 is the untouched one
  readonly targetsMet: boolean
}

export const finish = async (state: State, session: Session, files: RunFiles): Promise<RunOutcome> => {
  // LangGraph ends silently where it cannot go on; only a stop reason says that the loop is really over
  if (!state.stop)
    throw new WhetError({
      code: 'ended-without-reason',
      message: `The loop of ${files.name} ended in round ${state.round} without a reason to stop. Resume it with \`whet resume ${files.name}\`.`,
      fixedBy: 'machine',
    })
  return finished(state.best, state.stop, session, files)
}

const finished = async (
  best: number,
  { reason, detail }: StopReason,
  session: Session,
  files: RunFiles,
): Promise<RunOutcome> => {
  const summary = await readJson<RoundSummary>(files.round(best).summary)
  session.emit({ type: 'run.finished', data: { reason, best, targets: [...(summary?.rates.gate ?? [])] } })
  return {
    run: files.name,
    status: 'finished',
    reason: detail,
    best,
    targetsMet: summary ? targetsMet(summary) : false,
  }
}

export const halted = async (
  error: unknown,
  state: Partial<State>,
  session: Session,
  files: RunFiles,
): Promise<RunOutcome> => {
  const best = state.best ?? 0
  if (error instanceof BudgetSpent) {
    session.emit({ type: 'budget.exceeded', data: { which: error.which, limit: error.limit, spent: error.spent } })
    return finished(best, { reason: 'budget', detail: error.message }, session, files)
  }
  const halt = error instanceof Halt ? error : session.halted
  if (halt) {
    const data = { by: halt.by }
    session.emit(
      halt.kind === 'stopped'
        ? { type: 'run.stopped', data: { reason: 'person', detail: halt.by } }
        : { type: 'run.paused', data },
    )
    return { run: files.name, status: halt.kind, reason: halt.message, best, targetsMet: false }
  }
  // the process that lost its lease must not write into a run that another one owns
  const reason: unknown = session.signal.aborted ? session.signal.reason : error
  if (codeOf(reason) !== 'lease-lost')
    session.emit({ type: 'run.failed', data: { code: codeOf(reason), message: messageOf(reason) } })
  throw reason
}
