import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newRunName, Workspace } from './workspace.ts'

const freshFolder = () => mkdtempSync(join(tmpdir(), 'whet-workspace-'))
const withRuns = (...names: string[]) => {
  const folder = freshFolder()
  for (const name of names) mkdirSync(join(folder, '.whetstone', 'runs', name), { recursive: true })
  return Workspace.at(folder)
}

test('a run name tells skill and minute, and two are not alike', () => {
  const date = new Date('2026-11-22T21:01:30Z')
  expect(newRunName('tool-calling', date)).toMatch(/^tool-calling-20261122-2101-[0-9a-f]{4}$/)
  expect(new Set(Array.from({ length: 20 }, () => newRunName('a', date))).size).toBeGreaterThan(15)
})

test.each(['@scope/My Skill', './plugins/my_skill.ts', '../..', '', '/'])(
  'a skill named %j gives a usable run name',
  (skill) => {
    expect(() => new Workspace('/w').run(newRunName(skill, new Date()))).not.toThrow()
  },
)

test.each([
  '..',
  '.',
  '',
  'a/b',
  'a\\b',
  '../../etc',
  '/etc',
  'a..b',
  '.hidden',
  'a\0b',
  'a b',
  '-rf',
  'x'.repeat(200),
])('the run name %j leaves no workspace: it is refused', (name) => {
  expect(() => new Workspace('/w').runDir(name)).toThrow(expect.objectContaining({ code: 'bad-run-name', exit: 2 }))
})

test('a round’s files lie where the design puts them', () => {
  const round = new Workspace('/w').run('r').round(1)
  expect(round.dir).toBe('/w/runs/r/round-01')
  expect(round.evaluation('gate')).toBe('/w/runs/r/round-01/eval/gate.jsonl')
})

test('preparing a workspace twice is preparing it once', async () => {
  const folder = freshFolder()
  await Workspace.at(folder).prepare()
  await Workspace.at(folder).prepare()
  expect(JSON.parse(readFileSync(join(folder, '.whetstone', 'workspace.json'), 'utf8'))).toEqual({ version: 1 })
  expect(readFileSync(join(folder, '.whetstone', '.gitignore'), 'utf8')).toBe('*\n')
})

test.each([
  ['{"version": 2}', 'newer-workspace'],
  ['{"version": "x"}', 'broken-workspace'],
  ['{', 'broken-workspace'],
])('a workspace whose version file says %s is refused', (content, code) => {
  const folder = freshFolder()
  mkdirSync(join(folder, '.whetstone'))
  writeFileSync(join(folder, '.whetstone', 'workspace.json'), content)
  expect(() => Workspace.at(folder)).toThrow(expect.objectContaining({ code, exit: 4 }))
})

test('runs are listed from the oldest to the latest, whatever their skill', async () => {
  const workspace = withRuns('a-20270101-0000-aaaa', 'z-20260101-0000-aaaa', 'm-20260601-1200-bbbb')
  expect(await workspace.runs()).toEqual(['z-20260101-0000-aaaa', 'm-20260601-1200-bbbb', 'a-20270101-0000-aaaa'])
})

test('a workspace that does not exist yet has no runs', async () => {
  expect(await Workspace.at(freshFolder()).runs()).toEqual([])
})

test('without a name the latest run is found', async () => {
  const workspace = withRuns('a-20270101-0000-aaaa', 'z-20260101-0000-aaaa')
  expect((await workspace.find()).name).toBe('a-20270101-0000-aaaa')
})

test('a run that is not there is told with the nearest one', async () => {
  const workspace = withRuns('tool-calling-20260101-0000-aaaa')
  await expect(workspace.find('tool-calling-20260101-0000-aaab')).rejects.toMatchObject({
    code: 'unknown-run',
    exit: 2,
    message: expect.stringContaining('Did you mean "tool-calling-20260101-0000-aaaa"?'),
  })
})

test('where there is no run at all, it says how to start one', async () => {
  await expect(withRuns().find()).rejects.toMatchObject({
    code: 'unknown-run',
    message: expect.stringContaining('whet run'),
  })
})
