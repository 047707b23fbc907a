import pLimit from 'p-limit'
import type { AssistantTurn, Grade, ItemBase, Message, ToolSchema } from '../core/contract.ts'
import { type Episode, playGold } from '../core/episode.ts'
import { messageOf, WhetError } from '../core/errors.ts'
import { judgedCriteria } from '../core/judge/grade.ts'
import type { Deps } from './deps.ts'
import { scratchPool } from './scratch.ts'

/** One episode that SFT learns: the loss is on what the assistant says in the completion, tools' results are only read. */
export interface SftRow {
  readonly id: string // item id and the place of the first assistant turn
  readonly prompt: readonly Message[]
  readonly completion: readonly [AssistantTurn, ...Message[]]
  readonly tools: readonly ToolSchema[]
  readonly editedBy?: string // the person who changed its item
}

/** An item with the rows that its gold teaches and the reasons against it. */
export interface CheckedItem {
  readonly item: ItemBase
  readonly rows: readonly SftRow[]
  readonly reasons: readonly string[]
  readonly error?: unknown // what the skill's own code threw on it
}

/** A skill that breaks on an item may be right about the next one. */
const ofOneItem = new Set(['plugin-failed', 'plugin-shape'])

type CheckDeps = Pick<Deps, 'plugin' | 'config' | 'signal' | 'scratch'>

/**
 * Plays the gold of every item against its real environment and its own grader. Several at once, a worker each.
 *
 * @returns one entry an item, in order; an item without reasons is fit to train on
 */
export const checkItems = async (
  items: readonly ItemBase[],
  definition: unknown,
  deps: CheckDeps,
  onProgress?: (done: number, total: number) => void,
): Promise<CheckedItem[]> => {
  const pool = scratchPool(deps.scratch, deps.config.student.slots)
  const limit = pLimit(deps.config.student.slots)
  let done = 0
  return Promise.all(
    items.map((item) =>
      limit(async () => {
        deps.signal.throwIfAborted()
        const checked = await pool.use((scratch) => check(item, definition, deps, scratch))
        done += 1
        if (done % 50 === 0 || done === items.length) onProgress?.(done, items.length)
        return checked
      }),
    ),
  )
}

const check = async (item: ItemBase, definition: unknown, deps: CheckDeps, scratch: string): Promise<CheckedItem> => {
  const { plugin, signal } = deps
  const parsed = plugin.item.safeParse(item)
  if (!parsed.success)
    return { item, rows: [], reasons: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) }
  try {
    const gold = await playGold(item, { plugin, definition, signal, scratch })
    const grade = await plugin.grade(item, gold.transcript, definition, { signal, endState: gold.endState })
    return { item, rows: rowsOf(item, gold), reasons: failed(grade, judgedCriteria(plugin.rubrics)) }
  } catch (error) {
    // one bad item is data; a broken tool server or an order to stop is not
    if (signal.aborted || (error instanceof WhetError && !ofOneItem.has(error.code))) throw error
    return { item, rows: [], reasons: [messageOf(error)], error }
  }
}

/** A question for a judge is not asked of gold answers: they are right by construction. */
const failed = (grade: Grade, forJudges: ReadonlySet<string>): string[] =>
  Object.entries(grade.criteria).flatMap(([name, verdict]) =>
    verdict.status === 'fail' || (verdict.status === 'ungraded' && !forJudges.has(name))
      ? [`${name}: ${verdict.reason}`]
      : [],
  )

const rowsOf = (item: ItemBase, { transcript, tools }: Episode): SftRow[] => {
  const at = transcript.findIndex(({ role }) => role === 'assistant')
  const last = transcript.findLastIndex(({ role }) => role === 'assistant')
  const [first, ...rest] = transcript.slice(Math.max(0, at), last + 1)
  if (first?.role !== 'assistant') return []
  return [{ id: `${item.id}#${at}`, prompt: transcript.slice(0, at), completion: [first, ...rest], tools }]
}
