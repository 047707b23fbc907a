import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { Pack } from '../../src/plugins/tool-calling/pack-schema.ts'
import { whet } from '../cli-fixture.ts'
import { answers, type ScriptedOpenAi, type ScriptedRequest, startScriptedOpenAi } from '../support/scripted-openai.ts'

const text = { type: 'string' }
const tools = [
  {
    name: 'send_message',
    description: 'Send a message to a channel',
    parameters: { type: 'object', properties: { channel: text, body: text }, required: ['channel', 'body'] },
  },
]
const wordings = {
  plainly: [
    'Hand {body} over to {channel} before the day is done',
    'Somebody should put {body} into {channel}, please do it',
    'For all who read {channel} there: publish {body} for me',
    'Would you bring {body} across to those in {channel}',
    'Take {body} and let {channel} have it at once',
    'Drop the line {body} at {channel} while I am in a meeting',
  ],
  inferred: [
    'Nobody in {channel} has heard of {body} as yet',
    'It is about time that {channel} learns of {body}',
    'I promised the people at {channel} that {body} would reach them',
    'The folks around {channel} keep waiting for {body} from our side',
    'How would {channel} ever know about {body} otherwise',
    'Without {body} the crowd in {channel} cannot begin its work',
  ],
}
const unfit = ['Send {body} to {nobody} now', 'Send lines 1 to 7 of {body} to {channel}']
const every = [...wordings.plainly, ...wordings.inferred]

/** A teacher that words the one tool, and answers requests by finding out which of its wordings they are. */
const teacher = ({ messages }: ScriptedRequest) => {
  const prompt = messages.at(-1)!.content
  const asked = /Requests:\n(.*)\n/.exec(prompt)?.[1]
  if (!asked)
    return answers.json({
      wordings: [...(prompt.includes('plainly') ? wordings.plainly : wordings.inferred), ...unfit],
    })
  const calls = (JSON.parse(asked) as { request: number; text: string }[]).map(({ request, text: said }) => {
    const patterns = every.map((say) => new RegExp(say.replace(/\{(\w+)\}/g, '(?<$1>[\\w-]+)'), 'i'))
    const found = patterns.map((pattern) => pattern.exec(said)).find((match) => match !== null)
    return { request, tool: 'send_message', arguments: JSON.stringify(found?.groups ?? {}) }
  })
  return answers.json({ calls })
}

let server: ScriptedOpenAi
afterEach(() => server.close())

test('whet tools draft words tools by schema and by teacher: what is fit stands in the file, and an own file is not replaced', async () => {
  server = await startScriptedOpenAi(teacher)
  const dir = mkdtempSync(path.join(tmpdir(), 'whet-draft-'))
  writeFileSync(path.join(dir, 'tools.json'), JSON.stringify(tools))
  const config = `skill: tool-calling\noptions: { tools: { file: tools.json }, packs: [./phrases.yaml] }\nroles: { teacher: { model: m, baseUrl: "${server.url}" } }\n`
  writeFileSync(path.join(dir, 'whetstone.yaml'), config)
  const said = await whet(dir, ['tools', 'draft', '--json'])
  expect(said.code).toBe(0)
  const { taught, yields } = JSON.parse(said.stdout)
  expect(taught).toBeGreaterThan(8)
  expect(yields).toHaveLength(2)
  for (const { fell } of yields) expect(fell).toMatchObject({ 'with wrong slots': 1, 'with a value of their own': 1 })
  const file = readFileSync(path.join(dir, 'phrases.yaml'), 'utf8')
  expect(file).toMatch(/^# A DRAFT/)
  const { say } = Pack.parse(parse(file)).tools.send_message!
  const own = ({ say: one }: { say: string }) => every.includes(one)
  expect(say.direct.filter(own).length + say.indirect.filter(own).length).toBe(taught)
  expect(say.direct.some((one) => !own(one))).toBe(true) // the schema's own words are there too
  expect(JSON.stringify(say)).not.toMatch(/nobody|lines 1/)

  const made = await whet(dir, ['data', 'generate', '--rows', '40', '--out', 'items.jsonl'])
  expect([made.code, made.stderr]).toEqual([0, expect.not.stringContaining('error')])
  const again = await whet(dir, ['tools', 'draft', '--json'])
  expect(again.code).not.toBe(0)
  expect(`${again.stdout}${again.stderr}`).toContain('pack-exists')
}, 60_000)
