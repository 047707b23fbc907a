import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../src/core/config.ts'
import { Workspace } from '../src/core/workspace.ts'
import { resumeRun, startRun } from '../src/graph/engine.ts'
import { folder, whet } from './cli-fixture.ts'
import { toyStudents, toyTrainer } from './support/toy.ts'

const template = path.join(import.meta.dirname, '..', 'templates', 'plugin', 'declarative', 'skill.yaml')
const good = await readFile(template, 'utf8')
const withGold = (expression: string) => good.replace('person: "{person}" }', `person: ${JSON.stringify(expression)} }`)
const withCheck = (check: string) =>
  `${good}checks: { exact: { equals: $ }, kind: { equals: $.kind }, person: ${check}, format: { schema: true } }\n`

const project = async (text: string) => {
  const dir = await folder()
  await writeFile(path.join(dir, 'skill.yaml'), text)
  await writeFile(
    path.join(dir, 'whetstone.yaml'),
    'skill: ./skill.yaml\nevaluation: { dev: 12, gate: 12, sealed: 12 }\nloop: { rounds: 1, rows: 12 }\n',
  )
  return dir
}

test.each([
  ['a broken expression', withGold('= person +'), 'broken-expression', 'gold.person'],
  ['an unknown check', withCheck('{ regexx: x }'), 'unknown-key', 'did you mean "regex"?'],
  ['a pattern that could backtrack for ever', withCheck("{ regex: '(a+)+(?=b)' }"), 'broken-pattern', 'checks.person'],
  [
    'a schema that refers to itself',
    good.replace('person: { type: string }', 'person: { $ref: "#/properties/person" }'),
    'broken-schema',
    'refers to itself at #/properties/person',
  ],
])('%s is told by place and reason, in check and in run', async (_, text, code, words) => {
  const dir = await project(text)
  for (const line of [
    ['plugin', 'check', '--json'],
    ['run', '--plan', '--json'],
    ['run', '--json'],
  ]) {
    const { code: exit, stdout } = await whet(dir, line)
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } }
    expect([exit, error.code, error.message]).toEqual([2, code, expect.stringMatching(/skill\.yaml:\d+:\d+: /)])
    expect(error.message).toContain(words)
  }
})

const endless = '= ( $f := function($n) { $f($n + 1) }; $f(0) )'
const overrun = 'took more than 50 ms and was stopped'

test.each([
  ['gold', withGold(endless), 'gold-failed', `gold.person: ${overrun}`],
  [
    'a check',
    withCheck(`{ holds: ${JSON.stringify(endless.slice(2))} }`),
    'gold-fails',
    `checks.person.holds: ${overrun}`,
  ],
])(
  'an expression without end in %s is told by place and reason, and the run goes on once it is mended',
  async (_, text, code, words) => {
    const dir = await project(`${text}expressionMs: 50\n`)
    const checked = await whet(dir, ['plugin', 'check', '--json'])
    expect(checked.code).not.toBe(0)
    const placed = new RegExp(`skill\\.yaml:\\d+:\\d+: ${words.replaceAll('.', '\\.')}`)
    expect(checked.stdout).toMatch(placed)
    const workspace = Workspace.at(dir)
    const machines = { trainer: toyTrainer(), students: toyStudents([[]]) }
    const loaded = await loadConfig(path.join(dir, 'whetstone.yaml'))
    await expect(startRun({ workspace, loaded, machines })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(placed),
    })
    await writeFile(path.join(dir, 'skill.yaml'), good)
    const [run = ''] = await workspace.runs()
    expect(await resumeRun({ workspace, machines, run })).toMatchObject({ status: 'finished' })
  },
)

test('a file that is broken while its run is paused is told by place on resume, and the run goes on once it is mended', async () => {
  const dir = await project(good)
  const workspace = Workspace.at(dir)
  const loaded = await loadConfig(path.join(dir, 'whetstone.yaml'))
  const drain = new AbortController()
  const trainer = toyTrainer(() => drain.abort())
  const machines = { trainer, students: toyStudents([[]]) }
  expect(await startRun({ workspace, loaded, machines, drain: drain.signal })).not.toMatchObject({ status: 'finished' })
  const [run = ''] = await workspace.runs()
  await writeFile(path.join(dir, 'skill.yaml'), withGold('= person +'))
  await expect(resumeRun({ workspace, machines, run })).rejects.toMatchObject({
    code: 'broken-expression',
    message: expect.stringMatching(/skill\.yaml:\d+:\d+: gold\.person/),
  })
  await writeFile(path.join(dir, 'skill.yaml'), good)
  expect(await resumeRun({ workspace, machines, run })).toMatchObject({ status: 'finished' })
})
