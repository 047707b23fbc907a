import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const relative = /^\.\.?[\\/]/

/**
 * A command of the config with what belongs to the config's folder made absolute, since the server will run in a
 * sandbox folder: `./server.js` where it exists, and a bin of a package that only that folder has installed.
 */
export const pinnedCommand = (command: readonly string[], baseDir: string): string[] => {
  const [first = '', ...rest] = command
  const args = rest.map((arg) => {
    const file = path.resolve(baseDir, arg)
    return relative.test(arg) && existsSync(file) ? file : arg
  })
  if (relative.test(first)) return [path.resolve(baseDir, first), ...args]
  const ours = binFrom(ownFolder, first)
  return [ours ? first : (binFrom(baseDir, first) ?? first), ...args]
}

/**
 * The argv that starts a server. A bare name is the bin of a package that is installed beside this one, else whatever
 * PATH knows; JavaScript runs on this Node, without a shell between.
 */
export const resolveCommand = (command: readonly string[]): readonly string[] => {
  const [first = '', ...args] = command
  const script = path.isAbsolute(first) ? first : (binFrom(ownFolder, first) ?? '')
  return /\.[cm]?js$/.test(script) && existsSync(script) ? [process.execPath, script, ...args] : [first, ...args]
}

const ownFolder = path.dirname(fileURLToPath(import.meta.url))

/** The script behind a bin of an installed package, looked up as npm does; only JavaScript ones. */
const binFrom = (start: string, name: string): string | undefined => {
  if (name === '' || /[\\/]/.test(name)) return undefined
  for (let folder = start; ; folder = path.dirname(folder)) {
    const link = path.join(folder, 'node_modules', '.bin', name)
    const script = existsSync(link) ? realpathSync(link) : ''
    if (/\.[cm]?js$/.test(script)) return script
    if (path.dirname(folder) === folder) return undefined
  }
}
