import { createHash } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { baseOf, Config, checkOptions, configReference, loadConfig, parseConfig } from './config.ts'
import { isWhetError, type WhetError } from './errors.ts'

const tail = 'abcDEF0123456789abcDEF0123456789'
const parse = (text: string, plugins = {}) => parseConfig(text, 'whetstone.yaml', { plugins })
const refused = (text: string, plugins = {}): WhetError => {
  try {
    parse(text, plugins)
  } catch (error) {
    if (isWhetError(error)) return error
    throw error
  }
  throw new Error('this config was accepted')
}
const problems = (text: string, plugins = {}) =>
  refused(text, plugins).data.problems as { path: string; line: number; column: number; message: string }[]

test('a config that names its skill is enough: the rest has the defaults of interfaces.md', () => {
  expect(parse('skill: tool-calling').config).toMatchObject({
    skill: 'tool-calling',
    options: {},
    student: { base: 'smollm2-135m', maxTokens: 512 },
    evaluation: { dev: 60, gate: 120, sealed: 120 },
    loop: { rounds: 3, rows: 200, replay: 0.3, uniform: 0.25, maxShare: 0.4, plateau: 2, levers: true },
    train: { sft: {}, kto: { enabled: false }, grpo: { enabled: false } },
    budget: { minutes: 60, tokens: 0, money: 0, diskGb: 10 },
    gate: { alpha: 0.05 },
    roles: { cache: true },
    approve: 'never',
    executor: 'local',
    trackers: [],
    seed: 1,
  })
})

test('a section given in part keeps its other defaults', () => {
  expect(parse('skill: a\nloop: { rounds: 1 }').config.loop).toMatchObject({ rounds: 1, rows: 200 })
})

test('a loaded config carries its text, its hash and its absolute path', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'whet-config-')), 'whetstone.yaml')
  writeFileSync(file, 'skill: a\n')
  const loaded = await loadConfig(file)
  expect(loaded).toMatchObject({ file, text: 'skill: a\n' })
  expect(loaded.sha256).toBe(createHash('sha256').update('skill: a\n').digest('hex'))
})

test('a missing file says how to make one', async () => {
  await expect(loadConfig('/no/such/whetstone.yaml')).rejects.toMatchObject({
    code: 'config-missing',
    exit: 2,
    message: expect.stringContaining('whet init'),
  })
})

test('a folder in the place of the file cannot be read, and is told so', async () => {
  await expect(loadConfig(tmpdir())).rejects.toMatchObject({ code: 'config-unreadable', exit: 2 })
})

test('an unknown key is told with its line, its column and the right key', () => {
  const error = refused('skill: a\nloop:\n  round: 3\n')
  expect(error).toMatchObject({ code: 'unknown-key', exit: 2, fixedBy: 'config' })
  expect(error.data.problems).toMatchObject([
    { path: 'loop.round', line: 3, column: 3, message: 'unknown key; did you mean "rounds"?' },
  ])
  expect(error.message).toContain('whetstone.yaml:3:3: loop.round')
})

test('unknown keys are found at any depth', () => {
  const text =
    'skill: a\nlop: {}\ntrain:\n  sft:\n    learning_rate: 1\nroles:\n  teacher: { model: x, baseurl: "http://x" }\n'
  expect(problems(text).map(({ path, message }) => `${path} ${/"(.*)"/.exec(message)?.[1]}`)).toEqual([
    'lop loop',
    'train.sft.learning_rate learningRate',
    'roles.teacher.baseurl baseUrl',
  ])
})

test('a key in the wrong section is told where it belongs', () => {
  expect(problems('skill: a\nrank: 8\n')).toMatchObject([{ message: 'unknown key here; it belongs under train.sft' }])
  expect(problems('skill: a\nloop: { approve: never }\n')).toMatchObject([
    { message: expect.stringContaining('at the top level') },
  ])
})

