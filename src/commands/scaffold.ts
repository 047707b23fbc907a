import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { Kind } from './recommend.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** What packages are made from: a folder a kind, and one that all share. */
export const templates = path.join(root, 'templates', 'plugin')
const placeholder = 'my-skill'

/**
 * Where a skill's own package goes: a new folder, outside of this one.
 * @throws {WhetError} bad-name · folder-not-empty · inside-whetstone
 */
export const folderFor = async (name: string, cwd: string): Promise<string> => {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name)) throw badName(name)
  const folder = path.resolve(cwd, name)
  if (isInside(folder)) throw insideWhetstone(folder)
  if (existsSync(folder) && (await readdir(folder)).length > 0) throw notEmpty(folder)
  return folder
}

/**
 * Writes a skill's own package into a new folder.
 * @param more  further files by name, in the place of the template's where it has one of that name
 * @returns its files, relative to the folder
 * @throws {WhetError} as `folderFor`
 */
export const scaffold = async (
  name: string,
  kind: Kind,
  cwd: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ folder: string; files: string[] }> => {
  const folder = await folderFor(name, cwd)
  await mkdir(folder, { recursive: true })
  for (const from of ['shared', kind]) await cp(path.join(templates, from), folder, { recursive: true })
  // npm leaves a file of the real name out of packages
  await rename(path.join(folder, 'gitignore'), path.join(folder, '.gitignore'))
  const values = await placeholders(kind)
  const files = (await readdir(folder)).sort()
  for (const file of files) {
    const text = await readFile(path.join(folder, file), 'utf8')
    await writeFile(path.join(folder, file), filled(text, { ...values, [placeholder]: name }))
  }
  for (const [file, text] of Object.entries(more)) await writeFile(path.join(folder, file), text)
  return { folder, files: [...new Set([...files, ...Object.keys(more)])].sort() }
}

const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  Object.entries(values).reduce((all, [from, to]) => all.replaceAll(from, to), text)

/**
 * What stands where a template cannot know it. Versions that the package depends on are this one's own; a checkout is linked, since nobody
 * can install it by version.
 */
const placeholders = async (kind: Kind): Promise<Record<string, string>> => {
  const own = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  const installed = root.split(path.sep).includes('node_modules')
  return {
    '"SKILL"': kind === 'declarative' ? '"./skill.yaml"' : '"./skill.ts"', // so a config can name the folder, or the package
    '"WHETSTONE"': JSON.stringify(installed ? `^${own.version}` : `file:${root.replace(/[\\/]$/, '')}`),
    '"ZOD"': JSON.stringify(own.dependencies.zod),
    '"VITEST"': JSON.stringify(own.devDependencies.vitest),
  }
}

const isInside = (folder: string): boolean => {
  const way = path.relative(root, folder)
  return !way.startsWith('..') && !path.isAbsolute(way)
}

const refused = (code: string, message: string, data: Readonly<Record<string, unknown>>) =>
  new WhetError({ code, message, fixedBy: 'config', exit: exitCodes.usage, data })

const badName = (name: string) =>
  refused(
    'bad-name',
    `${JSON.stringify(name.slice(0, 80))} is no name for a skill: use small letters, digits and hyphens, as in date-reader.`,
    { name },
  )

const notEmpty = (folder: string) =>
  refused('folder-not-empty', `${folder} is there and not empty. Choose another name, or empty it first.`, { folder })

const insideWhetstone = (folder: string) =>
  refused(
    'inside-whetstone',
    `${folder} lies inside whetstone itself. Go to a folder of your own: a skill is a package beside it.`,
    { folder },
  )
