import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseConfig } from '../src/core/config.ts'
import type { AnySkill } from '../src/core/contract.ts'
import { guarded } from '../src/core/guard.ts'
import { Workspace } from '../src/core/workspace.ts'
import { resumeRun, startRun } from '../src/graph/engine.ts'
import { checkPlugin } from '../src/testing/plugin-suite.ts'
import { folder, whet } from './cli-fixture.ts'
import { toySkill, toyStudents, toyTrainer } from './support/toy.ts'

const stallMs = 400
const good = toySkill() as AnySkill
/** The toy skill with a part of it broken. */
const broken = (change: object): AnySkill => ({ ...good, ...change })

const itemsWith = (change: (item: { id: string; tags: object }) => object) => ({
  async *generate(...args: Parameters<AnySkill['generate']>) {
    for await (const item of good.generate(...args)) yield { ...item, ...change(item) }
  },
})
let calls = 0

const plugins: Readonly<Record<string, readonly [change: object, code: string, words: string]>> = {
  'throws in generate': [
    {
      // biome-ignore lint/correctness/useYield: it breaks before
      async *generate() {
        throw new TypeError('no such word')
      },
    },
    'plugin-failed',
    'generate of the skill toy threw: no such word (at bad-plugins.test.ts:',
  ],
  'throws in define': [
    { define: () => Promise.reject(new Error('no file')) },
    'plugin-failed',
    'define of the skill toy threw: no file',
  ],
  'hangs in generate': [
    {
      async *generate() {
        await new Promise(() => {})
      },
    },
    'plugin-hangs',
    'generate of the skill toy gave no answer within 0.4 s',
  ],
  'hangs in grade': [
    { grade: () => new Promise(() => {}) },
    'plugin-hangs',
    'grade of the skill toy gave no answer within 0.4 s',
  ],
  'yields what is no item': [
    {
      async *generate() {
        yield 'item'
      },
    },
    'plugin-shape',
    'generate of the skill toy gave "item" in place of an item',
  ],
  'grades by a number': [{ grade: async () => 1 }, 'plugin-shape', 'grade of the skill toy gave 1 in place of a grade'],
  'names an undeclared tag': [
    itemsWith(() => ({ tags: { kind: ['purple'] } })),
    'plugin-shape',
    'kind "purple", which dimensions() does not declare',
  ],
  'leaks between splits': [
    itemsWith(() => ({ family: 'the-same' })),
    'split-leak',
    'the family "the-same", which dev has too',
  ],
  'is not deterministic': [
    itemsWith(({ id }) => {
      calls += 1
      return { id: `${id}-${calls}` }
    }),
    'plugin-unsteady',
    'other items of the same seed',
  ],
  'has a gold that fails': [
    { gold: () => ({ role: 'assistant', content: 'nonsense' }) },
    'gold-fails',
    'right: said "nonsense"',
  ],
}

test.each(Object.entries(plugins))(
  'a plugin that %s: the run says so, and goes on once it is mended',
  async (_, [change, code, words]) => {
    const dir = await folder()
    const workspace = new Workspace(path.join(dir, '.whetstone'))
    const text = 'skill: toy\nevaluation: { dev: 12, gate: 12, sealed: 12 }\nloop: { rounds: 1, rows: 12 }\n'
    const loaded = parseConfig(text, path.join(dir, 'whetstone.yaml'))
    await writeFile(loaded.file, text)
    const machines = { trainer: toyTrainer(), students: toyStudents([[], ['plain', 'loud', 'twice']]) }
    const plugin = guarded(broken(change), { stallMs })
    await expect(startRun({ workspace, loaded, machines, plugin })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    })
    const [run = ''] = await workspace.runs()
    expect(await resumeRun({ workspace, machines, plugin: guarded(good), run })).toMatchObject({ status: 'finished' })
  },
)

test.each(Object.entries(plugins))('a plugin that %s: the check says so and how to mend it', async (_, [change]) => {
  const failed = []
  for await (const claim of checkPlugin(broken(change), { options: {}, baseDir: '.', rows: 12, stallMs }))
    if (!claim.ok && !claim.advice) failed.push(claim)
  expect(failed.length).toBeGreaterThan(0)
  for (const { detail, mend } of failed)
    expect([detail, mend]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/)])
})

test.each([
  ['nothing', 'export const other = 1', 'plugin-contract', 'exports neither `plugin` nor a default'],
  ['another version of the contract', 'export default { contract: 2 }', 'plugin-contract', 'has contract 2'],
  ['half a plugin', 'export default { contract: 1, name: "x" }', 'plugin-contract', 'lacks summary, format, define'],
  ['a syntax error', 'export default {', 'plugin-broken', 'could not be loaded'],
  ['a throw at import', 'throw new Error("at import")', 'plugin-broken', 'at import'],
])('a module with %s is refused by check and by run', async (_, text, code, words) => {
  const dir = await folder()
  await writeFile(path.join(dir, 'skill.mjs'), text)
  await writeFile(path.join(dir, 'whetstone.yaml'), stringify({ skill: './skill.mjs' }))
  for (const line of [
    ['plugin', 'check', './skill.mjs', '--json'],
    ['run', '--plan', '--json'],
    ['run', '--json'],
  ]) {
    const { code: exit, stdout, stderr } = await whet(dir, line)
    expect([exit, `${stdout}${stderr}`]).toEqual([2, expect.stringContaining(words)])
    expect(`${stdout}${stderr}`).toContain(code)
  }
})

test('TypeScript that is read as CommonJS is told what its package.json lacks', async () => {
  const dir = await folder()
  await writeFile(path.join(dir, 'package.json'), '{}')
  await writeFile(path.join(dir, 'skill.ts'), 'await 1\nexport const plugin = {}\n')
  const { code, stdout } = await whet(dir, ['plugin', 'check', './skill.ts', '--json'])
  expect([code, JSON.parse(stdout).error]).toMatchObject([
    2,
    { code: 'plugin-broken', message: expect.stringContaining('"type": "module"') },
  ])
})

test.each([
  ['while it is imported', 'for (;;);', 'the import of ./endless.mjs'],
  [
    'in one of its functions',
    `const any = { safeParse: (data) => ({ success: true, data }), parse: (data) => data }
    const [dimensions, targets, generate, begin, gold, grade] = Array(6).fill(() => {})
    export default {
      contract: 1, name: 'loops', summary: 's', format: 'f', options: any, definition: any, item: any, rubrics: [],
      failureTags: [], mistakes: [], dimensions, targets, generate, begin, gold, grade, define() { for (;;); },
    }`,
    'define of the skill loops',
  ],
])('a loop without end %s is named, and the process ended: no timer and no Ctrl-C could', async (_, text, named) => {
  const dir = await folder()
  await writeFile(path.join(dir, 'endless.mjs'), text)
  const at = (file: string) => JSON.stringify(pathToFileURL(path.join(import.meta.dirname, '..', 'src', file)).href)
  const script = `
    import { watchProcess } from ${at('core/guard.ts')}
    import { loadPlugin } from ${at('plugins/index.ts')}
    watchProcess('the test', 1500) // a new worker needs a moment on a busy machine
    const plugin = await loadPlugin('./endless.mjs', import.meta.dirname)
    await plugin.define({}, { baseDir: '.', signal: new AbortController().signal, progress: () => {} })
  `
  await writeFile(path.join(dir, 'main.mts'), script)
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(dir, 'main.mts')], {
    cwd: path.join(import.meta.dirname, '..'),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const ended = await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))
  expect([ended, said]).toEqual(['SIGKILL', expect.stringContaining(`${named} has kept this process busy`)])
})
