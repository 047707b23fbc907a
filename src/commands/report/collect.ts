import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { Config } from '../../core/config.ts'
import type { ReportSection } from '../../core/contract.ts'
import { messageOf } from '../../core/errors.ts'
import type { EvaluationRow } from '../../core/evaluation.ts'
import type { EventType, RunEvent } from '../../core/events.ts'
import type { FailureReport } from '../../core/failures.ts'
import { readJson, readJsonl, streamJsonl } from '../../core/jsonl.ts'
import type { RoundSummary } from '../../core/round.ts'
import { RunStore } from '../../core/store.ts'
import type { RoundFiles, RunFiles } from '../../core/workspace.ts'
import type { KeptDepth } from '../../graph/depth-kept.ts'
import type { Frozen } from '../../graph/nodes/define.ts'
import { duelSection } from './duels.ts'
import { skillSections } from './sections.ts'
import { clean } from './text.ts'

/** One point of a training job's loss, nats per token. */
export interface LossPoint {
  readonly step: number
  readonly loss: number
}

/** All that a report is made from. Of the gate split nothing is read but what the round summaries hold: rates. */
export interface Collected {
  readonly run: string
  readonly config: Config | undefined
  readonly frozen: Omit<Frozen, 'definition'> | undefined
  readonly rounds: readonly RoundSummary[]
  readonly against: ReadonlyMap<number, number> // round -> the round of the student that its candidate was held against
  readonly open: readonly number[] // rounds that have begun and have no summary yet
  readonly dev: ReadonlyMap<number, readonly EvaluationRow[]> // of the base, round 1, the best and the last round
  readonly gold: ReadonlyMap<string, string> // the right answer, by dev item id
  readonly rejected: ReadonlyMap<number, readonly RejectReason[]>
  readonly losses: ReadonlyMap<number, readonly LossPoint[]>
  readonly events: readonly RunEvent[]
  readonly alive: boolean // a process owns the run now
  readonly depth: ReadonlyMap<number, readonly KeptDepth[]>
  readonly sections: readonly ReportSection[] // of the skill
  readonly notes: readonly string[] // what could not be read, for the reader
}

export interface RejectReason {
  readonly reason: string
  readonly rows: number
}

/** Reads a run's folder. What is missing or unreadable becomes a note: an unfinished run has a report too. */
export const collect = async (files: RunFiles): Promise<Collected> => {
  const notes: string[] = []
  const numbers = await roundNumbers(files)
  const rounds: RoundSummary[] = []
  for (const n of numbers) {
    const summary = await readJson<RoundSummary>(files.round(n).summary)
    if (summary) rounds.push(summary)
  }
  const shown = shownRounds(rounds)
  const dev = await mapOf(
    rounds.filter(({ round }) => shown.has(round)),
    ({ round }) => devRows(files.round(round), notes),
  )
  return {
    run: files.name,
    config: await readConfig(files, notes),
    frozen: await readFrozen(files),
    rounds,
    against: await mapOf(rounds, async ({ round, best }) => {
      const file = await readJson<{ against?: number }>(files.round(round).verdict)
      return file?.against ?? (round > 0 ? (rounds.find((r) => r.round === round - 1)?.best ?? 0) : best)
    }),
    open: numbers.filter((n) => !rounds.some(({ round }) => round === n)),
    dev,
    depth: await mapOf(rounds, async ({ round }) => (await readJsonl<KeptDepth>(files.round(round).depth)).rows),
    sections: [...(await skillSections(files, rounds, dev, notes)), ...(await duelSection(files, rounds))],
    gold: await readGold(files, numbers),
    rejected: await mapOf(rounds, ({ round }) => rejectReasons(files.round(round))),
    losses: await mapOf(rounds, ({ round }) => readLosses(files.round(round), notes)),
    ...readLog(files, notes),
    notes,
  }
}

const mapOf = async <T>(rounds: readonly RoundSummary[], read: (round: RoundSummary) => Promise<T>) => {
  const entries: [number, T][] = []
  for (const round of rounds) entries.push([round.round, await read(round)])
  return new Map(entries)
}

