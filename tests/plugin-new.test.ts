import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { kinds } from '../src/commands/recommend.ts'
import { folder, whet } from './cli-fixture.ts'

const root = path.join(import.meta.dirname, '..')

/** A page, with some room. */
const page = 90

/** A new package as `npm install` would leave it. */
const made = async (kind: string): Promise<string> => {
  const dir = await folder()
  const { code, stdout } = await whet(dir, ['plugin', 'new', 'my-own', '--like', kind, '--json'])
  expect([code, JSON.parse(stdout).kind]).toEqual([0, kind])
  const modules = path.join(dir, 'my-own', 'node_modules')
  await mkdir(modules)
  await symlink(root, path.join(modules, 'whetstone'))
  for (const name of ['zod', 'vitest']) await symlink(path.join(root, 'node_modules', name), path.join(modules, name))
  return path.join(dir, 'my-own')
}

test.each(kinds)(
  'a new skill like %s keeps the contract, plans a run, and no file is longer than a page',
  async (kind) => {
    const dir = await made(kind)
    const checked = await whet(dir, ['plugin', 'check', '--json'])
    expect(JSON.parse(checked.stdout)).toMatchObject({ plugin: 'my-own', failed: 0, advised: 0 })
    const planned = await whet(dir, ['run', '--plan', '--json'])
    expect([planned.code, planned.stderr]).toEqual([0, ''])
    const { stdout } = await whet(dir, ['data', 'generate', '--rows', '12', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ rejected: 0 })
    for (const file of (await readdir(dir)).filter((name) => name !== 'node_modules')) {
      const text = await readFile(path.join(dir, file), 'utf8')
      expect(text.split('\n').length).toBeLessThanOrEqual(page)
      expect(text).not.toMatch(/my-skill|"(WHETSTONE|ZOD|VITEST)"/)
    }
  },
)

test.each(kinds)('npm test of a new skill like %s passes with nothing edited', async (kind) => {
  const dir = await made(kind)
  const { scripts } = JSON.parse(await readFile(path.join(dir, 'package.json'), 'utf8'))
  expect(scripts.test).toBe('vitest run')
  const vitest = path.join(dir, 'node_modules', 'vitest', 'vitest.mjs')
  const { exitCode, all } = await execa(process.execPath, [vitest, 'run'], { cwd: dir, all: true, reject: false })
  expect([exitCode, exitCode === 0 ? '' : all]).toEqual([0, ''])
})

test('a description is answered with the nearest way, its reasons and the comparison', async () => {
  const dir = await folder()
  const { code, stdout } = await whet(dir, [
    'plugin',
    'new',
    '--describe',
    'answer questions from our handbook and cite it',
  ])
  expect(code).toBe(0)
  expect(stdout).toContain('Nearest: agentic-search')
  expect(stdout).toContain('it stands on documents (handbook)')
  expect(stdout).toContain('whet plugin new NAME --like agentic-search')
})

test.each([
  [[], 'name-needed'],
  [['My Skill'], 'bad-name'],
  [['../up'], 'bad-name'],
])('%j is refused', async (words, code) => {
  const { code: exit, stdout } = await whet(await folder(), ['plugin', 'new', ...words, '--json'])
  expect([exit, JSON.parse(stdout).error.code]).toEqual([2, code])
})

test('a folder that is in use is left alone, and so is whetstone itself', async () => {
  const dir = await folder()
  await whet(dir, ['plugin', 'new', 'one'])
  const again = await whet(dir, ['plugin', 'new', 'one', '--json'])
  expect(JSON.parse(again.stdout).error.code).toBe('folder-not-empty')
  const inside = await whet(root, ['plugin', 'new', 'one', '--json'])
  expect(JSON.parse(inside.stdout).error.code).toBe('inside-whetstone')
})