test('a wrong value is told with its path, its place, what was expected and what was found', () => {
  const text = 'skill: a\nloop:\n  rows: many\n  replay: 2\n  rounds: 1.5\n  plateau:\nseed: [1]\napprove: nevr\n'
  expect(problems(text)).toMatchObject([
    { path: 'loop.rows', line: 3, column: 9, message: 'expected a number, found the text "many"' },
    { path: 'loop.replay', line: 4, column: 11, message: 'expected at most 1, found 2' },
    { path: 'loop.rounds', line: 5, column: 11, message: 'expected a whole number, found 1.5' },
    { path: 'loop.plateau', line: 6, message: 'expected a number, found nothing' },
    { path: 'seed', line: 7, message: 'expected a number, found a list' },
    { path: 'approve', line: 8, message: expect.stringContaining('did you mean never?') },
  ])
})

test('all kinds of problems are told at once, from the top of the file down', () => {
  const text = 'seeds: 1\nloop: { rows: x, rows: 2 }\nbudget: { minutes: -1 }\n'
  expect(problems(text).map(({ line }) => line)).toEqual([1, 1, 2, 3])
})

test('an empty file lacks a skill', () => {
  expect(refused('')).toMatchObject({ code: 'missing-key', data: { problems: [{ path: 'skill' }] } })
})

test('a key that stands twice is told at its second place', () => {
  const error = refused('skill: a\nloop:\n  rows: 1\n  rows: 2\n')
  expect(error.code).toBe('duplicate-key')
  expect(error.data.problems).toMatchObject([{ path: 'rows', line: 4, column: 3 }])
})

test.each([
  ['an open bracket', 'skill: a\nloop: {rounds: 1\nseed: 3\n', 3],
  ['a tab', 'skill: a\n\tseed: 1\n', 2],
  ['an open quote', 'skill: "a\nseed: 1\n', 2],
  ['an alias without its anchor', 'skill: *a\n', 1],
  ['a tag', 'skill: !run x\n', 1],
  ['two documents', 'skill: a\n---\nskill: b\n', 2],
])('broken YAML (%s) is told with file, line, column and the line itself', (_, text, line) => {
  const error = refused(text)
  expect(error).toMatchObject({ code: 'broken-yaml', exit: 2 })
  expect(error.message).toMatch(/whetstone\.yaml:\d+:\d+: /)
  expect((error.data.problems as { line: number }[])[0]!.line).toBe(line)
  expect(error.message).toMatch(/\n\d+ \| .+\n *\| *\^$/)
})

test('aliases that would unfold without end are refused', () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `a${level + 1}: &a${level + 1} [${Array(10).fill(`*a${level}`).join(', ')}]`,
  )
  expect(refused(`skill: x\na0: &a0 [1]\n${levels.join('\n')}`).code).toBe('broken-yaml')
})

test.each([
  ['under apiKeyEnv', `skill: a\nstudent: { apiKeyEnv: sk-${tail} }`],
  ['of no known issuer under apiKeyEnv', 'skill: a\nstudent: { apiKeyEnv: sk-1 }'],
  ['in the options', `skill: a\noptions: { env: { TOKEN: hf_${tail} } }`],
  ['in a comment', `skill: a\n# sk-${tail}`],
  ['under an invented name', `skill: a\nstudent: { apiKey: sk-${tail} }`],
  ['in broken YAML', `skill: a\nstudent: { apiKey: sk-${tail}`],
])('a key %s is refused, and never shown', (_, text) => {
  const error = refused(text)
  expect(error.exit).toBe(2)
  expect(JSON.stringify(error) + error.message).not.toContain(tail)
})

test('the name of an environment variable is what apiKeyEnv takes', () => {
  expect(parse('skill: a\nstudent: { apiKeyEnv: OPENAI_API_KEY }').config.student.apiKeyEnv).toBe('OPENAI_API_KEY')
  expect(problems('skill: a\nstudent: { apiKeyEnv: "MY KEY" }')).toMatchObject([{ path: 'student.apiKeyEnv' }])
})

test.each(['local', '{ ray: { address: "http://head:8265" } }'])('the executor may be %s', (executor) => {
  expect(() => parse(`skill: a\nexecutor: ${executor}`)).not.toThrow()
})

