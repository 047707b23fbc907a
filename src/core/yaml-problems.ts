/** Turns what a schema says of a value into problems that a person can find in the file. */
import type { ZodType, z } from 'zod'
import { nearest } from './nearest.ts'
import { inputSchema, type JsonSchema, keysAt, meaningAt, sectionsWith } from './schema-keys.ts'
import { redact } from './secrets.ts'
import type { YamlFile } from './yaml-file.ts'

export type ProblemCode =
  | 'broken-yaml'
  | 'duplicate-key'
  | 'unknown-key'
  | 'missing-key'
  | 'wrong-value'
  | 'key-in-config'
  | 'broken-expression'
  | 'broken-pattern'
  | 'broken-path'
  | 'broken-template'
  | 'broken-schema'
  | 'unknown-slot'
  | 'too-few-wordings'

/** What is wrong with a YAML file, and where. */
export interface Problem {
  readonly code: ProblemCode
  readonly path: string // dotted: loop.rounds
  readonly line: number // from 1
  readonly column: number // from 1
  readonly message: string
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/**
 * All problems of one section, none where it fits.
 * @param prefix  where the section stands in the file
 */
export const schemaProblems = (yaml: YamlFile, schema: ZodType, value: unknown, prefix: Path = []): Problem[] => {
  const checked = schema.safeParse(value)
  if (checked.success) return []
  const keys = inputSchema(schema)
  return flatten(checked.error.issues).flatMap((issue) => asProblems(issue, yaml, keys, prefix))
}

/** The issues of the alternative that was most likely meant, in place of "no alternative fits". */
const flatten = (issues: readonly Issue[], prefix: Path = []): Issue[] =>
  issues.flatMap((issue) => {
    const placed = { ...issue, path: [...prefix, ...issue.path] } as Issue
    if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input' || issue.errors.length === 0)
      return [placed]
    return flatten(likeliest(issue.errors), placed.path)
  })

const likeliest = (branches: readonly (readonly Issue[])[]): readonly Issue[] => {
  const misfit = (issues: readonly Issue[]) =>
    issues.length + (issues.some((issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys') ? 1000 : 0)
  return [...branches].sort((a, b) => misfit(a) - misfit(b))[0] ?? []
}

const asProblems = (issue: Issue, yaml: YamlFile, keys: JsonSchema, prefix: Path): Problem[] => {
  const path = [...prefix, ...issue.path]
  const problem = (code: ProblemCode, at: Path, part: 'key' | 'value', message: string): Problem => ({
    code,
    path: at.map(String).join('.'),
    ...yaml.place(at, part),
    message,
  })
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) =>
      problem('unknown-key', [...path, key], 'key', unknownKey(key, issue.path, keys, prefix)),
    )
  const value = yaml.value(path)
  if (value === undefined && issue.code === 'invalid_type') {
    const meaning = meaningAt(keys, issue.path)
    return [problem('missing-key', path, 'key', `is required${meaning ? `: ${meaning}` : ''}`)]
  }
  return [problem('wrong-value', path, 'value', wrongValue(issue, value))]
}

const unknownKey = (key: string, section: Path, keys: JsonSchema, prefix: Path): string => {
  const known = keysAt(keys, section)
  const guess = nearest(key, known)
  if (guess !== undefined) return `unknown key; did you mean "${guess}"?`
  const [elsewhere] = sectionsWith(keys, key)
  if (elsewhere !== undefined) {
    const place = [...prefix.map(String), ...(elsewhere === '' ? [] : [elsewhere])].join('.')
    return place === ''
      ? 'unknown key here; it belongs at the top level'
      : `unknown key here; it belongs under ${place}`
  }
  return `unknown key; here there ${known.length === 0 ? 'is none' : `are ${known.join(', ')}`}`
}

const wrongValue = (issue: Issue, value: unknown): string => {
  const found = `found ${describe(value)}`
  if (issue.code === 'invalid_type') return `expected ${kinds[issue.expected] ?? `a ${issue.expected}`}, ${found}`
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    const guess = typeof value === 'string' ? nearest(value, values) : undefined
    return `expected ${values.length === 1 ? values[0] : `one of ${values.join(', ')}`}, ${found}${guess ? `; did you mean ${guess}?` : ''}`
  }
  if (issue.code === 'too_small')
    return `expected ${bound(issue.inclusive ? 'at least' : 'more than', issue.minimum, issue.origin)}, ${found}`
  if (issue.code === 'too_big')
    return `expected ${bound(issue.inclusive ? 'at most' : 'less than', issue.maximum, issue.origin)}, ${found}`
  return issue.message.replace(/^Invalid input: /, '')
}

const bound = (words: string, limit: number | bigint, origin: string): string => {
  if (origin === 'string') return limit === 1n || limit === 1 ? 'some text' : `${words} ${limit} characters`
  return `${words} ${limit}${origin === 'array' || origin === 'set' ? ' entries' : ''}`
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  object: 'a section',
  record: 'a section',
  array: 'a list',
}

const longest = 40

const describe = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a section'
  if (typeof value !== 'string') return String(value)
  const text = redact(value)
  return `the text ${JSON.stringify(text.length > longest ? `${text.slice(0, longest)}…` : text)}`
}
