import type { ZodType } from 'zod'
import { exitCodes, WhetError } from './errors.ts'
import { redact } from './secrets.ts'
import { YamlFile } from './yaml-file.ts'
import { type Problem, schemaProblems } from './yaml-problems.ts'

/**
 * Reads a YAML text by a schema, for files other than the config (rubrics, phrase packs).
 * @param file  only named, in messages
 * @throws WhetError (exit 2) with the code of the first problem and all of them in `data.problems`
 */
export const parseYaml = <T>(text: string, file: string, schema: ZodType<T>): T => {
  const yaml = new YamlFile(text)
  const problems = yaml.readable ? [...yaml.problems, ...schemaProblems(yaml, schema, yaml.value())] : yaml.problems
  if (problems.length > 0) throw yamlError(file, text, problems)
  return schema.parse(yaml.value())
}

/** Values of keys with such names are not shown, whatever they look like. */
const passwords = /((?:api_?key|secret|password)\w*["']?\s*:\s*)[^\s,}]+/gi

const mostShown = 20

/** A wrong file as one error that tells every problem with its line. Its code is the first problem's; exit 2. */
export const yamlError = (file: string, text: string, found: readonly Problem[]): WhetError => {
  const problems = inOrder(found)
  const lines = text.split(/\r?\n/)
  const told = problems.slice(0, mostShown).map((problem) => tell(file, lines, problem))
  if (problems.length > mostShown) told.push(`and ${problems.length - mostShown} more`)
  const heading = problems.length === 1 ? '' : `${file} has ${problems.length} problems.\n`
  return new WhetError({
    code: problems[0]!.code,
    message: heading + told.join('\n'),
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { file, problems },
  })
}

/** From the top of the file down; a key that two checks have found is told once. */
const inOrder = (problems: readonly Problem[]): Problem[] => {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column)
  const named = new Set(sorted.filter(({ path }) => path !== '').map(({ line }) => line))
  return sorted.filter(({ code, path, line }) => code !== 'key-in-config' || path !== '' || !named.has(line))
}

const longestLine = 120

const tell = (file: string, lines: readonly string[], { path, line, column, message }: Problem): string => {
  const shown = redact(lines[line - 1] ?? '')
    .replace(passwords, '$1…')
    .replace(/\t/g, ' ')
  const number = String(line)
  const pointer = `${' '.repeat(number.length)} | ${' '.repeat(Math.min(column, longestLine) - 1)}^`
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}\n${number} | ${shown.slice(0, longestLine)}\n${pointer}`
}
