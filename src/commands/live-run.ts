import type { EventData, RunEvent } from '../core/events.ts'

export interface StageTime {
  readonly round: number
  readonly stage: string
  readonly startedAt: number // ms since the epoch
  readonly ms?: number // once it is over
  readonly failed?: string
  readonly now?: { readonly done: number; readonly total: number; readonly what: string }
}

/** What its processes took of the machine at a moment. */
export interface Sample extends EventData<'machine.sampled'> {
  readonly at: number // ms since the epoch
}

/** What a language model was asked for, and what that cost. */
export interface ModelUse {
  readonly role: string
  readonly model: string
  readonly calls: number
  readonly cached: number
  readonly tokens: number
  readonly money: number
}

/** What a person is asked, and which rows of the round are to be trained where it is asked behind them. */
export interface Waiting {
  readonly what: string
  readonly request: number
  readonly round: number
  readonly rows: 'training' | 'pairs'
}

/** A run as its events tell it: what the dashboard and the full screen show. */
export interface LiveRun {
  readonly run?: string
  readonly seq: number
  readonly status: 'running' | 'paused' | 'stopped' | 'finished' | 'failed' | 'unknown'
  readonly reason?: string
  readonly stages: readonly StageTime[]
  readonly losses: readonly { readonly round: number; readonly step: number; readonly loss: number | null }[]
  readonly rates: readonly (EventData<'eval.finished'> & { readonly round: number })[]
  readonly step?: EventData<'train.step'> & { readonly round: number }
  readonly waiting?: Waiting
  readonly log: readonly RunEvent[] // without progress
  readonly edited: number // items that people changed
  readonly judged: number // rounds that were summed up: summaries are worth reading again
  readonly spent?: EventData<'budget.spent'>
  readonly samples: readonly Sample[]
  readonly models: readonly ModelUse[]
}

export const noRun: LiveRun = {
  seq: 0,
  status: 'unknown',
  stages: [],
  losses: [],
  rates: [],
  log: [],
  edited: 0,
  judged: 0,
  samples: [],
  models: [],
}
const mostLog = 2_000
const mostSamples = 1_000

/** Takes events in, in order. One that is there already is left out: a stream that was cut begins again before its end. */
export const advanceRun = (before: LiveRun, events: readonly RunEvent[]): LiveRun => {
  const live = {
    ...before,
    stages: [...before.stages],
    losses: [...before.losses],
    rates: [...before.rates],
    log: [...before.log],
    samples: [...before.samples],
    models: [...before.models],
  }
  for (const event of events) if (event.seq > live.seq) take(live, event)
  live.log.splice(0, live.log.length - mostLog)
  live.samples.splice(0, live.samples.length - mostSamples)
  return live
}

type Draft = { -readonly [K in keyof LiveRun]: LiveRun[K] } & {
  stages: StageTime[]
  losses: LiveRun['losses'][number][]
  rates: LiveRun['rates'][number][]
  log: RunEvent[]
  samples: Sample[]
  models: ModelUse[]
}

const take = (live: Draft, event: RunEvent): void => {
  live.seq = event.seq
  live.run = event.run
  const round = event.round ?? 0
  const at = live.stages.length - 1
  const last = live.stages[at]
  const now = (value: StageTime['now']) =>
    last && last.ms === undefined && live.stages.splice(at, 1, { ...last, now: value })
  switch (event.type) {
    case 'train.step':
      live.losses.push({ round, step: event.data.step, loss: event.data.loss })
      live.step = { ...event.data, round }
      now({ done: event.data.step, total: event.data.of, what: 'steps' })
      return
    case 'eval.progress':
      now({ ...event.data, what: `${event.data.split} items` })
      return
    case 'stage.progress':
      now(event.data)
      return
    case 'budget.spent':
      live.spent = event.data
      return
    case 'machine.sampled':
      live.samples.push({ ...event.data, at: Date.parse(event.at) })
      return
    case 'item.edited':
      live.edited += 1
      break
    case 'llm.used':
      addUse(live.models, event.data)
      break
    case 'stage.started':
      live.stages.push({ round, stage: event.stage ?? '', startedAt: Date.parse(event.at) })
      live.waiting = undefined
      break
    case 'stage.finished':
      if (last) live.stages.splice(at, 1, { ...last, now: undefined, ms: event.data.ms })
      if (event.stage === 'analyze') live.judged += 1
      break
    case 'stage.failed':
      if (last)
        live.stages.splice(at, 1, { ...last, failed: event.data.message, ms: Date.parse(event.at) - last.startedAt })
      break
    case 'eval.finished':
      live.rates.push({ ...event.data, round })
      break
    case 'approval.requested':
      live.waiting = { what: event.data.what, request: event.seq, round, rows: rowsOf(live, round) }
      break
    case 'run.started':
    case 'run.resumed':
      live.status = 'running'
      live.reason = undefined
      live.waiting = undefined
      break
    case 'run.paused':
      live.status = 'paused'
      live.reason = `by ${event.data.by}`
      break
    case 'run.stopped':
      live.status = 'stopped'
      live.reason = event.data.reason
      break
    case 'run.finished':
      live.status = 'finished'
      live.reason = event.data.reason
      break
    case 'run.failed':
      live.status = 'failed'
      live.reason = event.data.message
      break
  }
  live.log.push(event)
}

const addUse = (
  models: ModelUse[],
  { role, model, calls, cached, input, output, money }: EventData<'llm.used'>,
): void => {
  const at = models.findIndex((each) => each.role === role && each.model === model)
  const before = models[at] ?? { role, model, calls: 0, cached: 0, tokens: 0, money: 0 }
  models.splice(at < 0 ? models.length : at, 1, {
    ...before,
    calls: before.calls + calls,
    cached: before.cached + cached,
    tokens: before.tokens + input + output,
    money: before.money + money,
  })
}

const rowsOf = ({ log }: Draft, round: number): Waiting['rows'] =>
  log.some((event) => event.type === 'pairs.made' && event.round === round) ? 'pairs' : 'training'
