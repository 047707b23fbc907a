import { afterEach, expect, test } from 'vitest'
import { type ScriptedAnswer, type ScriptedOpenAi, startScriptedOpenAi } from '../../tests/support/scripted-openai.ts'
import type { AssistantTurn, Transcript } from './contract.ts'
import { type OpenAiStudentOptions, openAiStudent, scriptedStudent } from './student.ts'

let server: ScriptedOpenAi
afterEach(() => server?.close())

const user: Transcript = [{ role: 'user', content: 'Read a.txt' }]
const tool = { name: 'read_file', description: 'Reads.', parameters: { type: 'object' } }
const asking = { signal: new AbortController().signal, maxTokens: 32, seed: 7 }
const said = (content: string): AssistantTurn => ({ role: 'assistant', content })
const answers = async (...given: ScriptedAnswer[]) => {
  server = await startScriptedOpenAi((_, number) => given[Math.min(number, given.length) - 1]!)
  return server
}
const student = (options: Partial<OpenAiStudentOptions> = {}) =>
  openAiStudent({ baseUrl: server.url, model: 'small', timeoutMs: 20_000, ...options })
const error = (status: number, message: string, more = {}) => ({
  status,
  body: JSON.stringify({ error: { code: status, message, ...more } }),
})

test('a call comes back with parsed arguments, the tokens counted', async () => {
  const call = { id: 'c1', name: 'read_file', arguments: { path: 'a.txt' } }
  await answers({ role: 'assistant', content: '', toolCalls: [call] })
  expect(await student().reply(user, [tool], asking)).toMatchObject({
    turn: { role: 'assistant', content: '', toolCalls: [call] },
    tokens: { prompt: 11, completion: 7 },
  })
})

test('asks at temperature 0 with the cap, the seed and tools in OpenAI form', async () => {
  await answers(said('ok'))
  await student().reply(user, [tool], asking)
  expect(server.requests[0]).toMatchObject({
    model: 'small',
    temperature: 0,
    max_tokens: 32,
    seed: 7,
    parallel_tool_calls: true,
    tools: [{ type: 'function', function: tool }],
  })
})

test('a history with calls and results is shown in OpenAI form', async () => {
  await answers(said('ok'))
  const history: Transcript = [
    ...user,
    { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'read_file', arguments: { path: 'a' } }] },
    { role: 'tool', toolCallId: 'c1', content: 'text', isError: false },
  ]
  await student().reply(history, [tool], asking)
  expect(server.requests[0]!.messages.slice(1)).toEqual([
    {
      role: 'assistant',
      content: '',
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'read_file', arguments: '{"path":"a"}' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'text' },
  ])
})

test('arguments that do not parse stay the raw text, and are a JSON text in the next prompt', async () => {
  await answers({
    role: 'assistant',
    content: '',
    toolCalls: [{ id: 'c', name: 'read_file', arguments: '{"path": "a' }],
  })
  const { turn } = await student().reply(user, [tool], asking)
  expect(turn.toolCalls![0]!.arguments).toBe('{"path": "a')
  await student().reply([...user, turn], [tool], asking)
  const [call] = server.requests[1]!.messages[1]!.tool_calls as { function: { arguments: string } }[]
  expect(JSON.parse(call!.function.arguments)).toBe('{"path": "a')
})

test('calls read here instead of by the server: the endpoint is told not to look for any', async () => {
  const text =
    '<tool_call>\n{"name": "a", "arguments": {}}\n</tool_call>\n<tool_call>{"name":"b","arguments":{"x":1}}</tool_call>'
  await answers(said(text))
  const { turn } = await student({ calls: 'own' }).reply(user, [tool], asking)
  expect(server.requests[0]!.tool_choice).toBe('none')
  expect(turn.toolCalls).toEqual([
    { id: 'call_1_0', name: 'a', arguments: {} },
    { id: 'call_1_1', name: 'b', arguments: { x: 1 } },
  ])
})

test.each([
  '<tool_call>{"name": read}</tool_call>',
  '<tool_call>{"name": "a", "arguments": {}}',
  '<tool_call>{"name": "a", "arguments": "{}"}</tool_call>',
  '<tool_call>{"name": "a", "arguments": {}}</tool_call> <tool_call>x</tool_call>',
])('a malformed call stays in the content: %s', async (content) => {
  await answers(said(content))
  expect((await student().reply(user, [tool], asking)).turn).toEqual({ role: 'assistant', content })
})

test('megabytes become content of 64 kB', async () => {
  await answers({ megabytes: 4 })
  expect((await student().reply(user, [], asking)).turn).toEqual(said('a'.repeat(65536)))
})

test('half a megabyte of calls becomes content, since leaving some out could make it right', async () => {
  const call = { id: 'c', name: 'read_file', arguments: { path: 'x'.repeat(1000) } }
  await answers({ role: 'assistant', content: '', toolCalls: Array(500).fill(call) })
  const { turn } = await student().reply(user, [], asking)
  expect(turn.toolCalls).toBeUndefined()
  expect(turn.content).toHaveLength(65536)
})

