import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseCommandLine } from '../src/cli/program.ts'
import { wordsOf } from '../src/commands/starter.ts'
import { parseConfig } from '../src/core/config.ts'
import { Workspace } from '../src/core/workspace.ts'
import { startRun } from '../src/graph/engine.ts'
import { folder, whet } from './cli-fixture.ts'
import { commandLines, root } from './support/documents.ts'
import { toySkill, toyStudents, toyTrainer } from './support/toy.ts'

/** What stands here for a word of the documentation that every reader has another one for. */
const standIns: readonly (readonly [RegExp, string])[] = [
  [/--mcp "npx -y my-server"/, '--mcp "mcp-server-filesystem ."'],
  [/-c FILE/, '-c configs/peps.yaml'],
  [/--where tool=move_file/, '--where kind=loud'],
  [/kind=ask/g, 'kind=loud'],
  [/\bITEM\b/, 'ITEM-OF-DEV'],
  [/ --from RUN$/, ''], // a run of the config's own skill: here it is planned from the start
]

/** Command lines that are only read (and understood), with what else proves them. */
const onlyRead: Readonly<Record<string, RegExp>> = {
  'trains or serves a student: tests/graph, tests/publish-real': /^(try|eval|publish|resume|experiment)\b/,
  'asks a language model: tests/llm': /^judge calibrate\b/,
  'stays open until it is closed: tests/web, tests/chat, tests/mcp, tests/cli-search': /^(web|chat|mcp)\b|--mcp$/,
  'installs a model that embeds: src/core/embed, trainers/tests/test_embed.py': /--dense\b/,
  'changes this machine: src/core/python.test.ts': /^doctor --repair/,
}

/** Orders to a run that has ended are understood and refused at its door. */
const refusedAtTheDoor = /^(pause|stop|approve|edit|guide|budget|undo)\b/

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'whet-docs-run-'))
  process.env.WHETSTONE_HOME = path.join(dir, 'home')
  await twoRuns()
  for (const name of ['configs', 'examples']) symlinkSync(path.join(root, name), path.join(dir, name))
  cpSync(path.join(root, 'src/plugins/essay-style/authors/henry-david-thoreau'), path.join(dir, 'my-essays'), {
    recursive: true,
  })
  cpSync(path.join(root, 'examples/messy-orders'), dir, { recursive: true })
  symlinkSync(path.join(root, 'examples/iso-dates/skill.ts'), path.join(dir, 'my-skill.ts'))
  const write = (name: string, value: unknown) =>
    writeFileSync(path.join(dir, name), typeof value === 'string' ? value : `${JSON.stringify(value)}\n`)
  const row = [
    { role: 'user', content: 'Read a.txt' },
    { role: 'assistant', content: 'Which folder is it in?' },
  ]
  const parameters = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
  write('tools.json', [{ name: 'read_file', description: 'Reads a file.', parameters }])
  write('chats.jsonl', { messages: row })
  write('my.jsonl', { messages: row })
  write('topics.tsv', 't1\tweak references\n')
  write('qrels.txt', 't1 0 pep-0205 1\n')
}, 300_000)
afterAll(() => {
  delete process.env.WHETSTONE_HOME
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
})

/** Two finished runs of a scripted student, the later one over three rounds. */
const twoRuns = async () => {
  const text =
    'skill: toy\nevaluation: { dev: 24, gate: 36, sealed: 4 }\nloop: { rounds: 3, rows: 12 }\nstudent: { slots: 8 }\n'
  const knowledge = [[], ['plain'], ['plain', 'loud'], ['plain', 'loud', 'twice']]
  writeFileSync(path.join(dir, 'toy.yaml'), text)
  for (const name of ['RUN_B', 'RUN_A'])
    await startRun({
      workspace: Workspace.at(dir),
      name,
      plugin: toySkill(),
      machines: { trainer: toyTrainer(), students: toyStudents(knowledge) },
      loaded: parseConfig(text, path.join(dir, 'toy.yaml')),
    })
}

const lines = [...new Set(commandLines.map(({ line }) => line))]
const whetLines = lines.flatMap((line) => /^(?:npx )?whet (.*)$/.exec(line)?.[1] ?? [])

test('the documentation shows commands', () => {
  expect(whetLines.length).toBeGreaterThan(50)
})

const put = (line: string) =>
  standIns.reduce((text, [from, to]) => text.replace(from, to), line).replace('ITEM-OF-DEV', anyItem())
/** An item of dev, as `whet show evaluation` lists it. */
const anyItem = () => {
  const [line = ''] = readFileSync(Workspace.at(dir).run('RUN_A').round(0).evaluation('dev'), 'utf8').split('\n')
  return (JSON.parse(line) as { item: { id: string } }).item.id
}

test.each(whetLines)('whet %s', async (line) => {
  const words = wordsOf(put(line))
  await expect(parseCommandLine(words, '0')).resolves.toMatchObject({ kind: expect.any(String) })
  if (Object.values(onlyRead).some((pattern) => pattern.test(line))) return
  // a run is planned: what it needs is loaded, and nothing is trained
  const place = words[0] === 'init' ? await folder() : dir // it writes a config where there is none
  const said = await whet(place, [...words, ...(words[0] === 'run' ? ['--plan'] : []), '--json'])
  if (refusedAtTheDoor.test(line)) expect(JSON.parse(said.stdout).error?.code).toBe('run-not-running')
  else expect([said.code, said.code === 0 ? '' : said.stdout + said.stderr]).toEqual([0, ''])
})

test('every other program of the documentation is one of ours or of the system, and its scripts are there', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: object }
  for (const line of lines.filter((each) => !/^(npx )?whet /.test(each))) {
    const script = /^npm (?:run )?(\S+)/.exec(line)?.[1]
    if (script) expect(['ci', 'install', ...Object.keys(scripts)], line).toContain(script)
    else if (/^node /.test(line)) expect(existsSync(path.join(root, line.split(' ')[1] ?? '')), line).toBe(true)
    else expect(line).toBe('claude mcp add whetstone -- npx whet mcp')
  }
})
