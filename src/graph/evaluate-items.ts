import pLimit from 'p-limit'
import type { Grade, ItemBase, Llm, Split } from '../core/contract.ts'
import { type Episode, playStudent } from '../core/episode.ts'
import { isWhetError, WhetError } from '../core/errors.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import { JsonlAppender, readJsonl, writeJsonl } from '../core/jsonl.ts'
import { judged } from '../core/judge/grade.ts'
import { seedFrom } from '../core/random.ts'
import type { Student, StudentFleet } from '../core/student.ts'
import type { Deps } from './deps.ts'
import { byMenu } from './menu-order.ts'
import { scratchPool } from './scratch.ts'

/** One of several replies to the same items; each repetition has dice of its own, else all of them were alike. */
export interface Sampling {
  readonly temperature: number
  readonly repetition: number
}

export interface EvaluateOptions {
  readonly items: readonly ItemBase[]
  readonly file: string // JSONL of EvaluationRow; rows that are there already are not asked again
  readonly split: Split
  readonly definition: unknown
  readonly deps: Pick<Deps, 'plugin' | 'config' | 'signal' | 'scratch' | 'emit'>
  readonly sampling?: Sampling // left out: one reply at temperature 0
  readonly judge?: Llm | undefined // answers what the skill's own code leaves open
  student(): Promise<Student> // asked for only when a reply is missing
}

/** So many rows in a row without an answer, and the student is not evaluated but broken. */
const patience = 3
const progressEveryMs = 500

/**
 * Plays every item that the file does not hold yet and appends its row. Rows are independent of the order of play;
 * infrastructure failures are a class of their own, never a 0, and are asked again by the next call.
 *
 * @returns one row an item, in the items' order
 * @throws {WhetError} student-failing when the student does not answer several times in a row
 */
export const evaluateItems = async (options: EvaluateOptions): Promise<EvaluationRow[]> => {
  const { items, file, split, deps } = options
  const rows = await storedRows(file)
  const missing = items.filter((item) => !rows.has(item.id))
  if (missing.length > 0) await playMissing(missing, rows, options)
  deps.emit({ type: 'eval.progress', data: { split, done: items.length, total: items.length } })
  return items.flatMap((item) => rows.get(item.id) ?? [])
}

/** Finished rows by item id: the first one of an item counts, infrastructure failures are left out and dropped from the file. */
const storedRows = async (file: string): Promise<Map<string, EvaluationRow>> => {
  const { rows, torn } = await readJsonl<EvaluationRow>(file)
  const kept = new Map<string, EvaluationRow>()
  for (const row of rows) if (!row.error && !kept.has(row.item.id)) kept.set(row.item.id, row)
  if (kept.size < rows.length || torn > 0) await writeJsonl(file, kept.values())
  return kept
}

const playMissing = async (
  missing: readonly ItemBase[],
  rows: Map<string, EvaluationRow>,
  options: EvaluateOptions,
) => {
  const { file, split, deps } = options
  const lanes = lanesOf(await options.student(), deps.config.student.slots)
  const pool = scratchPool(deps.scratch, lanes.slots)
  const appender = await JsonlAppender.open(file)
  const halt = new AbortController()
  const signal = AbortSignal.any([deps.signal, halt.signal])
  const written: Promise<void>[] = []
  const total = rows.size + missing.length
  let [failuresInARow, told] = [0, 0]
  // items with the same tools together: the served student keeps their common prompt in its cache
  const played = byMenu(missing, options).map(async (item) => {
    const row = await rowOf(item, { ...options, signal }, () =>
      lanes.run(signal, (student, within) =>
        pool.use((scratch, slot) => play(item, student, { ...options, signal: within, scratch, slot })),
      ),
    )
    failuresInARow = row.error ? failuresInARow + 1 : 0
    rows.set(item.id, row)
    // durable in groups: waiting for the disk here would idle the student
    written.push(appender.append(row))
    if (failuresInARow >= patience) throw studentFailing(row, failuresInARow)
    if (Date.now() - told < progressEveryMs) return
    told = Date.now()
    deps.emit({ type: 'eval.progress', data: { split, done: rows.size, total } })
  })
  try {
    await Promise.all(played)
  } catch (error) {
    halt.abort()
    throw error
  } finally {
    // an item that is still in play when another one fails may yet append its row
    await Promise.allSettled(played)
    await Promise.allSettled(written)
    await appender.close()
  }
  await Promise.all(written)
}

/** A student's own endpoints where it has several, else so many episodes at once with the one that there is. */
const lanesOf = (student: Student, slots: number): StudentFleet => {
  if (student.fleet) return student.fleet
  const limit = pLimit(slots)
  return {
    slots,
    run: (signal, work) =>
      limit(() => {
        signal.throwIfAborted()
        return work(student, signal)
      }),
  }
}

type Within = EvaluateOptions & { readonly signal: AbortSignal }

const play = (
  item: ItemBase,
  student: Student,
  { deps, definition, signal, scratch, slot, sampling }: Within & { scratch: string; slot: number },
): Promise<Episode> =>
  playStudent(item, student, {
    plugin: deps.plugin,
    definition,
    signal,
    scratch,
    slot,
    maxTokens: deps.config.student.maxReplyTokens,
    seed: seedFrom(deps.config.seed, item.id, ...(sampling ? [sampling.repetition] : [])),
    ...(sampling && { temperature: sampling.temperature }),
  })

/** The graded row of an episode. Grading holds no place at the student. */
const rowOf = async (
  item: ItemBase,
  { deps: { plugin }, definition, signal, judge }: Within,
  played: () => Promise<Episode>,
): Promise<EvaluationRow> => {
  try {
    const { transcript, endState, ms, tokens } = await played()
    const graded = await plugin.grade(item, transcript, definition, { signal, endState, ...(judge && { judge }) })
    const grade = await judged(graded, { rubrics: plugin.rubrics, transcript, judge })
    return { item, transcript, grade, ms, tokens, ...(endState !== undefined && { endState }) }
  } catch (error) {
    if (signal.aborted || !isStudentSilent(error)) throw error
    return {
      item,
      transcript: [],
      grade: ungraded(plugin, error.message),
      ms: 0,
      tokens: { prompt: 0, completion: 0 },
      error: { code: error.code, message: error.message },
    }
  }
}

const isStudentSilent = (error: unknown): error is WhetError =>
  isWhetError(error) && (error.code === 'student-unreachable' || error.code === 'student-timeout')

const ungraded = (plugin: Deps['plugin'], reason: string): Grade => ({
  score: 0,
  failures: [],
  criteria: Object.fromEntries(
    plugin.rubrics.flatMap(({ criteria }) =>
      criteria.map(({ name }) => [name, { status: 'ungraded' as const, reason }]),
    ),
  ),
})

const studentFailing = (row: EvaluationRow, times: number) =>
  new WhetError({
    code: 'student-failing',
    message: `The student did not answer ${times} times in a row (${row.error?.message}). See its server, then \`whet resume\`: the answers so far are kept.`,
    fixedBy: 'service',
    data: { code: row.error?.code, item: row.item.id },
  })
