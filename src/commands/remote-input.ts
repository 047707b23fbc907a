import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { type ZodType, z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { plugins } from '../plugins/index.ts'
import type { Command, RemoteKind } from './command.ts'
import { splitOnce } from './inputs.ts'

/** Longest text that a surface may put into one field, characters. */
const longestText = 4_000
/** A value of an item may be a whole document; an order holds no more. */
const longestLongText = 12_000
const mostEntries = 200

/** Keys of the config that say how much and how, never what is executed or where. */
const settable = ['loop', 'evaluation', 'budget', 'gate', 'train.sft', 'train.kto', 'approve', 'seed']

const runName = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}(:\d{1,4})?$/

/** Kind of a field for chat, MCP and browser; undefined where only file or terminal may set it. */
const remoteKind = (schema: ZodType): RemoteKind | 'plain' | undefined => {
  let kind: unknown
  for (let at: ZodType | undefined = schema; at; ) {
    kind ??= at.meta()?.remote
    const definition = at._zod.def as unknown as { type: string; innerType?: ZodType }
    if (kind === undefined && ['number', 'int', 'boolean', 'enum', 'literal'].includes(definition.type)) return 'plain'
    at = definition.innerType
  }
  return kind === false ? undefined : (kind as RemoteKind | undefined)
}

/** The part of a command's input that chat, MCP and browser may fill. `undefined` where a field that it cannot do without is not theirs. */
export const remoteInput = (command: Pick<Command, 'input'>): z.ZodObject | undefined => {
  const shape = command.input.shape as Record<string, ZodType>
  const open = Object.entries(shape).filter(([, schema]) => remoteKind(schema) !== undefined)
  const closed = Object.entries(shape).filter(([, schema]) => remoteKind(schema) === undefined)
  if (closed.some(([, schema]) => !schema.safeParse(undefined).success)) return undefined
  return z.strictObject(Object.fromEntries(open))
}

/**
 * The arguments that a surface gave, checked: against the schema, and each field against what may stand in it.
 * @param root  the project's folder: paths stay inside of it
 * @throws {WhetError} bad-input · terminal-only · path-outside · bad-run-name, all before anything is done
 */
export const checkRemote = (command: Command, args: unknown, root: string): Record<string, unknown> => {
  const schema = remoteInput(command)
  if (!schema) throw terminalOnly(command.name)
  const given = (args ?? {}) as Record<string, unknown>
  if (typeof given !== 'object' || Array.isArray(given)) throw badInput(command.name, 'the arguments are no object')
  for (const key of Object.keys(given)) if (!Object.hasOwn(schema.shape, key)) throw notOpen(command, key, schema)
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'input'}: ${message}`)
    throw badInput(command.name, problems.join('; '))
  }
  for (const key of Object.keys(given)) {
    const texts = [given[key]].flat().filter((each) => typeof each === 'string')
    const kind = remoteKind(schema.shape[key] as ZodType)
    if (texts.length > mostEntries) throw badInput(command.name, `${key}: at most ${mostEntries} entries`)
    for (const text of texts) checkText(command.name, key, text, kind, root)
  }
  return given
}

const checkText = (
  command: string,
  key: string,
  text: string,
  kind: RemoteKind | 'plain' | undefined,
  root: string,
) => {
  const most = kind === 'long-text' ? longestLongText : longestText
  if (text.length > most || text.includes('\0'))
    throw badInput(command, `${key}: a text of at most ${most} characters is expected`)
  if (kind === 'run' && !runName.test(text)) throw badRun(text)
  if (kind === 'path' || kind === 'new-file' || kind === 'new-folder') checkPath(key, text, root)
  if (kind === 'new-file') checkNew(key, text, root)
  if (kind === 'new-folder') checkNewFolder(key, text, root)
  if (kind === 'skill' && !Object.hasOwn(plugins, text)) throw foreignSkill(text)
  if (kind === 'settings') checkSetting(text)
}

/** Inside the project's folder, also where links lead. */
const checkPath = (key: string, text: string, root: string): void => {
  const real = realpathSync(root)
  const target = path.resolve(real, text)
  let existing = target
  while (!existsSync(existing)) existing = path.dirname(existing)
  const inside = (place: string) => place === real || place.startsWith(real + path.sep)
  if (!path.isAbsolute(text) && inside(target) && inside(realpathSync(existing))) return
  throw new WhetError({
    code: 'path-outside',
    message: `${key}: ${JSON.stringify(text.slice(0, 100))} does not lie in the project's folder. Name a file inside of it by a relative path.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
  })
}

/** Rows may be written where nothing is yet: no request replaces a config, a plugin or another file of the project. */
const checkNew = (key: string, text: string, root: string): void => {
  if (/\.(jsonl|json|csv)$/.test(text) && !existsSync(path.resolve(root, text))) return
  throw new WhetError({
    code: 'file-exists',
    message: `${key}: ${JSON.stringify(text.slice(0, 100))} is there already, or is no .jsonl, .json or .csv. Name a new file: at the terminal one may be replaced.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
  })
}

/** What is made goes into a folder of its own: no request writes between the files that are there. */
const checkNewFolder = (key: string, text: string, root: string): void => {
  if (!existsSync(path.resolve(root, text))) return
  throw new WhetError({
    code: 'file-exists',
    message: `${key}: ${JSON.stringify(text.slice(0, 100))} is there already. Name a new folder: at the terminal one may be written into.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
  })
}

const checkSetting = (text: string): void => {
  const [key] = splitOnce(text, '=')
  if (settable.some((open) => key === open || key.startsWith(`${open}.`))) return
  throw new WhetError({
    code: 'terminal-only',
    message: `set: ${JSON.stringify(key.slice(0, 100))} is set in the config file only. Chat, MCP and the browser may set ${settable.join(', ')}.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { key, settable },
  })
}

const notOpen = (command: Command, key: string, schema: z.ZodObject): WhetError => {
  if (Object.hasOwn(command.input.shape, key)) return terminalOnly(`${command.name} --${key}`)
  const near = nearest(key, Object.keys(schema.shape))
  return badInput(
    command.name,
    `there is no field ${JSON.stringify(key.slice(0, 60))}${near ? `, did you mean ${near}?` : ''}`,
  )
}

const terminalOnly = (what: string) =>
  new WhetError({
    code: 'terminal-only',
    message: `${what} can name an executable, a plugin, a host or a file to replace: it is set in a file or at the terminal only.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { what },
  })

const foreignSkill = (skill: string) =>
  new WhetError({
    code: 'terminal-only',
    message: `${JSON.stringify(skill.slice(0, 100))} is no built-in skill, and a plugin of one's own is named in a file or at the terminal only. Built in: ${Object.keys(plugins).join(', ')}.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
  })

const badRun = (run: string) =>
  new WhetError({
    code: 'bad-run-name',
    message: `${JSON.stringify(run.slice(0, 100))} is not a run's name: write RUN or RUN:ROUND. The command \`runs\` lists the names.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { run: run.slice(0, 100) },
  })

const badInput = (command: string, why: string) =>
  new WhetError({
    code: 'bad-input',
    message: `${command}: ${why}.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { command },
  })
