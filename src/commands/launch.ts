import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WhetError } from '../core/errors.ts'

/** A run's process, seen from the surface that started it. */
export interface Launched {
  readonly pid: number
  /** How it ended; undefined while it works. */
  ended(): { readonly stdout: string; readonly stderr: string } | undefined
}

/** Starts `whet WORDS` as a process that outlives the one that asked for it. */
export type Launch = (words: readonly string[], options: { cwd: string; logs: string; name: string }) => Launched

const main = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../cli/main.ts' : '../cli/main.js', import.meta.url),
)

/** What it says goes to files in `logs`: the terminal that it was started from may be long gone. */
export const launchProcess =
  (argv: readonly string[] = [process.execPath, ...process.execArgv, main]): Launch =>
  (words, { cwd, logs, name }) => {
    mkdirSync(logs, { recursive: true })
    const files = { stdout: path.join(logs, `${name}.out`), stderr: path.join(logs, `${name}.log`) }
    const [out, err] = [openSync(files.stdout, 'w'), openSync(files.stderr, 'w')]
    const [command = '', ...args] = [...argv, ...words]
    // a group of its own: Ctrl-C in the terminal of the server is no order to the run
    const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', out, err] })
    closeSync(out)
    closeSync(err)
    let ended = false
    child.on('exit', () => (ended = true)).on('error', () => (ended = true))
    child.unref()
    return { pid: child.pid ?? 0, ended: () => (ended ? files : undefined) }
  }

const pollMs = 50

/** Waits until the process works on its run. What it says where it ends before is its error. @throws {WhetError} that error, or run-not-started */
export const whenWorking = async (launched: Launched, works: () => boolean, signal: AbortSignal): Promise<void> => {
  while (!works()) {
    signal.throwIfAborted()
    const files = launched.ended()
    if (files && !works()) throw await errorIn(files)
    await sleep(pollMs, undefined, { signal }).catch(() => {})
  }
}

const errorIn = async (files: { stdout: string; stderr: string }): Promise<WhetError> => {
  const [said = '', told = ''] = await Promise.all(
    [files.stdout, files.stderr].map((file) => readFile(file, 'utf8').catch(() => '')),
  )
  try {
    const { error } = JSON.parse(said) as { error: ConstructorParameters<typeof WhetError>[0] }
    return new WhetError(error)
  } catch {
    return new WhetError({
      code: 'run-not-started',
      message: `The run's process ended before it began to work: ${told.trim().slice(-500) || 'it said nothing'}. Its log: ${files.stderr}.`,
      fixedBy: 'machine',
      data: files,
    })
  }
}
