import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import type { LimitFunction } from 'p-limit'
import type { Config, LoadedConfig } from '../core/config.ts'
import type { RoleSettings } from '../core/config-roles.ts'
import type { AnySkill } from '../core/contract.ts'
import { WhetError } from '../core/errors.ts'
import type { RunEvent } from '../core/events.ts'
import { writeJson } from '../core/jsonl.ts'
import { readCalibration } from '../core/judge/store.ts'
import { openGateway, requireRoles, rolesIn } from '../core/llm/gateway.ts'
import { gpuReader, Processes } from '../core/usage.ts'
import { newRunName, type RunFiles, type Workspace } from '../core/workspace.ts'
import { loadPlugin } from '../plugins/index.ts'
import type { Deps, Students } from './deps.ts'
import { finish, halted, type RunOutcome } from './ending.ts'
import { forkRun } from './fork.ts'
import { machinesFor } from './local.ts'
import { buildLoop, graphVersion } from './loop.ts'
import { notifier } from './notify.ts'
import { loadRunConfig, moveRun, whereText } from './run-config.ts'
import { Session } from './session.ts'
import type { Door } from './stage.ts'
import type { State } from './state.ts'
import { requireSupported } from './supported.ts'
import { tallyOf } from './tally.ts'

export type { RunOutcome } from './ending.ts'

export interface EngineOptions {
  readonly workspace: Workspace
  readonly signal?: AbortSignal // abort: now
  readonly drain?: AbortSignal // abort: at the next safe point
  onEvent?(event: RunEvent): void
  /** Told what is being prepared (environment, base model, export) where no run keeps a log. */
  onPreparing?(what: string): void
  /** What trains and serves; the local trainers and llama.cpp where left out. */
  readonly machines?: Machines
  readonly plugin?: AnySkill // instead of the one that the config names
  /** Runs that share this machine take turns here: so many students of theirs are served at a time. */
  readonly serving?: LimitFunction
  readonly sampleMs?: number // between two looks at what a stage takes of the machine; 5 s unless told
}

/** The parts of a run that are not the loop: scripted in tests, on this machine in life. */
export interface Machines {
  readonly trainer: Deps['trainer']
  readonly students: Students
}

const usualSampleMs = 5_000

/** Starts a run in the workspace and works on it until it ends or is told to stand still. */
export const startRun = async (
  options: EngineOptions & { loaded: LoadedConfig; from?: { run: string; round?: number }; name?: string },
): Promise<RunOutcome> => {
  const { workspace, loaded, from } = options
  requireSupported(loaded.config)
  requireRoles(loaded.config, askedByLoop(loaded.config))
  const plugin = options.plugin ?? (await loadPlugin(loaded.config.skill, path.dirname(loaded.file)))
  await workspace.prepare()
  const files = workspace.run(options.name ?? newRunName(plugin.name, new Date()))
  if (existsSync(files.config)) throw runExists(files.name)
  await mkdir(files.dir, { recursive: true })
  // the folder of the config goes along: paths in it are relative to it
  await writeFile(files.config, loaded.text)
  await writeFile(files.origin, path.resolve(loaded.file))
  const forked = from && (await forkRun(workspace, from, files, plugin.format))
  return work(options, {
    files,
    plugin,
    loaded,
    initial: { graphVersion, run: files.name, ...forked?.state },
    forked: Boolean(forked),
    isNew: true,
  })
}

/**
 * Takes up a run where it stands; finished work is not done again.
 * @param options.executor  where it trains from its next training on
 */
export const resumeRun = async (
  options: EngineOptions & { run: string; executor?: Config['executor'] },
): Promise<RunOutcome> => {
  const files = await options.workspace.find(options.run)
  const { executor } = options
  if (executor) {
    requireSupported({ ...(await loadRunConfig(files)).config, executor })
    await moveRun(files, executor)
  }
  const loaded = await loadRunConfig(files)
  const plugin = options.plugin ?? (await loadPlugin(loaded.config.skill, path.dirname(loaded.file)))
  return work(options, {
    files,
    plugin,
    loaded,
    initial: { graphVersion, run: files.name },
    forked: false,
    isNew: false,
    ...(executor && { movedTo: whereText(executor) }),
  })
}

interface Work {
  readonly files: RunFiles
  readonly plugin: AnySkill
  readonly loaded: LoadedConfig
  readonly initial: Partial<State>
  readonly forked: boolean
  readonly isNew: boolean
  readonly movedTo?: string
}

