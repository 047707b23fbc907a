import { folderBytes } from '../core/disk.ts'
import { isWhetError, messageOf, WhetError } from '../core/errors.ts'
import type { Gateway } from '../core/llm/gateway.ts'
import { askApproval } from './approval.ts'
import type { Deps, Stage } from './deps.ts'
import { stageBooks } from './llm-books.ts'
import { parseState, type State, type Update } from './state.ts'
import type { Tally } from './tally.ts'

/** The run's time, disk, tokens or money are used up: it ends here, and nothing that was finished is lost. */
export class BudgetSpent extends Error {
  constructor(
    readonly which: 'minutes' | 'GB of disk' | 'tokens' | 'money',
    readonly limit: number,
    readonly spent: number,
  ) {
    super(`the budget of ${limit} ${which} is spent (${spent.toFixed(1)})`)
    this.name = 'BudgetSpent'
  }
}

/** What a stage's door needs beside what the stage itself gets. */
export interface Door extends Omit<Deps, 'llm'> {
  readonly gateway?: Gateway | undefined
  readonly tally?: Tally
}

/** Every stage runs in here: state checked, budget and orders looked at first, start, end and failure told as events. */
export const runStage = async (name: string, stage: Stage, unchecked: State, door: Door): Promise<Update> => {
  const state = parseState(unchecked)
  const emit: Deps['emit'] = (event) => door.emit({ round: state.round, stage: name, ...event })
  door.signal.throwIfAborted()
  await checkBudget(name, state, door)
  await askApproval(name, state, door)
  const books = stageBooks(door.gateway, { stage: name, round: state.round, signal: door.signal, emit })
  const started = Date.now()
  emit({ type: 'stage.started', data: {} })
  const tally = door.tally?.begin(emit)
  try {
    const update = await stage(state, { ...door, emit, llm: books.llm })
    books.tell()
    await tally?.tell()
    emit({ type: 'stage.finished', data: { ms: Date.now() - started } })
    return update
  } catch (error) {
    books.tell()
    const reason = spentBudget(error) ?? error
    // an abort is somebody's order, and a spent budget no failure of the stage: it runs again on resume
    if (!door.signal.aborted && !(reason instanceof BudgetSpent))
      emit({ type: 'stage.failed', data: { code: codeOf(reason), message: messageOf(reason) } })
    throw reason
  } finally {
    tally?.stop()
  }
}

/** A call that the budget of tokens or money does not allow. */
const spentBudget = (error: unknown): BudgetSpent | undefined => {
  if (!isWhetError(error) || error.code !== 'llm-budget') return undefined
  const { which, limit, spent } = error.data as { which: 'tokens' | 'money'; limit: number; spent: number }
  return new BudgetSpent(which, limit, spent)
}

/** A student that was trained is measured and judged whatever the clock says: otherwise the time that it took bought nothing. */
const finishesTheRound = new Set(['evaluate', 'gate', 'analyze'])

const checkBudget = async (name: string, { round }: State, deps: Door) => {
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
