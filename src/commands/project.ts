import path from 'node:path'
import { parseDocument } from 'yaml'
import { type LoadedConfig, loadConfig, parseConfig } from '../core/config.ts'
import { isWhetError, messageOf, WhetError } from '../core/errors.ts'
import { plugins } from '../plugins/index.ts'
import type { CommandContext } from './command.ts'
import type { Setting } from './forecast-text.ts'
import { splitOnce } from './inputs.ts'

/** The config that a command names, with its overrides. @throws {WhetError} exit 2, with every problem at once */
export const loadProject = async (
  input: { config: string; set?: readonly string[] },
  context: CommandContext,
): Promise<LoadedConfig> => {
  const loaded = await loadConfig(path.resolve(context.cwd, input.config), { plugins })
  const overrides = input.set ?? []
  if (overrides.length === 0) return loaded
  const text = overridden(loaded.text, overrides)
  try {
    return parseConfig(text, loaded.file, { plugins })
  } catch (error) {
    if (!isWhetError(error)) throw error
    throw new WhetError({
      code: error.code,
      message: `With ${overrides.map((each) => `--set ${each}`).join(' ')}: ${error.message}`,
      fixedBy: 'config',
      exit: error.exit,
      data: error.data,
      cause: error,
    })
  }
}

/** What the overrides change of the config, defaults filled in: before and after. @throws {WhetError} as loadProject */
export const settingsOf = async (
  { config, set = [] }: { config: string; set?: readonly string[] },
  context: CommandContext,
): Promise<Setting[]> => {
  if (set.length === 0) return []
  const [before, after] = [await loadProject({ config }, context), await loadProject({ config, set }, context)]
  const keys = [...new Set(set.map((each) => splitOnce(each, '=')[0] ?? ''))]
  return keys.map((key) => ({ key, before: valueAt(before.config, key), after: valueAt(after.config, key) }))
}

const valueAt = (of: unknown, key: string): unknown =>
  key.split('.').reduce((value, part) => (value as Record<string, unknown> | undefined)?.[part], of)

/** The YAML text with keys set; the run keeps this text as its config. Values are YAML: 1, true, [a, b], text. */
export const overridden = (text: string, overrides: readonly string[]): string => {
  const document = parseDocument(text)
  for (const override of overrides) {
    const [key = '', value] = splitOnce(override, '=')
    const parts = key.split('.')
    if (value === undefined || parts.some((part) => part === '')) throw badOverride(override, 'write KEY=VALUE')
    try {
      document.setIn(parts, parseDocument(value).toJS())
    } catch (cause) {
      throw badOverride(override, messageOf(cause))
    }
  }
  return document.toString()
}

const badOverride = (override: string, why: string) =>
  new WhetError({
    code: 'bad-override',
    message: `--set ${JSON.stringify(override)}: ${why}. A key is dotted as in the config, for example --set loop.uniform=1.`,
    fixedBy: 'config',
    exit: 2,
    data: { override },
  })
