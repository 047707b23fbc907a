import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AnySkill, ToolSchema } from '../core/contract.ts'
import { messageOf, WhetError } from '../core/errors.ts'
import { guarded, watchProcess } from '../core/guard.ts'
import { nearest } from '../core/nearest.ts'
import { agenticSearch } from './agentic-search/index.ts'
import { declarativeSkill } from './declarative/index.ts'
import { essayStyle } from './essay-style/index.ts'
import { toolAids } from './tool-calling/aids.ts'
import { toolCalling } from './tool-calling/index.ts'

/** The skills that come with the product. A new one is a folder and a line here. */
export const plugins: Readonly<Record<string, AnySkill>> = {
  'tool-calling': toolCalling,
  'essay-style': essayStyle,
  'agentic-search': agenticSearch,
}

/** What some commands ask of the one skill that knows; without that skill they do without. */
export const aids: {
  readonly readTools?: (file: string) => Promise<readonly ToolSchema[]>
  readonly draftWordings?: (tools: unknown, baseDir: string) => Promise<string | undefined>
} = {
  ...toolAids,
}

/**
 * A skill by its built-in name, by path (`./skills/mine.ts`, `./mine.yaml` or a package's folder, relative to the config's folder) or by
 * package name. A module of one's own exports the plugin as `plugin` or as its default export.
 *
 * @throws {WhetError} unknown-skill · no-skill-in-folder · plugin-broken · plugin-contract
 */
export const loadPlugin = async (name: string, baseDir: string): Promise<AnySkill> => {
  const builtin = Object.hasOwn(plugins, name) ? plugins[name] : undefined
  if (builtin) return builtin
  const file = locate(name, baseDir)
  if (!file) throw isFolder(name, baseDir) ? noSkillIn(name) : unknownSkill(name)
  if (/\.ya?ml$/.test(file)) return declarativeSkill(file) // a skill with no code
  const exported = await importModule(name, file)
  return guarded(checked(name, exported.plugin ?? exported.default)) // code of others is watched while it runs
}

const locate = (name: string, baseDir: string): string | undefined => {
  if (!/^[./]|[\\/].*\.([cm]?[jt]s|ya?ml)$/.test(name)) return resolved(name, baseDir)
  const file = path.resolve(baseDir, name)
  if (!existsSync(file)) return undefined
  return isFolder(name, baseDir) ? resolved(file, baseDir) : file
}

const isFolder = (name: string, baseDir: string): boolean =>
  statSync(path.resolve(baseDir, name), { throwIfNoEntry: false })?.isDirectory() ?? false

/** The `main` of a package, or of a package's folder. */
const resolved = (name: string, baseDir: string): string | undefined => {
  try {
    return createRequire(path.join(baseDir, 'whetstone.yaml')).resolve(name)
  } catch {
    return undefined
  }
}

const importModule = async (name: string, file: string): Promise<Record<string, unknown>> => {
  watchProcess(`the import of ${name}`)
  try {
    return await Promise.race([importFile(file), tooLate()])
  } catch (cause) {
    throw new WhetError({
      code: 'plugin-broken',
      message: `The plugin ${name} could not be loaded: ${messageOf(cause)}.${asCommonJs(file)} Mend it and run \`whet plugin check ${name}\`.`,
      fixedBy: 'plugin',
      exit: 2,
      data: { plugin: name },
      cause,
    })
  }
}

/** TypeScript beside a package.json without "type": "module" is read as CommonJS, which cannot load what whetstone stands on. */
const asCommonJs = (file: string): string => {
  if (!file.endsWith('.ts')) return ''
  let folder = path.dirname(file)
  while (!existsSync(path.join(folder, 'package.json')) && folder !== path.dirname(folder))
    folder = path.dirname(folder)
  const own = path.join(folder, 'package.json')
  if (existsSync(own) && /"type"\s*:\s*"module"/.test(readFileSync(own, 'utf8'))) return ''
  return ` Without "type": "module" in a package.json beside it, ${path.basename(file)} is read as CommonJS: add that first.`
}

const importSeconds = 60

const tooLate = () =>
  new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`it was not imported within ${importSeconds} s: a top-level await in it hangs`))
    setTimeout(late, importSeconds * 1000).unref()
  })

const importFile = async (file: string): Promise<Record<string, unknown>> => {
  // TypeScript plugins load without a build step, on every Node that we support
  if (/\.[cm]?ts$/.test(file)) {
    const { tsImport } = await import('tsx/esm/api')
    return (await tsImport(pathToFileURL(file).href, import.meta.url)) as Record<string, unknown>
  }
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>
}

const texts = ['name', 'summary', 'format']
const functions = ['define', 'dimensions', 'targets', 'generate', 'begin', 'gold', 'grade']
const lists = ['rubrics', 'failureTags', 'mistakes']
const schemas = ['options', 'definition', 'item']

/** The parts of the contract that a value lacks, or has as something else. */
const missingIn = (plugin: Record<string, unknown>): string[] => [
  ...texts.filter((key) => typeof plugin[key] !== 'string' || plugin[key] === ''),
  ...functions.filter((key) => typeof plugin[key] !== 'function'),
  ...lists.filter((key) => !Array.isArray(plugin[key])),
  ...schemas.filter((key) => typeof (plugin[key] as { safeParse?: unknown } | undefined)?.safeParse !== 'function'),
]

const checked = (name: string, value: unknown): AnySkill => {
  const plugin = (typeof value === 'object' && value !== null ? value : undefined) as
    | Record<string, unknown>
    | undefined
  const missing = plugin ? missingIn(plugin) : []
  if (plugin && plugin.contract === 1 && missing.length === 0) return plugin as unknown as AnySkill
  const why = !plugin
    ? 'exports neither `plugin` nor a default'
    : plugin.contract !== 1
      ? `has contract ${JSON.stringify(plugin.contract)}, and this version of whetstone knows 1: install the version that it was made for, or bring it up to date`
      : `lacks ${missing.join(', ')}, or has something else in their place`
  throw new WhetError({
    code: 'plugin-contract',
    message: `The plugin ${name} ${why}. Define it with definePlugin({ contract: 1, ... }); docs/add-a-skill.md shows a whole one.`,
    fixedBy: 'plugin',
    exit: 2,
    data: { plugin: name, missing },
  })
}

const noSkillIn = (name: string) =>
  new WhetError({
    code: 'no-skill-in-folder',
    message: `The folder ${name} does not say which of its files is the skill: name the file itself, or write "main": "./skill.ts" (or ./skill.yaml) into its package.json.`,
    fixedBy: 'config',
    exit: 2,
    data: { folder: name },
  })

const unknownSkill = (name: string) => {
  const known = Object.keys(plugins)
  const near = nearest(name, known)
  return new WhetError({
    code: 'unknown-skill',
    message: `There is no skill ${JSON.stringify(name)}${near ? `: did you mean ${near}?` : '.'} Built in: ${known.join(', ')}. A skill of your own is named by path (./my-skill.ts, or its package's folder) or by package.`,
    fixedBy: 'config',
    exit: 2,
    data: { skill: name, known },
  })
}
