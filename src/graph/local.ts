import { existsSync } from 'node:fs'
import { baseOf, type Config, type LoadedConfig } from '../core/config.ts'
import { WhetError } from '../core/errors.ts'
import { changeWarning } from '../core/fleet/change.ts'
import { fleetStudent } from '../core/fleet/student.ts'
import { exportGguf, prepareBase } from '../core/models.ts'
import { pythonEnv } from '../core/python.ts'
import { managedStudent } from '../core/server.ts'
import { openAiStudent } from '../core/student.ts'
import { vllmStudent } from '../core/vllm.ts'
import type { Workspace } from '../core/workspace.ts'
import type { Students, ToldEvent } from './deps.ts'
import type { EngineOptions, Machines } from './engine.ts'
import { inTurn } from './serve-in-turn.ts'
import { trainerWhere } from './train-where.ts'

type Emit = (event: ToldEvent) => void

/** Who hears what machines tell, and which processes they are. */
export interface Listener {
  readonly emit: Emit
  onProcess?(what: 'trainer' | 'server', pid: number): void
}

/** The machines that the caller brought, else this one's; without a run's log, preparations are told to `onPreparing`. */
export const machinesFor = (options: EngineOptions, loaded: LoadedConfig, listener?: Listener): Machines => {
  const machines = ownMachines(options, loaded, listener)
  const { url, vllm } = loaded.config.student
  const takesTurns = options.serving && !url && vllm.length === 0
  return takesTurns ? { ...machines, students: inTurn(machines.students, options.serving) } : machines
}

const ownMachines = (options: EngineOptions, loaded: LoadedConfig, listener?: Listener): Machines =>
  options.machines ??
  localTraining(
    loaded,
    options.workspace,
    listener ?? {
      emit: (event) => {
        if (event.type === 'stage.progress') options.onPreparing?.(event.data.what)
        if (event.type === 'warning') options.onPreparing?.(event.data.message)
      },
    },
  )

/** Trainers, base model and llama.cpp on this machine; the Python environment is made on first use. */
const localTraining = (loaded: LoadedConfig, workspace: Workspace, listener: Listener): Machines => {
  const { config } = loaded
  const { emit } = listener
  const told = (what: string) => emit({ type: 'stage.progress', data: { done: 0, total: 0, what } })
  const python = once(async (signal) => (await pythonEnv({ onProgress: told, signal })).python)
  const base = once((signal) =>
    prepareBase({
      base: baseOf(loaded),
      models: workspace.models(),
      python: () => python(signal), // a base that is there already needs no environment
      signal,
      onProgress: told,
    }),
  )
  return {
    trainer: trainerWhere(config.executor, {
      python,
      onProgress: told,
      onProcess: (pid) => listener.onProcess?.('trainer', pid),
    }),
    students: config.student.url
      ? servedElsewhere(config, config.student.url, emit)
      : config.student.vllm.length > 0
        ? servedByVllm(config, base, emit)
        : servedHere({ config, python, base, told, listener }),
  }
}

interface Here {
  readonly config: Config
  readonly python: (signal: AbortSignal) => Promise<string>
  readonly base: (signal: AbortSignal) => Promise<{ dir: string; sha256: string }>
  readonly told: (what: string) => void
  readonly listener: Listener
}

const servedHere = ({ config, python, base, told, listener }: Here): Students => ({
  base,
  open: async ({ adapter, model, contextPerSlot }, signal) => {
    const { slots, quant, timeoutSeconds } = config.student
    const { dir } = await base(signal)
    if (!existsSync(model))
      await exportGguf({
        base: dir,
        ...(adapter && { adapter }),
        out: model,
        quant,
        python: await python(signal),
        signal,
        onProgress: told,
      })
    signal.throwIfAborted()
    return managedStudent({
      python: await python(signal),
      model,
      slots,
      timeoutMs: timeoutSeconds * 1000,
      ...(contextPerSlot && { contextPerSlot }),
      onRestart: (why) => listener.emit({ type: 'server.restarted', data: { why } }),
      onProcess: (pid) => listener.onProcess?.('server', pid),
    })
  },
})

/** The adapter goes to servers that have the base already; none is written as one file. */
const servedByVllm = (
  { student: { vllm, slots, apiKeyEnv, timeoutSeconds } }: Config,
  base: Here['base'],
  emit: Emit,
): Students => ({
  base,
  open: ({ adapter }) =>
    vllmStudent({
      urls: vllm,
      adapter,
      slots,
      timeoutMs: timeoutSeconds * 1000,
      ...(apiKeyEnv && { apiKeyEnv }),
      onChange: (change) => emit({ type: 'warning', data: changeWarning('student.vllm', change) }),
    }),
})

/** The same run, its students written as one file and served by llama.cpp here, whoever serves them otherwise: what is published is a file. */
export const servedAsFiles = (loaded: LoadedConfig): LoadedConfig => ({
  ...loaded,
  config: { ...loaded.config, student: { ...loaded.config.student, vllm: [] } },
})

/** A model behind a URL can be evaluated; it cannot be trained, so only round 0 ever opens it. */
const servedElsewhere = ({ student: settings }: Config, url: string, emit: Emit): Students => ({
  base: async () => ({ dir: url, sha256: '' }),
  open: async ({ adapter }) => {
    if (adapter)
      throw new WhetError({
        code: 'student-not-trainable',
        message:
          'student.url is for evaluation only: take it out of the config to train, or run `whet eval` with the URL.',
        fixedBy: 'config',
        exit: 2,
      })
    const { model, apiKeyEnv, timeoutSeconds, replicas, slots } = settings
    const asking = {
      ...(model && { model }),
      ...(apiKeyEnv && { apiKeyEnv }),
      timeoutMs: timeoutSeconds * 1000,
    }
    const student =
      replicas.length === 0
        ? openAiStudent({ ...asking, baseUrl: url })
        : fleetStudent({
            ...asking,
            urls: [url, ...replicas],
            slots,
            onChange: (change) => emit({ type: 'warning', data: changeWarning('student.url', change) }),
          })
    return { student, close: async () => {} }
  },
})

/** The first call does the work, later ones share it; a failure is not remembered. */
const once = <T>(make: (signal: AbortSignal) => Promise<T>) => {
  let made: Promise<T> | undefined
  return (signal: AbortSignal): Promise<T> => {
    made ??= make(signal).catch((error) => {
      made = undefined
      throw error
    })
    return made
  }
}
