/** The trainer's process: it must outlive this one, and be found and stopped again without it. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning, processStart } from '../process-identity.ts'
import { pythonEnvironment } from '../python-run.ts'
import type { End } from './contract.ts'

export interface Child {
  readonly pid: number | undefined
  /** How it ended; undefined while it runs. `exitCode` is null where a signal ended it. */
  end: End | undefined
}

/**
 * Starts a trainer, or finds out (exit 75) that one is at work. Its output goes to `out/trainer.log` through real
 * descriptors: through a pipe of this process it would die with it.
 */
export const startTrainer = (argv: readonly string[], out: string): Child => {
  const log = openSync(join(out, 'trainer.log'), 'a')
  try {
    const trainer = spawn(argv[0]!, argv.slice(1), {
      detached: true, // a process group of its own: Ctrl-C in the terminal does not reach it
      stdio: ['ignore', log, log],
      env: pythonEnvironment(),
    })
    const child: Child = { pid: trainer.pid, end: undefined }
    trainer.on('exit', (exitCode) => {
      child.end = { exitCode }
    })
    trainer.on('error', (error: NodeJS.ErrnoException) => {
      if (trainer.pid === undefined) child.end = { exitCode: null, notStarted: error.code ?? 'no such program' }
    })
    trainer.unref()
    return child
  } finally {
    closeSync(log)
  }
}

/** The pid that the trainer wrote into its lock after it had taken it; says who holds it only while it is known to be held. */
export const lockHolder = (out: string): number | undefined => {
  try {
    const pid = Number(readFileSync(join(out, 'lock'), 'utf8').trim())
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined
  } catch {
    return undefined
  }
}

/** A process and when it began: a number alone may be used again. */
export interface Identity {
  readonly pid: number
  readonly started: string | undefined
}

/** Who holds the lock, once a copy was locked out; undefined where the holder has not written its number yet. */
export const runningHolder = (out: string): Identity | undefined => {
  const pid = lockHolder(out)
  if (pid === undefined || !isRunning(pid, undefined)) return undefined
  return { pid, started: processStart(pid) }
}

/** Asks a trainer and all that it started to stop, and waits; past `patienceMs` they are killed. */
export const endTrainer = async (pid: number, patienceMs: number): Promise<void> => {
  const started = processStart(pid)
  const gone = async (withinMs: number) => {
    for (const late = Date.now() + withinMs; isRunning(pid, started); await sleep(50))
      if (Date.now() > late) return false
    return true
  }
  signalGroup(pid, 'SIGTERM')
  if (await gone(patienceMs)) return
  signalGroup(pid, 'SIGKILL')
  await gone(10_000)
}

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  for (const target of [-pid, pid]) // one started by hand leads no group
    try {
      process.kill(target, signal)
      return
    } catch {}
}

const tailBytes = 16_384

/** The end of the log. */
export const logTail = (out: string): string => {
  const file = join(out, 'trainer.log')
  try {
    const size = statSync(file).size
    return readFileSync(file)
      .subarray(Math.max(0, size - tailBytes))
      .toString()
  } catch {
    return ''
  }
}
