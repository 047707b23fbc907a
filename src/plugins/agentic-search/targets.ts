import type { Pooled, Scored, Target } from '../../skill.ts'
import type { Item } from './item.ts'
import { searchesOf, traceOf } from './trace.ts'

/** "Not found" is bought cheaply with giving up, and the other way round: neither may fall far. */
const protect = { margin: 0.15, floor: 0.1 }
/** Searching and answering are learned first, and giving up by judgement behind them: a student that never gives up yet is a step on the way. */
const protectLater = { ...protect, floor: 0 }

/** The first one is what promotion is decided by. */
export const targets: readonly Target[] = [
  { of: 'right', measure: 'pass-rate', pass: 0.7, warn: 0.55 },
  { of: 'hit', measure: 'pass-rate', pass: 0.8, warn: 0.75 },
  { of: 'document-precision', measure: 'mean-score', pass: 0.7, warn: 0.65 },
  { of: 'document-recall', measure: 'mean-score', pass: 0.9, warn: 0.85 },
  { of: 'groundedness', measure: 'mean-score', pass: 0.85, warn: 0.75 },
  { of: 'not-found', measure: 'pass-rate', pass: 0.75, warn: 0.65, protect: protectLater },
  { of: 'no-false-not-found', measure: 'pass-rate', pass: 0.9, warn: 0.8, protect },
  { of: 'not-found-balanced', measure: 'pooled', pass: 0.8, warn: 0.7 },
  { of: 'answer', measure: 'pass-rate', pass: 0.7, warn: 0.6 },
  { of: 'token-f1', measure: 'mean-score', pass: 0.7, warn: 0.6 },
  { of: 'canary', measure: 'pass-rate', pass: 0.9, warn: 0.8 },
  { of: 'asks-back', measure: 'pass-rate', pass: 0.6, warn: 0.5 },
  { of: 'restraint', measure: 'pass-rate', pass: 0.8, warn: 0.7 },
  { of: 'format', measure: 'pass-rate', pass: 0.8, warn: 0.7 },
]

/** Over many episodes: the mean of both not-found rates, and what a search costs. */
export const pooled = (rows: readonly Scored<Item>[]): Readonly<Record<string, Pooled>> => {
  const rate = (name: string) => {
    const judged = rows
      .flatMap(({ grade }) => grade.criteria[name] ?? [])
      .filter(({ status }) => status === 'pass' || status === 'fail')
    return { rate: judged.filter(({ status }) => status === 'pass').length / judged.length, n: judged.length }
  }
  const [said, kept] = [rate('not-found'), rate('no-false-not-found')]
  const traces = rows.map(({ transcript }) => traceOf(transcript))
  const mean = (count: (trace: (typeof traces)[number]) => number): Pooled => ({
    value: traces.reduce((sum, trace) => sum + count(trace), 0) / Math.max(1, traces.length),
    n: traces.length,
  })
  return {
    ...(said.n > 0 &&
      kept.n > 0 && { 'not-found-balanced': { value: (said.rate + kept.rate) / 2, n: said.n + kept.n } }),
    ...tokensOf(rows),
    steps: mean(({ steps }) => steps.length),
    searches: mean((trace) => searchesOf(trace).length),
    'repeated-searches': mean((trace) => searchesOf(trace).length - new Set(searchesOf(trace)).size),
  }
}

/** Tokens that the students wrote in an episode, where the server counted them. */
const tokensOf = (rows: readonly Scored<Item>[]): Readonly<Record<string, Pooled>> => {
  const counts = rows.flatMap(({ tokens }) => (tokens && tokens.completion > 0 ? [tokens.completion] : []))
  const sum = counts.reduce((all, count) => all + count, 0)
  return counts.length === 0 ? {} : { tokens: { value: sum / counts.length, n: counts.length } }
}
