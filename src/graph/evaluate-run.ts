import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Llm } from '../core/contract.ts'
import { isWhetError, WhetError } from '../core/errors.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import { readJsonl, writeJsonl } from '../core/jsonl.ts'
import { judgedCriteria } from '../core/judge/grade.ts'
import { readCalibration } from '../core/judge/store.ts'
import { type MeasuredRate, measure, ratesByTag, type TagRate } from '../core/rates.ts'
import type { OpenStudent } from './deps.ts'
import { keepDepth } from './depth-kept.ts'
import { primaryOf, type Robustness, robustness, type Steadiness, steadiness } from './evaluate-depth.ts'
import { evaluateItems } from './evaluate-items.ts'
import {
  configNeeded,
  defineAgain,
  depsOf,
  itemsOf,
  opener,
  type Subject,
  type SubjectOptions,
  subjectOf,
} from './evaluate-subject.ts'
import { withJudge } from './publish/judge.ts'

export interface EvaluationSummary {
  readonly target: string
  readonly split: string
  readonly primary: string // the criterion that decides
  readonly rows: number
  readonly rates: readonly MeasuredRate[]
  readonly tags: readonly TagRate[]
  readonly failures: Readonly<Record<string, number>> // rows by failure tag
  readonly unscored: number
  readonly judged?: readonly JudgedCriterion[] // with a judge: what it was asked about
  readonly curve?: readonly CurvePoint[]
  readonly steadiness?: Steadiness
  readonly robustness?: Robustness
}

/** A criterion that a judge answered. One that is not to be trusted with it gives advice and decides nothing. */
export interface JudgedCriterion {
  readonly criterion: string
  readonly judge: string // model
  readonly trusted: boolean
  readonly why: string
}

/** One of several settings that the same student is measured under. */
export interface CurvePoint {
  readonly label: string
  readonly at?: number // where it stands on the curve
  readonly rows: number
  readonly rates: readonly MeasuredRate[]
  readonly problem?: string // why this point could not be measured
}

export interface Variant {
  readonly label: string
  readonly at?: number
  readonly options: Readonly<Record<string, unknown>> // over those of the config
}

export interface EvaluateRunOptions extends SubjectOptions {
  readonly regrade?: boolean
  readonly judge?: boolean // roles.judge answers what the skill's own code leaves open
  readonly curve?: readonly Variant[] // measured one after the other; the last one that could be is the summary's own
  readonly samples?: { readonly samples: number; readonly temperature: number }
  readonly rephrase?: number // most other wordings of an item
  readonly named?: string // what the items are, where `options` makes others than the run's own: its report says so
}

/**
 * Scores one student outside of any loop: a run's best (or a round's) student, the untouched base, or a URL; on the run's
 * own split, or on items made with other options (a phrase pack that training has never seen). With `regrade` stored
 * replies are graded again and no model is asked.
 */
export const evaluateRun = async (options: EvaluateRunOptions): Promise<EvaluationSummary> => {
  const subject = await subjectOf(options)
  const scratch = await mkdtemp(path.join(tmpdir(), 'whet-'))
  try {
    if (options.regrade) return summaryOf(await regrade(subject, options), subject, options)
    const summary = options.judge
      ? await withVerdicts(subject, options, scratch)
      : await measured(subject, options, scratch)
    if (subject.files) await keepDepth(subject.files.round(subject.round).depth, summary, options.named)
    return summary
  } finally {
    await subject.plugin.dispose?.()
    await rm(scratch, { recursive: true, force: true })
  }
}

/** @throws {WhetError} no-judge · and what a missing key or price is */
const withVerdicts = async (
  subject: Subject,
  options: EvaluateRunOptions,
  scratch: string,
): Promise<EvaluationSummary> => {
  const { loaded, plugin, files, round } = subject
  const { judge: settings } = loaded.config.roles
  if (!settings) throw noJudge()
  const { signal } = depsOf(subject, options, scratch)
  const account = files?.name ?? 'eval'
  const summary = await withJudge(
    options.workspace,
    loaded,
    account,
    round,
    signal,
    (judge) => measured(subject, options, scratch, judge),
    'eval',
  )
  const known = await readCalibration(options.workspace.llm(), settings)
  const judged = [...judgedCriteria(plugin.rubrics)].map((criterion) => {
    const calibrated = known?.criteria.find((one) => one.criterion === criterion)
    const why = calibrated?.why ?? 'it was never calibrated on it: `whet judge calibrate`'
    return { criterion, judge: settings.model, trusted: calibrated?.trusted ?? false, why }
  })
  return { ...summary, judged }
}

