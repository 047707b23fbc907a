import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { kinds } from '../src/commands/recommend.ts'
import { checks } from '../src/skill.ts'
import { folder, whet } from './cli-fixture.ts'
import { root } from './support/documents.ts'
import { newSkill } from './support/new-skill.ts'

/** A page, with some room. */
const page = 90
/** The tests of a new package: the contract's claims, and that the skill comes to life at all. */
const contractClaims = 1 + checks.filter(({ advice }) => !advice).length

test.each(kinds)(
  'a new skill like %s keeps the contract, plans a run, and no file is longer than a page or hides what to change',
  async (kind) => {
    const dir = await newSkill(await folder(), kind)
    const checked = await whet(dir, ['plugin', 'check', '--json'])
    expect(JSON.parse(checked.stdout)).toMatchObject({ plugin: 'my-own', failed: 0, advised: 0 })
    const planned = await whet(dir, ['run', '--plan', '--json'])
    expect([planned.code, planned.stderr]).toEqual([0, ''])
    const { stdout } = await whet(dir, ['data', 'generate', '--rows', '12', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ rejected: 0 })
    for (const file of (await readdir(dir)).filter((name) => name !== 'node_modules')) {
      const text = await readFile(path.join(dir, file), 'utf8')
      expect(text.split('\n').length).toBeLessThanOrEqual(page)
      expect(text).not.toMatch(/my-skill|"(SKILL|WHETSTONE|ZOD|VITEST)"/)
      if (!/^(package\.json|\.gitignore)$/.test(file)) expect(text, file).toMatch(/\b[Cc]hange\b/)
    }
  },
)

test('npm test of a new skill of each kind passes with nothing edited', async () => {
  const dir = await folder()
  for (const kind of kinds) {
    const { scripts } = JSON.parse(await readFile(path.join(await newSkill(dir, kind, kind), 'package.json'), 'utf8'))
    expect(scripts.test).toBe('vitest run')
  }
  // one vitest for the four of them, a project each: most of the time of `vitest run` is its own start
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const projects = `export default { test: { projects: ${JSON.stringify(kinds.map((kind) => `./${kind}`))} } }`
  await writeFile(path.join(dir, 'vitest.config.mjs'), projects)
  const { stdout } = await execa(process.execPath, [vitest, 'run', '--reporter=json'], { cwd: dir, reject: false })
  const { testResults } = JSON.parse(stdout) as {
    testResults: { name: string; status: string; assertionResults: { status: string }[] }[]
  }
  expect(testResults.map(({ name, status }) => [path.basename(path.dirname(name)), status]).sort()).toEqual(
    [...kinds].sort().map((kind) => [kind, 'passed']),
  )
  for (const { assertionResults } of testResults) expect(assertionResults.length).toBe(contractClaims)
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