const roundNumbers = async (files: RunFiles): Promise<number[]> =>
  (await readdir(files.dir))
    .flatMap((name) => /^round-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

/** Rounds whose dev replies are shown: base, round 1, the best, and the last one. */
const shownRounds = (rounds: readonly RoundSummary[]) => {
  const last = rounds.at(-1)
  return new Set(last ? [0, 1, last.best, last.round] : [])
}

const readConfig = async (files: RunFiles, notes: string[]): Promise<Config | undefined> => {
  const text = await readFile(files.config, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return Config.parse(parse(text))
  } catch (error) {
    notes.push(`The run's config.yaml could not be read: ${messageOf(error).split('\n')[0]}`)
    return undefined
  }
}

const readFrozen = async (files: RunFiles) => {
  const frozen = await readJson<Frozen>(files.frozen)
  if (!frozen) return undefined
  const { definition: _large, ...rest } = frozen
  return rest
}

const devRows = async (round: RoundFiles, notes: string[]): Promise<EvaluationRow[]> => {
  const { rows, torn } = await readJsonl<EvaluationRow>(round.evaluation('dev'))
  if (torn > 0) notes.push(`A torn last line of ${path.basename(round.dir)}/eval/dev.jsonl was left out.`)
  return rows
}

/** Failure reports hold dev items only, some with the right answer as a person reads it. */
const readGold = async (files: RunFiles, numbers: readonly number[]): Promise<Map<string, string>> => {
  const gold = new Map<string, string>()
  for (const n of numbers) {
    const report = await readJson<FailureReport>(files.round(n).failures)
    for (const { id, gold: text } of report?.examples ?? []) if (text !== undefined) gold.set(id, text)
  }
  return gold
}

/** Values differ from row to row, reasons do not. */
const quoted = /"(?:[^"\\]|\\.)*"|`[^`]*`/g

/** Why rows fell, the most frequent reason first. */
const rejectReasons = async (round: RoundFiles): Promise<RejectReason[]> => {
  const counts = new Map<string, number>()
  for await (const row of streamJsonl<{ reasons?: unknown; reason?: unknown }>(round.rejected)) {
    const [first] = [row.reasons ?? row.reason ?? []].flat()
    const reason = typeof first === 'string' ? clean(first.replace(quoted, '…'), 160) : 'no reason given'
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts].map(([reason, rows]) => ({ reason, rows })).sort((a, b) => b.rows - a.rows)
}

const readLosses = async (round: RoundFiles, notes: string[]): Promise<LossPoint[]> => {
  const points: LossPoint[] = []
  try {
    const lines = streamJsonl<{ step?: unknown; loss?: unknown }>(path.join(round.train, 'events.jsonl'))
    for await (const { step, loss } of lines)
      if (typeof step === 'number' && typeof loss === 'number') points.push({ step, loss })
  } catch (error) {
    // another program writes this file, and a curve is no evidence: the report does without
    notes.push(`The training log of round ${round.number} could not be read: ${messageOf(error)}`)
  }
  return points
}

const readLog = (files: RunFiles, notes: string[]): { events: RunEvent[]; alive: boolean } => {
  if (!existsSync(files.database)) return { events: [], alive: false }
  try {
    const store = RunStore.open(files.database, { readonly: true })
    try {
      return { events: store.events({ types: told }), alive: store.leaseHolder()?.alive ?? false }
    } finally {
      store.close()
    }
  } catch (error) {
    // the files hold the evidence; a log that cannot be opened only hides how the run ended
    notes.push(`The event log could not be read, so how the run ended is not known: ${messageOf(error)}`)
    return { events: [], alive: false }
  }
}

/** What the report tells of the log: how the run went and ended, never an item. */
const told: readonly EventType[] = [
  'run.started',
  'run.resumed',
  'run.paused',
  'run.stopped',
  'run.finished',
  'run.failed',
  'stage.started',
  'teacher.yield',
  'budget.exceeded',
  'warning',
]