test('a choice is told by the alternative that was meant', () => {
  expect(problems('skill: a\nexecutor: { ray: { adress: x, address: "http://head:8265" } }')).toMatchObject([
    { message: 'unknown key; did you mean "address"?' },
  ])
  expect(problems('skill: a\nexecutor: slurm')).toMatchObject([
    { message: 'expected `local`, or `ray: { address: ... }`' },
  ])
})

const skill = {
  options: z.strictObject({
    catalog: z.union([z.strictObject({ command: z.string() }), z.strictObject({ file: z.string() })]),
    shown: z.int().default(4),
  }),
}

test('a skill’s options are told with their lines, in one go with the rest', () => {
  const text = 'skill: mine\noptions:\n  catalog: { file: x, fle: y }\n  shwn: 3\nseed: x\n'
  expect(problems(text, { mine: skill })).toMatchObject([
    { path: 'options.catalog.fle', line: 3, column: 23, message: 'unknown key; did you mean "file"?' },
    { path: 'options.shwn', line: 4, column: 3, message: 'unknown key; did you mean "shown"?' },
    { path: 'seed', line: 5 },
  ])
})

test('options checked later are told in the same way, and come back with their defaults', () => {
  const loaded = parse('skill: ./mine.ts\noptions:\n  catalog: { file: x }\n')
  expect(checkOptions(loaded, skill.options)).toEqual({ catalog: { file: 'x' }, shown: 4 })
  const wrong = parse('skill: ./mine.ts\noptions:\n  catalog: 3\n')
  expect(() => checkOptions(wrong, skill.options)).toThrow(
    expect.objectContaining({
      code: 'wrong-value',
      data: expect.objectContaining({ problems: [expect.objectContaining({ line: 3, column: 12 })] }),
    }),
  )
})

test('options that a skill needs and the file lacks are told', () => {
  expect(problems('skill: mine\n', { mine: skill })).toMatchObject([
    { path: 'options.catalog', message: expect.stringContaining('required') },
  ])
})

test('the reference tells every key with its meaning', () => {
  const rows = configReference().split('\n').slice(2, -1)
  expect(rows.filter((row) => / \| *\|$/.test(row))).toEqual([])
  expect(rows).toContain(
    '| `loop.rounds` | whole number from 0 | `3` | most rounds; 0: the untouched student is measured, and nothing is trained |',
  )
  for (const key of Object.keys(Config.shape)) expect(rows.join('\n')).toContain(`| \`${key}\` |`)
})

test('a base that is a path lies beside the config, any other name is left alone', () => {
  const base = (written: string) =>
    baseOf(parseConfig(`skill: toy\nstudent: { base: ${written} }\n`, '/home/me/project/whetstone.yaml'))
  expect([base('./tiny'), base('../models/tiny'), base('smollm2-135m'), base('org/name'), base('/abs')]).toEqual([
    '/home/me/project/tiny',
    '/home/me/models/tiny',
    'smollm2-135m',
    'org/name',
    '/abs',
  ])
})

test.each([
  ['student: { replicas: ["http://b:8000"] }', 'student.replicas', /go with `url`/],
  ['student: { url: "http://a:8000", replicas: ["http://a:8000/v1"] }', 'student.replicas.0', /stands here already/],
  [
    'student: { url: "http://a:8000", replicas: ["http://b:8000", "http://b:8000/"] }',
    'student.replicas.1',
    /stands here already/,
  ],
  ['student: { url: "http://a:8000", replicas: [b] }', 'student.replicas.0', /expected an http\(s\) address/],
  ['student: { url: "http://a:8000", replicas: http://b }', 'student.replicas', /expected a list/],
  [
    'roles: { judge: { model: m, baseUrl: "http://a/v1", replicas: ["http://a/v1/"] } }',
    'roles.judge.replicas.0',
    /stands here already/,
  ],
])('replicas that cannot be right are refused: %s', (text, path, message) => {
  expect(problems(`skill: a\n${text}`)).toMatchObject([{ path, message: expect.stringMatching(message) }])
})
