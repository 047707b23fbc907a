import path from 'node:path'
import { z } from 'zod'
import { WhetError } from '../core/errors.ts'
import { Workspace } from '../core/workspace.ts'
import type { CommandContext } from './command.ts'

export const defaultWorkspace = '.whetstone'

/** Fields that several commands share. */
export const configField = z
  .string()
  .default('whetstone.yaml')
  .describe('the config file')
  .meta({ short: 'c', value: 'FILE', remote: 'path' })
export const denseField = z
  .boolean()
  .default(false)
  .describe('search by meaning too, with a small model of a package where the config names none (options.corpus.dense)')
  .meta({ remote: false })
export const workspaceField = z
  .string()
  .default(defaultWorkspace)
  .describe('the folder of runs and models')
  .meta({ value: 'DIR' })
export const runField = z
  .string()
  .optional()
  .describe('a run, as `whet runs` names it; the latest one by default')
  .meta({ remote: 'run' })
export const setField = z
  .array(z.string())
  .default([])
  .describe('override a key of the config, as in loop.uniform=1; may be given several times')
  .meta({ value: 'KEY=VALUE', remote: 'settings' })

/** @throws {WhetError} newer-workspace · broken-workspace */
export const workspaceOf = (input: { workspace: string }, context: CommandContext): Workspace => {
  const root = path.resolve(context.cwd, input.workspace)
  return path.basename(root) === defaultWorkspace ? Workspace.at(path.dirname(root)) : new Workspace(root)
}

/** `RUN` or `RUN:ROUND`, as a person types it. @throws {WhetError} bad-run-name */
export const parseRunRound = (text: string): { run: string; round?: number } => {
  const match = /^([^:]+)(?::(\d{1,4}))?$/.exec(text)
  if (match?.[1]) return match[2] === undefined ? { run: match[1] } : { run: match[1], round: Number(match[2]) }
  throw new WhetError({
    code: 'bad-run-name',
    message: `${JSON.stringify(text.slice(0, 100))} names no run. Write RUN or RUN:ROUND; \`whet runs\` lists the runs.`,
    fixedBy: 'config',
    exit: 2,
    data: { run: text.slice(0, 100) },
  })
}

/** `--where tool=read_file --where kind=call,ask` as tags. @throws {WhetError} bad-input */
export const parseTags = (texts: readonly string[]): Record<string, string[]> => {
  const tags: Record<string, string[]> = {}
  for (const text of texts) {
    const [dimension = '', values = ''] = splitOnce(text, '=')
    if (!dimension || !values)
      throw new WhetError({
        code: 'bad-input',
        message: `--where ${JSON.stringify(text)}: write DIMENSION=VALUE, as in --where kind=ask.`,
        fixedBy: 'config',
        exit: 2,
      })
    tags[dimension] = [...(tags[dimension] ?? []), ...values.split(',')]
  }
  return tags
}

/** The two sides of the first `separator`. */
export const splitOnce = (text: string, separator: string): [string, string | undefined] => {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}

/** A command line to type next, with the workspace where it is not the usual one. */
export const nextLine = (words: string, input: { workspace: string }): string =>
  `whet ${words}${input.workspace === defaultWorkspace ? '' : ` --workspace ${input.workspace}`}`
