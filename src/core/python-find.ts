/** Finds an interpreter to make the environment from, and says where the environment lies. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { exitCodes, WhetError } from './errors.ts'
import { readJson } from './jsonl.ts'
import { askPython, trainersDir } from './python-run.ts'

/** Installed in this order: the installer, everything with its dependencies, and what must come without its own. */
export const requirementFiles = ['requirements-uv.txt', 'requirements.txt', 'requirements-nodeps.txt'] as const

const oldest = [3, 11] as const
const names = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python']

export interface Interpreter {
  readonly command: string
  readonly version: string // 3.11.7
}

/** The first Python >= 3.11: what WHETSTONE_PYTHON names, and nothing else where it is set; else the newest on the PATH. */
export const findPython = async (): Promise<Interpreter | undefined> => {
  const chosen = process.env.WHETSTONE_PYTHON
  for (const command of chosen ? [chosen] : names) {
    const found = await versionOf(command)
    if (found && isNewEnough(found.version)) return found
  }
  return undefined
}

/** Asks a command for its version: a name on the PATH may be a shim without an interpreter behind it. */
const versionOf = async (command: string): Promise<Interpreter | undefined> => {
  const script = 'import sys; print("%d.%d.%d" % sys.version_info[:3])'
  const { failed, stdout } = await askPython(command, ['-c', script], 20_000)
  return failed || !/^\d+\.\d+\.\d+$/.test(stdout) ? undefined : { command, version: stdout }
}

const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}

export const pythonMissing = (): WhetError =>
  new WhetError({
    code: 'python-missing',
    message: process.env.WHETSTONE_PYTHON
      ? `WHETSTONE_PYTHON does not name a working Python ${oldest.join('.')} or newer. Correct it, or unset it to search the PATH.`
      : `No Python ${oldest.join('.')} or newer is on the PATH (looked for ${names.join(', ')}). Install one, or name it in WHETSTONE_PYTHON.`,
    fixedBy: 'machine',
    exit: exitCodes.missing,
  })

/** Where environments lie: $WHETSTONE_HOME, or whetstone/ in the user's cache. */
export const pythonHome = (): string =>
  process.env.WHETSTONE_HOME || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'whetstone')

/** The folder of this version's environment: other requirements, another folder. */
export const environmentFolder = async (requirements = trainersDir): Promise<string> => {
  const hash = createHash('sha256')
  for (const name of requirementFiles) hash.update(`${name}\0`).update(await readFile(join(requirements, name)))
  return join(pythonHome(), `python-${hash.digest('hex').slice(0, 12)}`)
}

/** complete.json, written last. An environment that it does not name is unfinished, and is removed. */
export interface Complete {
  readonly directory: string // inside the environment's folder: an environment cannot be moved once made
  readonly python: string // version
  readonly bytes: number // on disk
}

/** A complete environment whose interpreter starts, or undefined. */
export const findEnvironment = async (
  folder: string,
): Promise<{ python: string; version: string; bytes: number } | undefined> => {
  const complete = await readJson<Complete>(join(folder, 'complete.json')).catch(() => undefined)
  if (!complete) return undefined
  const python = interpreterIn(join(folder, complete.directory))
  const { failed } = await askPython(python, ['-c', ''], 20_000)
  return failed ? undefined : { python, version: complete.python, bytes: complete.bytes }
}

export const interpreterIn = (directory: string) =>
  process.platform === 'win32' ? join(directory, 'Scripts', 'python.exe') : join(directory, 'bin', 'python')
