import type { SpecPart } from '../core/contract.ts'
import { folderBytes } from '../core/disk.ts'
import { isWhetError, messageOf, WhetError } from '../core/errors.ts'
import type { Deps, Stage } from './deps.ts'
import { problemOf, rewriteSpec } from './edit-spec.ts'
import { readFrozen } from './nodes/define.ts'
import { Halt } from './session.ts'
import { parseState, type State, type Update } from './state.ts'

/** The run's time or disk is used up: it ends at this stage's door, and nothing that was finished is lost. */
export class BudgetSpent extends Error {
  constructor(
    readonly which: 'minutes' | 'GB of disk',
    readonly limit: number,
    readonly spent: number,
  ) {
    super(`the budget of ${limit} ${which} is spent (${spent.toFixed(1)})`)
    this.name = 'BudgetSpent'
  }
}

/** Every stage runs in here: state checked, budget and orders looked at first, start, end and failure told as events. */
export const runStage = async (name: string, stage: Stage, unchecked: State, deps: Deps): Promise<Update> => {
  const state = parseState(unchecked)
  const scoped: Deps = { ...deps, emit: (event) => deps.emit({ round: state.round, stage: name, ...event }) }
  deps.signal.throwIfAborted()
  await checkBudget(name, state, deps)
  await askApproval(name, state, deps)
  const started = Date.now()
  scoped.emit({ type: 'stage.started', data: {} })
  try {
    const update = await stage(state, scoped)
    scoped.emit({ type: 'stage.finished', data: { ms: Date.now() - started } })
    return update
  } catch (error) {
    // an abort is somebody's order, not a failure of the stage: it runs again on resume
    if (!deps.signal.aborted)
      scoped.emit({ type: 'stage.failed', data: { code: codeOf(error), message: messageOf(error) } })
    throw error
  }
}

/** Waits at a stage's door where the config wants a person's word; `reject` stops the run. */
const askApproval = async (name: string, state: State, deps: Deps) => {
  const asked = { 'before-train': 'train', 'every-round': 'generate' }[deps.config.approve as string]
  if (asked !== name) return
  const { dimensions } = await dimensionsOf(deps)
  deps.emit({
    type: 'approval.requested',
    round: state.round,
    stage: name,
    data: { what: `${name} of round ${state.round}` },
  })
  const { verb, by, args } = await deps.decision((parts) =>
    name === 'generate'
      ? problemOf(parts, dimensions)
      : 'the rows of this round are made already: its spec cannot change',
  )
  if (verb === 'reject') throw new Halt('stopped', by)
  const { parts } = (args ?? {}) as { parts?: SpecPart[] }
  if (parts) await rewriteSpec(state.round, parts, deps)
}

const dimensionsOf = async ({ files, plugin }: Deps) => {
  const { definition } = await readFrozen(files, plugin)
  return { dimensions: plugin.dimensions(definition) }
}

/** A student that was trained is measured and judged whatever the clock says: otherwise the time that it took bought nothing. */
const finishesTheRound = new Set(['evaluate', 'gate', 'analyze'])

const checkBudget = async (name: string, { round }: State, deps: Deps) => {
  const { minutes, diskGb } = deps.config.budget
  const mayRunOver = round > 0 && finishesTheRound.has(name)
  if (deps.minutes() >= minutes && !mayRunOver) throw new BudgetSpent('minutes', minutes, deps.minutes())
  const used = (await folderBytes(deps.files.dir)) / 1e9
  if (used >= diskGb) throw new BudgetSpent('GB of disk', diskGb, used)
}

export const codeOf = (error: unknown): string => (isWhetError(error) ? error.code : 'internal')

/** A file that an earlier stage has written and this one cannot do without. */
export const missingFile = (what: string, file: string) =>
  new WhetError({
    code: 'run-file-missing',
    message: `${what} is gone from the run's folder (${file}). Start a new run, or restore the file.`,
    fixedBy: 'machine',
    data: { file },
  })
