import { existsSync } from 'node:fs'
import path from 'node:path'
import { exitCodes, WhetError } from '../core/errors.ts'
import { RunStore } from '../core/store.ts'
import { newRunName, type RunFiles } from '../core/workspace.ts'
import type { Command } from './command.ts'
import { whenWorking } from './launch.ts'
import { loadProject } from './project.ts'
import type { Host } from './remote.ts'

interface Started {
  readonly run: string
  readonly pid: number
  readonly next: string
}

/** Starts or resumes a run as a process of its own and answers as soon as that process owns it. @throws {WhetError} what the process fails with */
export const startProcess = async (
  host: Host,
  command: Command,
  input: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Started> => {
  const files =
    'from' in command.input.shape ? await newRun(host, input) : await host.workspace.find(input.run as string)
  const before = logOf(files)
  if (before.owned) throw running(files.name)
  const args = 'from' in command.input.shape ? { ...input, name: files.name } : { ...input, run: files.name }
  const launched = host.launch([command.name, ...wordsOf(command, args), '--json'], {
    cwd: host.cwd,
    logs: path.join(host.workspace.root, 'logs'),
    name: files.name,
  })
  // a run may be over before it is looked at again: what it wrote shows that it began
  const works = () => {
    const { owned, events } = logOf(files)
    return owned || events > before.events
  }
  await whenWorking(launched, works, signal)
  return {
    run: files.name,
    pid: launched.pid,
    next: 'wait_for_change follows it; status and report show where it stands',
  }
}

const newRun = async (host: Host, input: Record<string, unknown>): Promise<RunFiles> => {
  const config = input as { config: string; set: readonly string[] }
  const loaded = await loadProject(config, { cwd: host.cwd } as Parameters<typeof loadProject>[1])
  await host.workspace.prepare()
  return host.workspace.run(newRunName(loaded.config.skill, new Date()))
}

const logOf = (files: RunFiles): { owned: boolean; events: number } => {
  if (!existsSync(files.database)) return { owned: false, events: 0 }
  try {
    const store = RunStore.open(files.database, { readonly: true })
    try {
      return { owned: store.leaseHolder()?.alive ?? false, events: store.lastSeq() }
    } finally {
      store.close()
    }
  } catch {
    return { owned: false, events: 0 } // its process is just making it
  }
}

/** A command line from an input: the inverse of what the terminal reads. */
export const wordsOf = (command: Pick<Command, 'input' | 'positional'>, input: Record<string, unknown>): string[] => {
  const positional = command.positional ?? []
  const flags = Object.entries(input).flatMap(([name, value]) => {
    if (positional.includes(name) || value === undefined || value === false) return []
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    return [value].flat().flatMap((each) => (each === true ? [flag] : [`${flag}=${String(each)}`]))
  })
  const placed = positional.flatMap((name) => (input[name] === undefined ? [] : [String(input[name])]))
  return placed.length > 0 ? [...flags, '--', ...placed] : flags
}

const running = (run: string) =>
  new WhetError({
    code: 'run-owned',
    message: `A process works on ${run} already. wait_for_change follows it.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { run },
  })
