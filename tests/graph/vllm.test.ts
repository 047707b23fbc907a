/** Students on vLLM servers over real HTTP: adapters that are loaded at run time into all of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Config } from '../../src/core/config.ts'
import { vllmStudent } from '../../src/core/vllm.ts'
import { collectItems } from '../../src/graph/collect.ts'
import { evaluateItems } from '../../src/graph/evaluate-items.ts'
import { answers } from '../support/scripted-openai.ts'
import { type ScriptedVllm, startScriptedVllm } from '../support/scripted-vllm.ts'
import { toySkill } from '../support/toy.ts'

let dir = ''
let adapter = ''
let servers: ScriptedVllm[] = []
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-vllm-'))
  adapter = path.join(dir, 'adapter')
  mkdirSync(adapter)
  writeFileSync(path.join(adapter, 'adapter_model.safetensors'), 'weights')
  servers = []
})
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  rmSync(dir, { recursive: true, force: true })
})

const serve = async (script: Parameters<typeof startScriptedVllm>[0] = {}) => {
  const server = await startScriptedVllm(script)
  servers.push(server)
  return server
}
const open = (of: string | null = adapter) =>
  vllmStudent({ urls: servers.map(({ url }) => url), adapter: of, slots: 2, timeoutMs: 5_000 })
const asking = { signal: new AbortController().signal, maxTokens: 5, seed: 1 }
const hello = [{ role: 'user', content: 'hello' }] as const
const chats = (server: ScriptedVllm) => server.requests.filter(({ path }) => path?.endsWith('/chat/completions'))

const evaluated = async (student: Awaited<ReturnType<typeof open>>['student'], rows: number) => {
  const deps = {
    plugin: toySkill(),
    config: Config.parse({ skill: 'toy', student: { slots: 2 } }),
    signal: asking.signal,
    scratch: dir,
    emit: () => {},
  }
  const { items } = await collectItems({ seed: 1, split: 'dev', parts: [{ where: {}, rows }] }, {}, deps)
  const file = path.join(dir, 'dev.jsonl')
  return evaluateItems({ items, file, split: 'dev', definition: {}, deps, student: async () => student })
}

test('an adapter is loaded into every server once, answers all rows there, and is taken out at the end', async () => {
  await serve()
  await serve()
  const { student, close } = await open()
  const rows = await evaluated(student, 40)
  expect(rows.filter(({ error }) => error)).toEqual([])
  for (const server of servers) {
    expect([...server.adapters.values()]).toEqual([adapter])
    expect(server.requests.filter(({ path }) => path?.endsWith('/load_lora_adapter'))).toHaveLength(1)
    expect(new Set(chats(server).map(({ model }) => model))).toEqual(new Set(server.adapters.keys()))
  }
  expect(servers.map((server) => chats(server).length).reduce((sum, each) => sum + each)).toBe(40)
  await close()
  expect(servers.map(({ adapters }) => adapters.size)).toEqual([0, 0])
})

test('a server that was started anew gets the adapter again, and no row is lost', async () => {
  const server = await serve()
  const { student } = await open()
  await student.reply(hello, [], asking)
  server.forget()
  expect((await student.reply(hello, [], asking)).turn.content).toMatch(/^whet-/)
})

test('a prompt that is too long is its row’s own error, and takes no server out', async () => {
  let asked = 0
  const server = await serve({
    answer: (model) =>
      ++asked === 1
        ? answers.failing(
            400,
            "This model's maximum context length is 2048 tokens. However, you requested 4096 tokens.",
          )
        : answers.says(model),
  })
  const { student } = await open()
  await expect(student.reply(hello, [], asking)).rejects.toMatchObject({ code: 'student-context' })
  expect((await student.reply(hello, [], asking)).turn.content).toMatch(/^whet-/)
  expect(server.adapters.size).toBe(1)
})

test('the untouched student is the base that is served', async () => {
  const server = await serve()
  const { student, close } = await open(null)
  expect((await student.reply(hello, [], asking)).turn.content).toBe('scripted')
  await close()
  expect(server.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions'])
})

test('a server that does not see the adapter is left out, and the others do the work', async () => {
  const blind = await serve({ sees: false })
  await serve()
  const { student } = await open()
  const rows = await evaluated(student, 20)
  expect(rows.filter(({ error }) => error)).toEqual([])
  expect(chats(blind)).toEqual([])
})

test.each([
  [{ sees: false }, 'vllm-adapter-refused', 'under this very path'],
  [{ loads: false }, 'vllm-no-adapters', 'VLLM_ALLOW_RUNTIME_LORA_UPDATING'],
])('where no server takes it, the error says what to do: %o', async (script, code, says) => {
  await serve(script)
  const { student } = await open()
  await expect(student.reply(hello, [], asking)).rejects.toMatchObject({
    code,
    fixedBy: 'config',
    message: expect.stringContaining(says),
  })
})

test('nobody answers: the fleet is down, and that is told as such', async () => {
  const { student } = await vllmStudent({ urls: ['http://127.0.0.1:9'], adapter, slots: 1, timeoutMs: 1_000 })
  await expect(student.reply(hello, [], asking)).rejects.toMatchObject({ code: 'student-fleet-down' })
})

test('whole weights are no adapter', async () => {
  rmSync(path.join(adapter, 'adapter_model.safetensors'))
  await expect(open()).rejects.toMatchObject({ code: 'vllm-whole-weights' })
})

test.each([
  [{ url: 'http://a.example/v1', vllm: ['http://b.example/v1'] }, 'keep one of them'],
  [{ vllm: ['http://a.example', 'http://a.example/v1/'] }, 'twice'],
])('a config that contradicts itself is refused: %o', (student, says) => {
  expect(
    Config.safeParse({ skill: 'toy', student })
      .error?.issues.map(({ message }) => message)
      .join(),
  ).toContain(says)
})