test('arguments nested a thousand deep do not break what writes them later', async () => {
  const deep = `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`
  await answers({ role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'read_file', arguments: deep }] })
  const { turn } = await student().reply(user, [], asking)
  expect(turn.toolCalls![0]!.arguments).toBeTypeOf('string')
})

test.each([{ content: null }, { content: 17 }, { content: [{ type: 'text', text: '' }] }, {}])(
  'nothing said is an empty turn: %j',
  async (message) => {
    await answers({ body: JSON.stringify({ choices: [{ message }] }) })
    expect((await student().reply(user, [], asking)).turn).toEqual(said(''))
  },
)

test.each([[429], [500], [503]])('HTTP %i is tried again', async (status) => {
  await answers(error(status, 'later'), said('ok'))
  expect((await student().reply(user, [], asking)).turn.content).toBe('ok')
})

test('a closed connection is tried again', async () => {
  await answers('hang-up', said('ok'))
  expect((await student().reply(user, [], asking)).turn.content).toBe('ok')
})

test('words that llama.cpp cannot parse are the reply, and are not asked for again', async () => {
  await answers(error(500, 'Failed to parse input at pos 11: <tool_call>{"name": read'))
  expect((await student().reply(user, [tool], asking)).turn).toEqual(said('<tool_call>{"name": read'))
  expect(server.requests).toHaveLength(1)
})

test('words that llama.cpp does not quote leave a remark', async () => {
  await answers(error(500, 'Failed to parse tool call arguments as JSON'))
  expect((await student().reply(user, [tool], asking)).turn.content).toMatch(/could not parse/)
})

test.each<[string, ScriptedAnswer, string]>([
  ['an endless 500', error(500, 'CUDA error in /home/me/secret.cu'), 'student-unreachable'],
  ['a page of HTML', { body: '<html>hello</html>' }, 'student-unreachable'],
  ['an empty body', { body: '' }, 'student-unreachable'],
  ['a refused key', error(401, 'Incorrect API key: sk-abcdefghijklmnop'), 'student-refused'],
  ['an unknown model', error(404, 'no model at /models/x'), 'student-refused'],
  ['too long a prompt', error(400, 'too long', { type: 'exceed_context_size_error' }), 'student-context'],
])('%s is an error of its own, which repeats nothing that the server says', async (_, answer, code) => {
  await answers(answer)
  const thrown = await student()
    .reply(user, [], asking)
    .catch((error) => error)
  expect(thrown).toMatchObject({ code })
  expect(JSON.stringify(thrown)).not.toMatch(/secret|sk-|models\/x/)
})

test('a student that never answers times out', async () => {
  await answers('never')
  await expect(student({ timeoutMs: 200 }).reply(user, [], asking)).rejects.toMatchObject({ code: 'student-timeout' })
})

test('nobody at the address is unreachable', async () => {
  await answers(said(''))
  await server.close()
  await expect(student().reply(user, [], asking)).rejects.toMatchObject({ code: 'student-unreachable' })
})

test('an abort ends the wait with its own reason', async () => {
  const abort = new AbortController()
  server = await startScriptedOpenAi(() => {
    abort.abort(new Error('paused'))
    return 'never'
  })
  await expect(student().reply(user, [], { ...asking, signal: abort.signal })).rejects.toThrow('paused')
})

test('a server that asks for a long wait does not hold an abort back', async () => {
  const abort = new AbortController()
  server = await startScriptedOpenAi(() => {
    setTimeout(() => abort.abort(new Error('paused')), 50)
    return { status: 429, headers: { 'retry-after': '50' }, body: '{}' }
  })
  await expect(student().reply(user, [], { ...asking, signal: abort.signal })).rejects.toThrow('paused')
})

test('the key is read from the named variable at each call', async () => {
  await answers(said('ok'))
  const keyed = student({ apiKeyEnv: 'WHETSTONE_TEST_KEY' })
  await expect(keyed.reply(user, [], asking)).rejects.toMatchObject({ code: 'student-key-missing', exit: 3 })
  process.env.WHETSTONE_TEST_KEY = 'k-1'
  await keyed.reply(user, [], asking)
  delete process.env.WHETSTONE_TEST_KEY
  expect(server.requests[0]!.authorization).toBe('Bearer k-1')
})

test('without a name, the first model that the server lists is asked', async () => {
  await answers(said('ok'))
  await student({ model: undefined }).reply(user, [], asking)
  expect(server.requests[0]!.model).toBe('scripted')
})

test('a scripted student answers by its script', async () => {
  const echo = scriptedStudent((messages) => said(`${messages.length}`))
  expect((await echo.reply(user, [], asking)).turn.content).toBe('1')
})