const measured = async (
  subject: Subject,
  options: EvaluateRunOptions,
  scratch: string,
  judge?: Llm,
): Promise<EvaluationSummary> => {
  const open = opener(subject, options, scratch)
  const { signal } = depsOf(subject, options, scratch)
  let opened: OpenStudent | undefined
  const student = async () => {
    opened ??= await open(signal)
    return opened.student
  }
  try {
    if (options.curve) return await curveOf(options.curve, { subject, options, scratch, student, judge })
    const ask = await asked({ subject, options, scratch, student, judge })
    const { samples, rephrase } = options
    const rows = await evaluateItems({ ...ask, file: path.join(scratch, 'rows.jsonl') })
    return {
      ...summaryOf(rows, subject, options),
      ...(samples && { steadiness: await steadiness(samples, ask) }),
      ...(rephrase && { robustness: await robustness(rephrase, ask) }),
    }
  } finally {
    await opened?.close()
  }
}

interface Asking {
  readonly subject: Subject
  readonly options: EvaluateRunOptions
  readonly scratch: string
  readonly student: () => Promise<OpenStudent['student']>
  readonly judge?: Llm | undefined
}

const asked = async ({ subject, options, scratch, student, judge }: Asking) => {
  const deps = depsOf(subject, options, scratch)
  const items = await itemsOf(subject, options, deps)
  return { items, split: options.split, definition: subject.definition, deps, student, judge }
}

/** The same student under one setting after the other. A prompt that outgrows the student's context is a finding, not the end. */
const curveOf = async (variants: readonly Variant[], asking: Asking): Promise<EvaluationSummary> => {
  const { subject, options, scratch } = asking
  const points: CurvePoint[] = []
  let last: EvaluationSummary | undefined
  for (const [index, { label, at, options: own }] of variants.entries()) {
    const folder = path.join(scratch, `point-${index}`)
    const place = { label, ...(at !== undefined && { at }) }
    await mkdir(folder)
    const settings = {
      ...options,
      options: { ...options.options, ...own },
      onProgress: (done: number, total: number) => options.onProgress?.(done, total, label),
    }
    const definition = await defineAgain(subject.plugin, subject.loaded, settings)
    const point = { ...subject, definition }
    try {
      const ask = await asked({ ...asking, subject: point, options: settings, scratch: folder })
      const rows = await evaluateItems({ ...ask, file: path.join(folder, 'rows.jsonl') })
      last = summaryOf(rows, point, options)
      points.push({ ...place, rows: rows.length, rates: last.rates })
    } catch (error) {
      if (!isWhetError(error) || error.code !== 'student-context') throw error
      points.push({ ...place, rows: 0, rates: [], problem: error.message })
    }
  }
  return { ...(last ?? summaryOf([], subject, options)), curve: points }
}

/** Stored replies through today's grader; the stored rows are replaced, so that reports show the new grades. */
const regrade = async (
  { files, round, plugin, definition }: Subject,
  { split, signal }: EvaluateRunOptions,
): Promise<EvaluationRow[]> => {
  if (!files || split === 'train') throw configNeeded('--regrade')
  const file = files.round(round).evaluation(split)
  const { rows } = await readJsonl<EvaluationRow>(file)
  const graded: EvaluationRow[] = []
  for (const row of rows) {
    const context = { signal: signal ?? new AbortController().signal, endState: row.endState }
    graded.push(row.error ? row : { ...row, grade: await plugin.grade(row.item, row.transcript, definition, context) })
  }
  await writeJsonl(file, graded)
  return graded
}

const summaryOf = (
  rows: readonly EvaluationRow[],
  { plugin, definition }: Subject,
  { target, split }: EvaluateRunOptions,
): EvaluationSummary => {
  const failures: Record<string, number> = {}
  for (const tag of rows.flatMap(({ grade }) => grade.failures)) failures[tag] = (failures[tag] ?? 0) + 1
  return {
    target,
    split,
    primary: primaryOf(plugin, definition),
    rows: rows.length,
    rates: measure(rows, plugin.targets(definition)),
    tags: ratesByTag(
      rows,
      plugin.dimensions(definition),
      plugin.rubrics.flatMap(({ criteria }) => criteria),
    ),
    failures,
    unscored: rows.filter((row) => row.error).length,
  }
}

const noJudge = () =>
  new WhetError({
    code: 'no-judge',
    message: '--judge asks roles.judge, which the config does not set: write model and baseUrl of the judge there.',
    fixedBy: 'config',
    exit: 2,
  })
