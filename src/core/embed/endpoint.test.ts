import { afterEach, expect, test } from 'vitest'
import { fastClock } from '../../../tests/support/llm.ts'
import { answers, type ScriptedAnswer, type ScriptedOpenAi, startScriptedOpenAi } from '../../../tests/support/scripted-openai.ts' // biome-ignore format: one import
import { addressOf } from '../llm/targets.ts'
import { embeddingsAt } from './endpoint.ts'

const { signal } = new AbortController()
let server: ScriptedOpenAi | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const data = (vectors: readonly (readonly number[])[]): ScriptedAnswer => ({
  body: JSON.stringify({ data: vectors.map((embedding, index) => ({ index, embedding })) }),
})
const lengths = (texts: unknown) => (texts as string[]).map((text) => [text.length, 1])
const asking = async (answer: Parameters<typeof startScriptedOpenAi>[0], keyEnv?: string) => {
  server = await startScriptedOpenAi(answer)
  const address = addressOf('options.corpus.dense', { model: 'small', baseUrl: server.url, apiKeyEnv: keyEnv })
  return embeddingsAt(address, { timeoutMs: 5000, retries: 2, clock: fastClock() })
}

test('texts become unit vectors in their order, 64 to a request', async () => {
  const ask = await asking(({ input }) => data(lengths(input)))
  const texts = Array.from({ length: 130 }, (_, n) => 'x'.repeat(n + 1))
  const vectors = await ask(texts, signal)
  expect(server!.requests.map(({ input }) => (input as string[]).length)).toEqual([64, 64, 2])
  expect(server!.requests[0]).toMatchObject({ model: 'small', encoding_format: 'float' })
  for (const [at, [x = 0, y = 0]] of vectors.entries()) {
    expect(Math.hypot(x, y)).toBeCloseTo(1, 6)
    expect(x / y).toBeCloseTo(at + 1, 3)
  }
})

test('vectors are put in the order of their index, and an empty text is no empty request', async () => {
  const body = { data: [{ index: 1, embedding: [0, 1] }, { index: 0, embedding: [3, 0] }] } // biome-ignore format: one answer
  const ask = await asking(() => ({ body: JSON.stringify(body) }))
  expect((await ask(['first', ' '], signal)).map((vector) => [...vector])).toEqual([[1, 0], [0, 1]]) // biome-ignore format: two vectors
  expect(server!.requests[0]!.input).toEqual(['first', '.'])
})

test('passing trouble is tried again', async () => {
  const ask = await asking(({ input }, number) => (number === 1 ? answers.failing(429) : number === 2 ? 'hang-up' : data(lengths(input)))) // biome-ignore format: a script
  expect(await ask(['one'], signal)).toHaveLength(1)
  expect(server!.requests).toHaveLength(3)
})

test.each<[string, ScriptedAnswer, string]>([
  ['a page', answers.html, 'llm-not-embeddings'],
  ['a chat', answers.says('hello'), 'llm-not-embeddings'],
  ['fewer vectors than texts', data([[1, 2]]), 'llm-not-embeddings'],
  ['vectors of two lengths', data([[1, 2], [1]]), 'llm-not-embeddings'],
  [
    'a vector without direction',
    data([
      [0, 0],
      [1, 2],
    ]),
    'llm-not-embeddings',
  ],
  ['a refused key', answers.failing(401), 'llm-key-refused'],
  ['an unknown model', answers.failing(404), 'llm-unknown-model'],
  ['an endpoint that is down', answers.failing(503), 'llm-unreachable'],
])('%s is a coded error that names the setting', async (_, answer, code) => {
  const ask = await asking(() => answer)
  const error = await ask(['a', 'b'], signal).catch((error) => error)
  expect(error).toMatchObject({ code })
  expect(error.message).toContain('options.corpus.dense (small at ')
})

test('the key is sent, and a missing one is told before anything is', async () => {
  process.env.EMBED_TEST_KEY = 'secret'
  const ask = await asking(({ input }) => data(lengths(input)), 'EMBED_TEST_KEY')
  await ask(['a'], signal)
  expect(server!.requests[0]!.authorization).toBe('Bearer secret')
  delete process.env.EMBED_TEST_KEY
  await expect(ask(['b'], signal)).rejects.toMatchObject({ code: 'llm-key-missing', exit: 3 })
  expect(server!.requests).toHaveLength(1)
})
