import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { CommandContext } from '../src/commands/command.ts'
import { topics } from '../src/commands/interview/questions.ts'
import { loadCommand } from '../src/commands/registry.ts'
import { folder, whet } from './cli-fixture.ts'
import { answers, type ScriptedOpenAi, type ScriptedRequest, startScriptedOpenAi } from './support/scripted-openai.ts'

const template = path.join(import.meta.dirname, '..', 'templates', 'plugin', 'declarative', 'skill.yaml')
/** A file that keeps the contract, as a good model would write it. */
const good = (await readFile(template, 'utf8')).replace('name: my-skill', 'name: moods')
const draft = (file: string, kind = 'declarative') => answers.json({ kind, reasons: ['a record comes out'], file })

let server: ScriptedOpenAi
afterEach(() => server?.close())

/** A folder with a chat endpoint that words a question a topic and then gives these drafts in turn, the last one for ever. */
const world = async (...drafts: ReturnType<typeof draft>[]) => {
  let given = 0
  server = await startScriptedOpenAi((request) => {
    if (isDraft(request)) return drafts[Math.min(given++, drafts.length - 1)]!
    return answers.json({ question: `Question ${server.requests.length}?`, guess: `guess ${server.requests.length}` })
  })
  const dir = await folder()
  const role = `{ model: scripted, baseUrl: "${server.url}" }`
  await writeFile(path.join(dir, 'whetstone.yaml'), `skill: tool-calling\nroles: { chat: ${role} }\n`)
  return dir
}
const isDraft = ({ response_format: form }: ScriptedRequest) => JSON.stringify(form).includes('skill.yaml')
const describing = ['plugin', 'new', 'moods', '--describe', 'praise or complaint, and about whom', '--json']
const read = (dir: string, file: string) => readFile(path.join(dir, 'moods', file), 'utf8')

test('a person is asked one question a topic, and what was said reaches the draft and the package', async () => {
  const dir = await world(draft(good))
  const asked: string[] = []
  const said = ['Ada was kind.', '', 'exact names', 'an invented name']
  const context = {
    cwd: dir,
    interactive: true,
    signal: new AbortController().signal,
    progress: () => {},
    ask: async (question: string) => said[asked.push(question) - 1],
  } as unknown as CommandContext
  const command = (await loadCommand('plugin new'))!
  const input = { name: 'moods', describe: 'praise or complaint', config: 'whetstone.yaml' }
  const output = await command.run(input, context)
  expect(output).toMatchObject({ kind: 'declarative', interview: { drafts: 1, findings: [], model: 'scripted' } })
  expect(asked).toHaveLength(topics.length)
  expect(asked[0]).toMatch(/^Question 1\?\n {2}\(Enter: guess 1\)/)
  const last = JSON.stringify(server.requests.at(-1)!.messages)
  for (const words of ['Ada was kind.', 'guess 2', 'an invented name']) expect(last).toContain(words)
  expect(await read(dir, 'interview.md')).toContain('an invented name')
  expect(await read(dir, 'skill.yaml')).toContain('Drafted by scripted')
  expect(command.render(output, { colors: { bold: String } as never, columns: 80 })).toContain('keeps the contract')
})

test('a draft that is no skill is sent back with line and reason, and the mended one is taken', async () => {
  const dir = await world(draft(good.replace('"{person}" }', '"{persn}" }')), draft(`\`\`\`yaml\n${good}\`\`\``))
  const { code, stdout } = await whet(dir, describing)
  expect([code, JSON.parse(stdout).interview]).toMatchObject([0, { drafts: 2, findings: [], answers: [] }])
  expect(server.requests).toHaveLength(2)
  const back = JSON.stringify(server.requests[1]!.messages)
  expect(back).toMatch(/skill\.yaml:\d+:\d+: gold\.person: there is no slot/)
  expect(back).not.toContain('whet-draft-')
  const checked = await whet(path.join(dir, 'moods'), ['plugin', 'check', '--json'])
  expect(JSON.parse(checked.stdout)).toMatchObject({ plugin: 'moods', failed: 0 })
})

test('a draft that breaks the contract is sent back with the claim', async () => {
  const broken = good.replace(
    '{ make: refuse, fails: exact }',
    '{ make: invent, at: $.person, fails: kind, name: odd }',
  )
  await whet(await world(draft(broken), draft(good)), describing)
  expect(JSON.stringify(server.requests[1]!.messages)).toMatch(/odd on .*kind is pass/)
})

test('where every draft stays wrong the template stands, and the draft lies beside it with what is wrong', async () => {
  const dir = await world(draft(good.replace('name: moods', 'name: other')))
  const { code, stdout } = await whet(dir, describing)
  expect([code, JSON.parse(stdout).interview]).toMatchObject([1, { drafts: 3, findings: ['name: it is moods'] }])
  expect(await read(dir, 'draft.yaml')).toContain('name: other')
  expect(await read(dir, 'skill.yaml')).not.toContain('Drafted by')
})

test.each(['rows: /etc/hostname', 'documents: /', 'schema: /etc/hostname'])(
  'a draft reads no file of this machine: %s',
  async (line) => {
    const text = line.startsWith('schema') ? good.replace(/^schema:[\s\S]*?\n\n/m, `${line}\n`) : `${good}${line}\n`
    const { stdout } = await whet(await world(draft(text)), describing)
    expect(JSON.parse(stdout).interview.findings).toEqual([
      `${line.split(':')[0]}: the file stands alone, so it names no other file`,
    ])
  },
)

test('where the model says that code is needed, the package is the one of that way', async () => {
  const dir = await world(draft('', 'tool-calling'))
  const { stdout } = await whet(dir, describing)
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'tool-calling', interview: { reasons: ['a record comes out'] } })
  expect(await read(dir, 'interview.md')).toContain('Nearest way: tool-calling.')
})

test('a name that cannot be used is refused before anybody is asked', async () => {
  const dir = await world(draft(good))
  const { code } = await whet(dir, ['plugin', 'new', 'My Moods', '--describe', 'x', '--json'])
  expect([code, server.requests.length]).toEqual([2, 0])
})

test('without roles.chat the nearest way is found by words, and nobody is asked', async () => {
  const dir = await folder()
  await writeFile(path.join(dir, 'whetstone.yaml'), 'skill: tool-calling\n')
  const { stdout } = await whet(dir, describing)
  expect(JSON.parse(stdout).interview).toBeUndefined()
})
