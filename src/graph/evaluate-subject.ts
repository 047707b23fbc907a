import path from 'node:path'
import type { ZodError } from 'zod'
import type { LoadedConfig } from '../core/config.ts'
import type { AnySkill, ItemBase } from '../core/contract.ts'
import { WhetError } from '../core/errors.ts'
import { readJsonl } from '../core/jsonl.ts'
import { seedFrom } from '../core/random.ts'
import { openAiStudent } from '../core/student.ts'
import type { RunFiles } from '../core/workspace.ts'
import { loadPlugin } from '../plugins/index.ts'
import { collectItems } from './collect.ts'
import type { Deps, OpenStudent } from './deps.ts'
import type { EngineOptions } from './engine.ts'
import { machinesFor } from './local.ts'
import { readFrozen } from './nodes/define.ts'
import { loadRunConfig } from './run-config.ts'
import { bestRound } from './status.ts'

export interface SubjectOptions extends EngineOptions {
  readonly loaded?: LoadedConfig
  readonly target: string // a run, run:round, `base`, or the URL of an OpenAI-compatible server
  readonly split: 'dev' | 'gate' | 'train'
  readonly options?: Readonly<Record<string, unknown>> // the skill's options to evaluate with, instead of the run's
  readonly items?: number
  readonly anew?: boolean // items made now, not those of the run
  readonly contextPerSlot?: number // tokens that the student's server keeps for one episode
  onProgress?(done: number, total: number, part?: string): void // part: which point of a curve
}

/** Whom `whet eval` measures, and on what: a student outside of any loop. */
export interface Subject {
  readonly loaded: LoadedConfig
  readonly plugin: AnySkill
  readonly definition: unknown
  readonly files?: RunFiles
  readonly round: number // of the student; 0 is the base
  readonly url?: string
}

/** @throws {WhetError} config-needed · bad-options */
export const subjectOf = async (options: SubjectOptions): Promise<Subject> => {
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

/** The definition with other options. @throws {WhetError} bad-options */
export const defineAgain = (
  plugin: AnySkill,
  loaded: LoadedConfig,
  { options, signal }: Pick<SubjectOptions, 'options' | 'signal'>,
): Promise<unknown> => {
  const parsed = plugin.options.safeParse({ ...loaded.config.options, ...options })
  if (!parsed.success) throw badOptions(plugin.name, parsed.error)
  return plugin.define(parsed.data, {
    baseDir: path.dirname(loaded.file),
    signal: signal ?? new AbortController().signal,
    progress: () => {},
  })
}

export const depsOf = (
  { loaded, plugin }: Subject,
  { signal, onProgress }: SubjectOptions,
  scratch: string,
): Pick<Deps, 'plugin' | 'config' | 'signal' | 'scratch' | 'emit'> => ({
  plugin,
  config: loaded.config,
  signal: signal ?? new AbortController().signal,
  scratch,
  emit: ((event) => {
    if (event.type === 'eval.progress') onProgress?.(event.data.done, event.data.total)
  }) satisfies Deps['emit'],
})

/** The run's own items where it has them, else items of the same seed made anew. */
export const itemsOf = async (
  { files, definition, loaded }: Subject,
  { split, options, items, anew }: SubjectOptions,
  deps: Pick<Deps, 'plugin' | 'signal' | 'emit'>,
): Promise<ItemBase[]> => {
  if (files && !options && !anew && split !== 'train') {
    const { rows } = await readJsonl<ItemBase>(files.split(split))
    if (items === undefined || items <= rows.length) return rows.slice(0, items)
  }
  const rows = items ?? (split === 'train' ? loaded.config.loop.rows : loaded.config.evaluation[split])
  const spec = { seed: seedFrom(loaded.config.seed, 'eval', split), split, parts: [{ where: {}, rows }] }
  return (await collectItems(spec, definition, deps)).items
}

/** Serves the student of a subject; asked for only once a reply is missing. */
export const opener = ({ loaded, files, round, url }: Subject, options: SubjectOptions, scratch: string) => {
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
    const adapter = files && round > 0 ? files.round(round).adapter : null
    const { contextPerSlot } = options
    return students.open({ adapter, model, ...(contextPerSlot && { contextPerSlot }) }, signal)
  }
}

export const configNeeded = (target: string) =>
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

const badOptions = (skill: string, error: ZodError) =>
  new WhetError({
    code: 'bad-options',
    message: `The skill ${skill} cannot be evaluated so: ${error.issues.map((issue) => `${issue.path.join('.') || 'options'}: ${issue.message}`).join('; ')}. \`whet plugin list\` shows its options.`,
    fixedBy: 'config',
    exit: 2,
    data: { skill },
  })
