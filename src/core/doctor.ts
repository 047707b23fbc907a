/** What `whet doctor` looks at: everything outside the product that a run stands on. */
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { findBase } from './models.ts'
import { environmentFolder, findEnvironment, findPython, pythonMissing } from './python-find.ts'
import { askPython, trainerScript } from './python-run.ts'
import { Machine, reachText } from './reach.ts'

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly fix?: string // what to do, where it is not ok
}

export interface DoctorOptions {
  readonly models?: string // the workspace's folder of base models
  readonly base?: string // the base model of the config
  readonly requirements?: string // see `pythonEnv`
}

const oldestNode = [20, 19] as const
const gigabyte = 1e9
const needed = { environment: 8, run: 3 } // GB free: to make the environment; to run in it

/** Looks, and changes nothing; takes seconds where torch has to be loaded. Never throws. */
export const checkPython = async (options: DoctorOptions = {}): Promise<Check[]> => {
  const folder = await environmentFolder(options.requirements).catch(() => undefined)
  const environment = folder === undefined ? undefined : await findEnvironment(folder)
  return [
    checkNode(),
    await checkInterpreter(),
    checkEnvironment(folder, environment),
    await checkDisk(folder ?? process.cwd(), environment !== undefined),
    ...(options.models && options.base ? [await checkBase(options.base, options.models)] : []),
    ...(await checkMachine(environment?.python)),
  ]
}

const checkNode = (): Check => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
  const detail = `Node ${process.versions.node}`
  return { name: 'node', ok, detail, ...(!ok && { fix: `Install Node ${oldestNode.join('.')} or newer.` }) }
}

const checkInterpreter = async (): Promise<Check> => {
  const found = await findPython()
  if (found) return { name: 'python', ok: true, detail: `Python ${found.version} (${found.command})` }
  const { message } = pythonMissing()
  return { name: 'python', ok: false, detail: 'no Python 3.11 or newer', fix: message }
}

const checkEnvironment = (folder: string | undefined, found: { version: string; bytes: number } | undefined): Check => {
  const name = 'environment'
  const fix = 'Run `whet doctor --repair`; the first run would do so too.'
  if (folder === undefined)
    return { name, ok: false, detail: 'the requirements files are not there', fix: 'Install the product again.' }
  if (found)
    return {
      name,
      ok: true,
      detail: `complete, Python ${found.version}, ${(found.bytes / gigabyte).toFixed(1)} GB, in ${folder}`,
    }
  if (!existsSync(folder)) return { name, ok: false, detail: `missing, would be made in ${folder}`, fix }
  const broken = existsSync(`${folder}/complete.json`)
  return { name, ok: false, detail: `${broken ? 'broken' : 'unfinished'}, in ${folder}`, fix }
}

const checkDisk = async (folder: string, hasEnvironment: boolean): Promise<Check> => {
  let place = folder
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  const { bavail, bsize } = await statfs(place)
  const free = (bavail * bsize) / gigabyte
  const need = hasEnvironment ? needed.run : needed.environment
  const detail = `${free.toFixed(1)} GB free at ${place}, ${need} GB wanted`
  const fix = 'Free some space, or set WHETSTONE_HOME to a folder on a larger disk.'
  return { name: 'disk', ok: free >= need, detail, ...(free < need && { fix }) }
}

const checkBase = async (base: string, models: string): Promise<Check> => {
  const found = await findBase(base, models).catch(() => undefined)
  const detail = found ? `${base} is prepared in ${found.dir}` : `${base} is not prepared yet: the first run does it`
  return { name: 'base model', ok: true, detail }
}

/** No GPU is no fault: training and serving then use the CPU. What the machine can train is reckoned, and a guide only. */
const checkMachine = async (python: string | undefined): Promise<Check[]> => {
  const name = 'cuda'
  if (python === undefined) return [{ name, ok: true, detail: 'not known before the Python environment is made' }]
  const { failed, timedOut, stdout } = await askPython(python, [trainerScript('machine.py')], 90_000)
  if (timedOut) return [{ name, ok: true, detail: 'torch did not tell within 90 s: the CPU will do' }]
  if (failed)
    return [
      {
        name,
        ok: false,
        detail: 'torch cannot be loaded',
        fix: 'Run `whet doctor --repair` to make the Python environment anew.',
      },
    ]
  const { data: machine } = Machine.safeParse(parsed(stdout))
  const gpu = machine?.device === 'cuda' ? `torch sees ${machine.name}` : undefined
  return [
    { name, ok: true, detail: gpu ?? 'no GPU seen: training and serving use the CPU' },
    ...(machine ? [{ name: 'training', ok: true, detail: reachText(machine) }] : []),
  ]
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
