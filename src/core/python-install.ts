/** Installing into the user's cache: one at a time whoever asks, with progress, and told in words where it fails. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { exitCodes, WhetError } from './errors.ts'
import { diskFull, isDiskFull, runChild, tailOf } from './python-run.ts'

export interface InstallOptions {
  onProgress?(line: string): void
  readonly signal?: AbortSignal
}

/** What is installed, for messages. */
export interface Installed {
  readonly name: string
  readonly size: string
}

/** Held in an open SQLite transaction, which the system ends with the process: no stale lock is ever left. */
export const lock = async (
  folder: string,
  { name }: Installed,
  { onProgress, signal }: InstallOptions,
): Promise<() => void> => {
  const database = new Database(join(folder, 'lock.sqlite'), { timeout: 0 })
  for (let tries = 0; ; tries++) {
    try {
      database.exec('BEGIN EXCLUSIVE')
      return () => database.close()
    } catch (error) {
      if (!String((error as { code?: string }).code).startsWith('SQLITE_BUSY') || signal?.aborted) {
        database.close()
        signal?.throwIfAborted()
        throw error
      }
    }
    if (tries % 20 === 0) onProgress?.(`another process makes ${name}: waiting for it`)
    await sleep(250)
  }
}

/** An installer that outlived its parent may still write there: what stays is removed the next time. */
export const removeLeftovers = async (folder: string, prefix: string): Promise<void> => {
  for (const name of await readdir(folder))
    if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
}

/** One command, its output as progress; a line at least every five seconds. */
export const step = async (
  doing: string,
  argv: readonly string[],
  { name, size }: Installed,
  { onProgress, signal }: InstallOptions,
): Promise<void> => {
  const started = Date.now()
  const ticking = setInterval(() => onProgress?.(`${doing}: ${Math.round((Date.now() - started) / 1000)} s`), 5_000)
  const onLine = (line: string) => line.trim() && onProgress?.(line.trim())
  const { failed, tail } = await runChild(argv, { ...(signal && { signal }), onLine }).finally(() =>
    clearInterval(ticking),
  )
  if (!failed) return
  const data = { outputTail: tailOf(tail) }
  if (isDiskFull(tail)) throw diskFull(`${name} (${size})`, data)
  throw new WhetError({
    code: 'python-install-failed',
    message: `${name[0]!.toUpperCase()}${name.slice(1)} could not be made: ${doing} failed. ${advice(tail)}`,
    fixedBy: 'machine',
    exit: exitCodes.missing,
    data,
  })
}

const advice = (output: string): string => {
  if (/ensurepip/.test(output))
    return 'This Python lacks its venv module: install it (on Debian and Ubuntu the package python3-venv) and run `whet doctor --repair`.'
  if (/connection|network|resolve|timed? ?out|dns/i.test(output))
    return 'The package index could not be reached: check the network, then run `whet doctor --repair`.'
  return 'Its last words are in the data of this error (--json); then run `whet doctor --repair`.'
}
