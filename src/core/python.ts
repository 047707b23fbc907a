/** The trainers' Python environment: made on first use, once, whatever dies meanwhile, and never anybody else's. */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { exitCodes, WhetError } from './errors.ts'
import { writeJson } from './jsonl.ts'
import {
  type Complete,
  environmentFolder,
  findEnvironment,
  findPython,
  type Interpreter,
  interpreterIn,
  pythonMissing,
  requirementFiles,
} from './python-find.ts'
import { diskFull, isDiskFull, runChild, tailOf, trainersDir } from './python-run.ts'

export { type Check, checkPython } from './doctor.ts'
export { trainerScript, trainersDir } from './python-run.ts'

export interface PythonOptions {
  onProgress?(line: string): void
  readonly signal?: AbortSignal
  readonly requirements?: string // the folder with the three requirements files; trainers/ unless told
  readonly rebuild?: boolean // make it anew though it looks well: `whet doctor --repair`
}

/**
 * The interpreter of the environment; makes it where it is missing, unfinished or broken (about 30 s and 6 GB; most of
 * the time is download). Two processes that ask at once make one: the second waits.
 * @throws WhetError python-missing (exit 3), python-install-failed, disk-full. What `signal` was aborted with
 */
export const pythonEnv = async (options: PythonOptions = {}): Promise<{ python: string }> => {
  const folder = await environmentFolder(options.requirements)
  const ready = options.rebuild ? undefined : await findEnvironment(folder)
  if (ready) return { python: ready.python }
  await mkdir(folder, { recursive: true })
  const unlock = await lock(folder, options)
  try {
    const meanwhile = options.rebuild ? undefined : await findEnvironment(folder)
    return { python: meanwhile?.python ?? (await build(folder, options)) }
  } finally {
    unlock()
  }
}

/** Held in an open SQLite transaction, which the system ends with the process: no stale lock is ever left. */
const lock = async (folder: string, { onProgress, signal }: PythonOptions): Promise<() => void> => {
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
    if (tries % 20 === 0) onProgress?.('another process makes the Python environment: waiting for it')
    await sleep(250)
  }
}

const build = async (folder: string, options: PythonOptions): Promise<string> => {
  const interpreter = await findPython()
  if (!interpreter) throw pythonMissing()
  await rm(join(folder, 'complete.json'), { force: true })
  // an installer that outlived its parent may still write there: what stays is removed the next time
  for (const name of await readdir(folder))
    if (name.startsWith('env-')) await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
  const directory = `env-${randomBytes(4).toString('hex')}`
  try {
    const python = await install(join(folder, directory), interpreter, options)
    const bytes = await sizeOf(join(folder, directory), python)
    await writeJson(join(folder, 'complete.json'), { directory, python: interpreter.version, bytes } satisfies Complete)
    options.onProgress?.('the Python environment is ready')
    return python
  } catch (error) {
    await rm(join(folder, directory), { recursive: true, force: true }).catch(() => {})
    throw error
  }
}

/** Bytes of all files, also of those that share their blocks with the installer's cache; 0 where it cannot be told. */
const sizeOf = async (directory: string, python: string): Promise<number> => {
  const script =
    'import os,sys; print(sum(os.lstat(os.path.join(d,f)).st_size for d,_,fs in os.walk(sys.argv[1]) for f in fs))'
  return Number((await runChild([python, '-c', script, directory])).tail) || 0
}

const install = async (directory: string, { command, version }: Interpreter, options: PythonOptions) => {
  const python = interpreterIn(directory)
  const [installer, everything, alone] = requirementFiles.map((name) => join(options.requirements ?? trainersDir, name))
  const hashed = ['install', '--require-hashes', '-r']
  const uv = ['-m', 'uv', 'pip', ...hashed.slice(0, 1), '--python', python, ...hashed.slice(1)]
  const say = (line: string) => options.onProgress?.(line)

  say(`making a Python environment with Python ${version}`)
  await step('making a virtual environment', [command, '-m', 'venv', directory], options)
  say('installing the installer (uv)')
  await step('installing uv', [python, '-m', 'pip', '--require-virtualenv', ...hashed, installer!], options)
  say('installing torch, transformers, trl and llama.cpp: about 3 GB to fetch')
  await step('installing the packages', [python, ...uv, everything!], options)
  await step('installing the base model', [python, ...uv, alone!, '--no-deps'], options)
  return python
}

/** One command, its output as progress; a line at least every five seconds. */
const step = async (what: string, argv: string[], { onProgress, signal }: PythonOptions): Promise<void> => {
  const started = Date.now()
  const ticking = setInterval(() => onProgress?.(`${what}: ${Math.round((Date.now() - started) / 1000)} s`), 5_000)
  const onLine = (line: string) => line.trim() && onProgress?.(line.trim())
  const { failed, tail } = await runChild(argv, { signal, onLine }).finally(() => clearInterval(ticking))
  if (!failed) return
  const data = { outputTail: tailOf(tail) }
  if (isDiskFull(tail)) throw diskFull('the Python environment (6 GB)', data)
  throw new WhetError({
    code: 'python-install-failed',
    message: `The Python environment could not be made: ${what} failed. ${advice(tail)}`,
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