const work = async (
  options: EngineOptions,
  { files, plugin, loaded, initial, forked, isNew, movedTo }: Work,
): Promise<RunOutcome> => {
  // orders change the budget while the run works
  const config = structuredClone(loaded.config)
  const notify = notifier(config.notify, {
    onFailed: (event, why) =>
      session.emit({
        type: 'warning',
        data: {
          code: 'webhook-failed',
          message: `the webhook was not told of ${event.type} (event ${event.seq}): ${why}`,
        },
      }),
  })
  const onEvent = (event: RunEvent) => {
    options.onEvent?.(event)
    notify.take(event)
  }
  const session = new Session({ ...options, onEvent, files, budget: config.budget })
  const scratch = await mkdtemp(path.join(tmpdir(), 'whet-'))
  const saver = SqliteSaver.fromConnString(files.database)
  await keepJudge(options.workspace, config.roles.judge, files)
  const gateway = await gatewayFor(options.workspace, { ...loaded, config }, session)
  const processes = new Processes()
  const gpus = gpuReader()
  const minutes = () => session.minutes()
  const tally = tallyOf({
    ...{ config, files, minutes, gateway },
    everyMs: options.sampleMs ?? usualSampleMs,
    before: session.store.events({ types: ['budget.near'] }),
    usage: async () => ({ processes: await processes.bytes(), gpus: await gpus() }),
  })
  const deps: Door = {
    config,
    plugin,
    files,
    baseDir: path.dirname(loaded.file),
    scratch,
    signal: session.signal,
    ...machinesFor(options, loaded, {
      emit: (event) => session.emit(event),
      onProcess: (what, pid) => processes.watch(what, pid),
    }),
    gateway,
    tally,
    emit: (event) => session.emit(event),
    minutes,
    stageSeconds: (round) => session.stageSeconds(round),
    decision: (door) => session.decision(door),
    guidance: () => session.guidance(),
    now: () => new Date(),
  }
  const loop = buildLoop(deps, saver)
  const thread = {
    configurable: { thread_id: files.name },
    durability: 'sync' as const,
    recursionLimit: 8 * (loaded.config.loop.rounds + 2),
  }
  try {
    session.emit(
      isNew
        ? { type: 'run.started', data: { skill: plugin.name, config: loaded.sha256 } }
        : { type: 'run.resumed', data: { ...(movedTo && { trainsOn: movedTo }) } },
    )
    // a forked run begins behind the gate of the round that it was forked from
    if (forked) await loop.updateState(thread, initial, 'gate')
    const begun = (await loop.getState(thread)).values as Partial<State>
    if (begun.graphVersion && begun.graphVersion !== graphVersion) throw graphChanged(files.name)
    await loop.invoke(begun.graphVersion ? null : initial, thread)
    return await finish((await loop.getState(thread)).values as State, session, files)
  } catch (error) {
    return await halted(error, (await loop.getState(thread)).values as Partial<State>, session, files)
  } finally {
    await plugin.dispose?.()
    await notify.close()
    await gateway?.close()
    session.close()
    saver.db.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

/** What is known of the judge goes along with the run: its gate reads it. */
const keepJudge = async (workspace: Workspace, judge: RoleSettings | undefined, files: RunFiles) => {
  const known = judge && (await readCalibration(workspace.llm(), judge))
  if (known) await writeJson(files.judge, known)
}

/** `chat` is no role of the loop: a run does not need its key. */
const askedByLoop = ({ roles }: LoadedConfig['config']) => rolesIn(roles).filter((role) => role !== 'chat')

/** The models that the loop asks. */
const gatewayFor = async (workspace: Workspace, { config, file }: LoadedConfig, session: Session) => {
  if (askedByLoop(config).length === 0) return undefined
  return openGateway({
    roles: config.roles,
    budget: config.budget,
    folder: workspace.llm(),
    account: session.run,
    baseDir: path.dirname(file),
    onWarning: (code, message) => session.emit({ type: 'warning', data: { code, message } }),
  })
}

const runExists = (run: string) =>
  new WhetError({
    code: 'run-exists',
    message: `There is a run ${run} already. Go on with it (\`whet resume ${run}\`), or give another --name.`,
    fixedBy: 'config',
    exit: 4,
    data: { run },
  })

const graphChanged = (run: string) =>
  new WhetError({
    code: 'graph-changed',
    message: `${run} was begun by a version of Whetstone whose loop has other stages. Finish it with that version, or start a new run from its best round: \`whet run --from ${run}\`.`,
    fixedBy: 'config',
    exit: 4,
    data: { run },
  })
