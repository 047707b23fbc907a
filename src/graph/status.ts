import { existsSync } from 'node:fs'
import { folderBytes } from '../core/disk.ts'
import type { RunEvent } from '../core/events.ts'
import { readJson } from '../core/jsonl.ts'
import type { RoundSummary, Spent } from '../core/round.ts'
import { type LeaseHolder, RunStore } from '../core/store.ts'
import type { RunFiles, Workspace } from '../core/workspace.ts'
import { minutesWorked } from './session.ts'

export interface RunStatus {
  readonly run: string
  readonly skill: string
  readonly status: 'running' | 'paused' | 'stopped' | 'finished' | 'failed' | 'interrupted'
  readonly owner?: LeaseHolder
  readonly round: number
  readonly stage?: string
  readonly best: number
  readonly rounds: readonly RoundSummary[]
  readonly spent: Spent
  readonly waiting?: string // what a person is asked to approve
  readonly request?: number // its number: an approval that names it opens no other door
  readonly reason?: string // why it ended or failed
}

const turningPoints = ['run.started', 'run.resumed', 'run.paused', 'run.stopped', 'run.finished', 'run.failed']

/** A run as its log tells it. Reads only: another process may own the run. */
export const runStatus = async (workspace: Workspace, run?: string): Promise<RunStatus> => {
  const files = await workspace.find(run)
  const { events, owner } = readLog(files)
  const rounds = await readSummaries(files)
  const last = events.findLast(({ type }) => turningPoints.includes(type))
  const stage = events.findLast(({ type }) => type === 'stage.started')
  const started = events.find((event) => event.type === 'run.started')
  const status = statusOf(last, owner)
  return {
    run: files.name,
    skill: started?.type === 'run.started' ? started.data.skill : '',
    status,
    ...(owner?.alive && { owner }),
    round: stage?.round ?? 0,
    ...(status === 'running' && stage?.stage && { stage: stage.stage }),
    best: rounds.at(-1)?.best ?? 0,
    rounds,
    spent: spentOf(events, rounds, (await folderBytes(files.dir)) / 1e9),
    ...waitingOf(events, status),
    ...reasonOf(last),
  }
}

const readLog = (files: RunFiles): { events: RunEvent[]; owner: LeaseHolder | undefined } => {
  if (!existsSync(files.database)) return { events: [], owner: undefined }
  const store = RunStore.open(files.database, { readonly: true })
  try {
    return { events: store.events(), owner: store.leaseHolder() }
  } finally {
    store.close()
  }
}

/** The summaries of all rounds that are summed up, the baseline first. */
export const readSummaries = async (files: RunFiles): Promise<RoundSummary[]> => {
  const summaries: RoundSummary[] = []
  for (;;) {
    const summary = await readJson<RoundSummary>(files.round(summaries.length).summary)
    if (!summary) return summaries
    summaries.push(summary)
  }
}

/** Round of a run's best student; 0 is the untouched base. */
export const bestRound = async (files: RunFiles): Promise<number> => (await readSummaries(files)).at(-1)?.best ?? 0

/** A run that says "started" without a live owner was killed. */
const statusOf = (last: RunEvent | undefined, owner: LeaseHolder | undefined): RunStatus['status'] => {
  switch (last?.type) {
    case 'run.finished':
      return 'finished'
    case 'run.stopped':
      return 'stopped'
    case 'run.failed':
      return 'failed'
    case 'run.paused':
      return 'paused'
    default:
      return owner?.alive ? 'running' : 'interrupted'
  }
}

const spentOf = (events: readonly RunEvent[], rounds: readonly RoundSummary[], diskGb: number): Spent => ({
  minutes: minutesWorked(events),
  rows: rounds.reduce((sum, { rows }) => sum + rows.trained, 0),
  tokens: rounds.reduce((sum, { train }) => sum + (train?.tokens ?? 0), 0),
  ...paidOf(events),
  diskGb,
})

/** What the calls to language models came to. */
const paidOf = (events: readonly RunEvent[]) => {
  const used = events.flatMap((event) => (event.type === 'llm.used' ? [event.data] : []))
  return {
    paidTokens: used.reduce((sum, { input, output }) => sum + input + output, 0),
    money: used.reduce((sum, { money }) => sum + money, 0),
  }
}

/** A run waits until the stage that it asked for begins. A killed one goes on waiting once it is resumed. */
const waitingOf = (events: readonly RunEvent[], status: RunStatus['status']) => {
  const asked = events.findLast(({ type }) => type === 'approval.requested')
  const left = events.findLast(({ type }) => type === 'stage.started' || type.startsWith('run.'))
  if (status !== 'running' || asked?.type !== 'approval.requested' || (left && left.seq > asked.seq)) return {}
  return { waiting: asked.data.what, request: asked.seq }
}

const reasonOf = (last: RunEvent | undefined) => {
  if (last?.type === 'run.finished') return { reason: last.data.reason }
  if (last?.type === 'run.failed') return { reason: `${last.data.code}: ${last.data.message}` }
  if (last?.type === 'run.stopped') return { reason: last.data.reason }
  return {}
}
