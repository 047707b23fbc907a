import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LoadedConfig } from '../core/config.ts'
import type { AnySkill, ItemBase } from '../core/contract.ts'
import { WhetError } from '../core/errors.ts'
import type { EvaluationRow } from '../core/evaluation.ts'
import { readJsonl, writeJsonl } from '../core/jsonl.ts'
import { seedFrom } from '../core/random.ts'
import type { TagRate } from '../core/rates.ts'
import { type MeasuredRate, measure, ratesByTag } from '../core/rates.ts'
import { openAiStudent } from '../core/student.ts'
import type { RunFiles } from '../core/workspace.ts'
import { loadPlugin } from '../plugins/index.ts'
import { collectItems } from './collect.ts'
import type { Deps, OpenStudent } from './deps.ts'
import { type EngineOptions, loadRunConfig } from './engine.ts'
import { evaluateItems } from './evaluate-items.ts'
import { machinesFor } from './local.ts'
import { readFrozen } from './nodes/define.ts'
import { bestRound } from './status.ts'

export interface EvaluationSummary {
  readonly target: string
  readonly split: string
  readonly rows: number
  readonly rates: readonly MeasuredRate[]
  readonly tags: readonly TagRate[]
  readonly failures: Readonly<Record<string, number>> // rows by failure tag
  readonly unscored: number
}

export interface EvaluateRunOptions extends EngineOptions {
  readonly loaded?: LoadedConfig
  readonly target: string // a run, run:round, `base`, or the URL of an OpenAI-compatible server
  readonly split: 'dev' | 'gate' | 'train'
  readonly options?: Readonly<Record<string, unknown>> // the skill's options to evaluate with, instead of the run's
  readonly regrade?: boolean
  readonly items?: number
  onProgress?(done: number, total: number): void
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
    const rows = options.regrade ? await regrade(subject, options) : await ask(subject, options, scratch)
    return summaryOf(rows, subject, options)
  } finally {
    await subject.plugin.dispose?.()
    await rm(scratch, { recursive: true, force: true })
  }
}

interface Subject {
  readonly loaded: LoadedConfig
  readonly plugin: AnySkill
  readonly definition: unknown
  readonly files?: RunFiles
  readonly round: number // of the student; 0 is the base
  readonly url?: string
}

const subjectOf = async (options: EvaluateRunOptions): Promise<Subject> => {
  const { workspace, target } = options
  if (target === 'base' || /^https?:\/\//.test(target)) {
    const loaded = options.loaded
    if (!loaded) throw configNeeded(target)
    const plugin = options.plugin ?? (await loadPlugin(loaded.config.skill, path.dirname(loaded.file)))
    const definition = await defineAgain(plugin, loaded, options)
    return { loaded, plugin, definition, round: 0, ...(target !== 'base' && { url: target }) }
  }
  const [run, round] = target.split(':')
  const files = await workspace.find(run)
  const loaded = await loadRunConfig(files)
  const plugin = options.plugin ?? (await loadPlugin(loaded.config.skill, path.dirname(loaded.file)))
  const frozen = await readFrozen(files, plugin)
  const definition = options.options ? await defineAgain(plugin, loaded, options) : frozen.definition
  return { loaded, plugin, definition, files, round: round === undefined ? await bestRound(files) : Number(round) }
}

const defineAgain = (plugin: AnySkill, loaded: LoadedConfig, { options, signal }: EvaluateRunOptions) =>
  plugin.define(plugin.options.parse({ ...loaded.config.options, ...options }), {
    baseDir: path.dirname(loaded.file),
    signal: signal ?? new AbortController().signal,
    progress: () => {},
  })

const ask = async (subject: Subject, options: EvaluateRunOptions, scratch: string): Promise<EvaluationRow[]> => {
  const deps = depsOf(subject, options, scratch)
  const items = await itemsOf(subject, options, deps)
  const open = opener(subject, options, scratch)
  let opened: OpenStudent | undefined
  try {
    return await evaluateItems({
      items,
      file: path.join(scratch, 'rows.jsonl'),
      split: options.split,
      definition: subject.definition,
      deps,
      student: async () => {
        opened ??= await open(deps.signal)
        return opened.student
      },
    })
  } finally {
    await opened?.close()
  }
}

const depsOf = ({ loaded, plugin }: Subject, { signal, onProgress }: EvaluateRunOptions, scratch: string) => ({
  plugin,
  config: loaded.config,
  signal: signal ?? new AbortController().signal,
  scratch,
  emit: ((event) => {
    if (event.type === 'eval.progress') onProgress?.(event.data.done, event.data.total)
  }) satisfies Deps['emit'],
})

/** The run's own items where it has them, else items of the same seed made anew. */
const itemsOf = async (
  { files, definition, loaded }: Subject,
  { split, options, items }: EvaluateRunOptions,
  deps: Pick<Deps, 'plugin' | 'signal' | 'emit'>,
): Promise<ItemBase[]> => {
  if (files && !options && split !== 'train') {
    const { rows } = await readJsonl<ItemBase>(files.split(split))
    return rows.slice(0, items)
  }
  const rows = items ?? (split === 'train' ? loaded.config.loop.rows : loaded.config.evaluation[split])
  const spec = { seed: seedFrom(loaded.config.seed, 'eval', split), split, parts: [{ where: {}, rows }] }
  return (await collectItems(spec, definition, deps)).items
}

const opener = ({ loaded, files, round, url }: Subject, options: EvaluateRunOptions, scratch: string) => {
  const { students } = machinesFor(options, loaded)
  return async (signal: AbortSignal): Promise<OpenStudent> => {
    if (url) {
      const { model, apiKeyEnv, timeoutSeconds } = loaded.config.student
      const student = openAiStudent({
        baseUrl: url,
        timeoutMs: timeoutSeconds * 1000,
        ...(model && { model }),
        ...(apiKeyEnv && { apiKeyEnv }),
      })
      return { student, close: async () => {} }
    }
    const model = files ? files.round(round).model : path.join(scratch, 'student.gguf')
    return students.open({ adapter: files && round > 0 ? files.round(round).adapter : null, model }, signal)
  }
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

const configNeeded = (target: string) =>
  new WhetError({
    code: 'config-needed',
    message:
      target === '--regrade'
        ? '--regrade grades the stored dev or gate replies of a run again: name a run.'
        : `To evaluate ${target}, say with which skill and tools: add -c whetstone.yaml.`,
    fixedBy: 'config',
    exit: 2,
    data: { target },
  })
