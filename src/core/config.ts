/** Reads whetstone.yaml. Whatever is wrong in it is told at once, each with its line and column. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { ZodType } from 'zod'
import { Config } from './config-schema.ts'
import { exitCodes, messageOf, WhetError } from './errors.ts'
import { yamlError } from './yaml-error.ts'
import { YamlFile } from './yaml-file.ts'
import { type Problem, schemaProblems } from './yaml-problems.ts'

export { configReference } from './config-reference.ts'
export { Config } from './config-schema.ts'
export type { Problem, ProblemCode } from './yaml-problems.ts'

export interface LoadedConfig {
  readonly config: Config
  readonly file: string // absolute
  readonly text: string // as it stands in the file
  readonly sha256: string // of the text, hexadecimal
}

/**
 * Reads and checks a config file.
 * @param options.plugins  where the skill is one of these, its options are checked in the same go
 * @throws WhetError, all with exit 2: 'config-missing', 'config-unreadable', or the code of the first problem ('broken-yaml', 'duplicate-key',
 *   'unknown-key', 'missing-key', 'wrong-value', 'key-in-config') with all of them in `data.problems`
 */
export const loadConfig = async (
  file: string,
  options: { plugins?: Readonly<Record<string, { readonly options: ZodType }>> } = {},
): Promise<LoadedConfig> => {
  const text = await readText(file)
  return parseConfig(text, file, options)
}

/** As `loadConfig`, for a text that is already read. @param file only named, in messages and in the result */
export const parseConfig = (
  text: string,
  file: string,
  options: { plugins?: Readonly<Record<string, { readonly options: ZodType }>> } = {},
): LoadedConfig => {
  const yaml = new YamlFile(text)
  const problems = [...yaml.problems]
  if (yaml.readable) {
    const content = yaml.value() ?? {} // an empty file lacks what is required
    problems.push(...schemaProblems(yaml, Config, content))
    const skill = yaml.value(['skill'])
    const plugin =
      typeof skill === 'string' && Object.hasOwn(options.plugins ?? {}, skill) ? options.plugins?.[skill] : undefined
    if (plugin) problems.push(...optionsProblems(yaml, plugin.options))
  }
  if (problems.length > 0) throw yamlError(file, text, problems)
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { config: Config.parse(yaml.value()), file: resolve(file), text, sha256 }
}

/**
 * The skill's own section, checked by the skill's schema and told in the same way as the rest.
 * @throws WhetError as `loadConfig`
 */
export const checkOptions = <T>(loaded: LoadedConfig, schema: ZodType<T>): T => {
  const problems = optionsProblems(new YamlFile(loaded.text), schema)
  if (problems.length > 0) throw yamlError(loaded.file, loaded.text, problems)
  return schema.parse(loaded.config.options)
}

const optionsProblems = (yaml: YamlFile, schema: ZodType): Problem[] => {
  const options = yaml.value(['options']) ?? {}
  // another kind of value is the config's own problem and told there
  return typeof options === 'object' && !Array.isArray(options)
    ? schemaProblems(yaml, schema, options, ['options'])
    : []
}

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new WhetError({
      code: missing ? 'config-missing' : 'config-unreadable',
      message: missing
        ? `There is no ${file}. Run \`whet init\` to make one, or name another with -c FILE.`
        : `${file} cannot be read (${messageOf(cause)}). Name a file that this user may read with -c FILE.`,
      fixedBy: 'config',
      exit: exitCodes.usage,
      data: { file },
      cause,
    })
  }
}

/** The base as it is to be looked for: `./my-model` lies beside the config, wherever the command is typed. */
export const baseOf = ({ config, file }: Pick<LoadedConfig, 'config' | 'file'>): string =>
  /^\.\.?[/\\]/.test(config.student.base) ? resolve(dirname(file), config.student.base) : config.student.base
