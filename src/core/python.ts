/** The trainers' Python environment: made on first use, once, whatever dies meanwhile, and never anybody else's. */
import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
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
import { type InstallOptions, lock, removeLeftovers, step } from './python-install.ts'
import { runChild, trainersDir } from './python-run.ts'

export { type Check, checkPython } from './doctor.ts'
export { trainerScript, trainersDir } from './python-run.ts'

export interface PythonOptions extends InstallOptions {
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
  const unlock = await lock(folder, what, options)
  try {
    const meanwhile = options.rebuild ? undefined : await findEnvironment(folder)
    return { python: meanwhile?.python ?? (await build(folder, options)) }
  } finally {
    unlock()
  }
}

const what = { name: 'the Python environment', size: '6 GB' }

const build = async (folder: string, options: PythonOptions): Promise<string> => {
  const interpreter = await findPython()
  if (!interpreter) throw pythonMissing()
  await rm(join(folder, 'complete.json'), { force: true })
  await removeLeftovers(folder, 'env-')
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
  const run = (doing: string, argv: string[]) => step(doing, argv, what, options)

  say(`making a Python environment with Python ${version}`)
  await run('making a virtual environment', [command, '-m', 'venv', directory])
  say('installing the installer (uv)')
  await run('installing uv', [python, '-m', 'pip', '--require-virtualenv', ...hashed, installer!])
  say('installing torch, transformers, trl and llama.cpp: about 3 GB to fetch')
  await run('installing the packages', [python, ...uv, everything!])
  await run('installing the base model', [python, ...uv, alone!, '--no-deps'])
  return python
}
