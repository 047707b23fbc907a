import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { requireRoles, type Used, unwrapped } from '../../src/core/llm/gateway.ts'
import { gatewayFor, newFolder, rolesOf, scope } from '../support/llm.ts'
import { answers, type ScriptedAnswer, type ScriptedOpenAi, startScriptedOpenAi } from '../support/scripted-openai.ts'

let server: ScriptedOpenAi
afterEach(() => server?.close())

const Point = z.strictObject({ x: z.int(), kind: z.enum(['a', 'b']) })
const point = { x: 3, kind: 'a' }
const prompt = [{ role: 'user' as const, content: 'Give me a point.' }]
const serve = async (...given: ScriptedAnswer[]) => {
  server = await startScriptedOpenAi((_, number) => given[Math.min(number, given.length) - 1]!)
  return server
}
const judge = (more = {}) => ({ judge: { model: 'm', baseUrl: server.url, ...more } })
const ask = async (more = {}, options = {}) => {
  const world = await gatewayFor(judge(more), options)
  const used: Used[] = []
  const llm = world.gateway.llm(
    'judge',
    scope((one) => used.push(one)),
  )!
  return { ...world, used, llm, answer: () => llm.complete(prompt, Point) }
}

describe('a typed answer', () => {
  test('comes from an endpoint that keeps to the JSON Schema', async () => {
    await serve(answers.json(point))
    const { answer } = await ask()
    expect(await answer()).toEqual(point)
    expect(server.requests[0]!.response_format?.json_schema).toMatchObject({
      strict: true,
      schema: { required: ['x', 'kind'], properties: { kind: { enum: ['a', 'b'] } } },
    })
  })

  test('is found between thoughts, prose and fences, and small slips of JSON are mended', async () => {
    await serve(answers.wrapped(point), answers.says("Here: {'x': 3, kind: 'a',}"))
    const { llm } = await ask()
    expect(await llm.complete(prompt, Point)).toEqual(point)
    expect(await llm.complete(prompt, Point, { seed: 2 })).toEqual(point)
    expect(server.requests).toHaveLength(2)
  })

  test('that breaks the schema is sent back with the findings and comes right', async () => {
    await serve(answers.json({ x: 3, kind: 'c' }), answers.json(point))
    const { answer } = await ask()
    expect(await answer()).toEqual(point)
    const back = server.requests[1]!.messages
    expect(back.at(-2)).toMatchObject({ role: 'assistant', content: '{"x":3,"kind":"c"}' })
    expect(back.at(-1)!.content).toMatch(/kind: .*"a"/)
  })

  test.each([
    ['prose', answers.says('I would rather not.')],
    ['a wrong enum', answers.json({ x: 3, kind: 'c' })],
    ['an answer that is cut off', { role: 'assistant', content: '{"x": 3, "ki', finish: 'length' } as ScriptedAnswer],
  ])('that stays wrong (%s) is an error after three tries, without the model’s words', async (_, given) => {
    await serve(given)
    const { answer } = await ask()
    const error = await answer().catch((cause) => cause)
    expect(error).toMatchObject({ code: 'llm-bad-answer', fixedBy: 'service' })
    expect(server.requests).toHaveLength(3)
  })

  test('is asked for by tool call, then in words, where the endpoint refuses the better way, and that is remembered', async () => {
    const folder = newFolder()
    server = await startScriptedOpenAi((request) => {
      if (request.response_format || request.tools) return answers.failing(400, 'not supported')
      return answers.json(point)
    })
    const first = await ask({}, { folder })
    expect(await first.answer()).toEqual(point)
    expect(server.requests).toHaveLength(3)
    await first.gateway.close()
    const second = await ask({}, { folder })
    await second.llm.complete([{ role: 'user', content: 'Another.' }], Point)
    expect(server.requests).toHaveLength(4)
  })

  test('that the model declines is an error of its own', async () => {
    await serve(answers.refusal)
    await expect((await ask()).answer()).rejects.toMatchObject({ code: 'llm-declined' })
  })
})

describe('trouble at the endpoint', () => {
  test('429 and 500 are tried again; Retry-After says when', async () => {
    await serve(
      answers.failing(429, 'slow', { 'retry-after': '7' }),
      answers.failing(500),
      'hang-up',
      answers.json(point),
    )
    const { answer, clock } = await ask()
    expect(await answer()).toEqual(point)
    expect(clock.slept).toContain(7000)
  })

  test('a 429 without Retry-After is tried again too', async () => {
    await serve(answers.failing(429), answers.json(point))
    expect(await (await ask()).answer()).toEqual(point)
  })

  test('an answer that is cut in its middle is asked for again', async () => {
    await serve({ cutAfter: '{"choices":[{"mess' }, answers.json(point))
    expect(await (await ask()).answer()).toEqual(point)
  })

  test.each([
    ['no credit', answers.failing(429, 'You exceeded your current quota: insufficient_quota'), 'llm-quota', 1],
    ['a wrong key', answers.failing(401), 'llm-key-refused', 1],
    ['an unknown model', answers.failing(404, 'no such model'), 'llm-unknown-model', 1],
    ['HTML', answers.html, 'llm-not-chat', 1],
    ['endless output', 'endless' as const, 'llm-not-chat', 1],
    ['a pause of an hour', answers.failing(429, 'x', { 'retry-after': '3600' }), 'llm-rate-limited', 1],
    ['nothing but failures', answers.failing(503), 'llm-unreachable', 3],
    ['no connection', 'hang-up' as const, 'llm-unreachable', 3],
  ])('%s is a coded error', async (_, given, code, requests) => {
    await serve(given)
    await expect((await ask({ retries: 2 })).answer()).rejects.toMatchObject({ code })
    expect(server.requests).toHaveLength(requests)
  })

  test('no answer within the time limit is tried again, then an error', async () => {
    await serve('never')
    const { answer } = await ask({ retries: 1, timeoutSeconds: 0.05 })
    await expect(answer()).rejects.toMatchObject({ code: 'llm-unreachable', message: expect.stringMatching(/0.05 s/) })
    expect(server.requests).toHaveLength(2)
  })

  test('a fallback answers where the first model does not, and its answer is kept under the same call', async () => {
    server = await startScriptedOpenAi(({ model }) => (model === 'm' ? answers.failing(503) : answers.json(point)))
    const { answer, used } = await ask({ retries: 0, fallbacks: [{ model: 'spare' }] })
    expect(await answer()).toEqual(point)
    expect(await answer()).toEqual(point)
    expect(server.requests.map(({ model }) => model)).toEqual(['m', 'spare'])
    expect(used.map(({ model, cached }) => [model, cached])).toEqual([
      ['spare', false],
      ['spare', true],
    ])
  })

  test('an abort ends the wait at once and is no failure of the service', async () => {
    await serve('never')
    const { gateway } = await ask()
    const stop = new AbortController()
    const asked = gateway.llm('judge', { signal: stop.signal })!.complete(prompt, Point)
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
  })
})

describe('keys', () => {
  const key = 'k-secret-4711-abcdefgh'
  afterEach(() => {
    delete process.env.WHET_TEST_KEY
  })

  test('travel in the header only: not in the store, the cassette, the errors or the usage', async () => {
    process.env.WHET_TEST_KEY = key
    await serve(answers.json(point), answers.failing(400, `bad key ${key} here`))
    const folder = newFolder()
    const cassette = { file: path.join(folder, 'tape.jsonl'), mode: 'record' }
    const world = await gatewayFor({ ...judge({ apiKeyEnv: 'WHET_TEST_KEY' }), cassette }, { folder })
    const used: Used[] = []
    const llm = world.gateway.llm(
      'judge',
      scope((one) => used.push(one)),
    )!
    await llm.complete(prompt, Point)
    expect(server.requests[0]!.authorization).toBe(`Bearer ${key}`)
    const error = await llm.complete(prompt, Point, { seed: 2 }).catch((cause) => cause)
    await world.gateway.close()
    expect(JSON.stringify([error, error.message, used])).not.toContain(key)
    for (const file of readdirSync(folder)) expect(readFileSync(path.join(folder, file), 'latin1')).not.toContain(key)
  })

  test('a missing one is told before anything is begun', () => {
    const { budget: _, ...config } = { roles: rolesOf(judgeAt({ apiKeyEnv: 'WHET_TEST_KEY' })), budget: 0 }
    expect(() => requireRoles({ ...config, budget: noLimit } as never)).toThrow(
      expect.objectContaining({ code: 'llm-key-missing', exit: 3 }),
    )
  })

  test('a model given to an agent holds none', async () => {
    process.env.WHET_TEST_KEY = key
    await serve(answers.says('hi'))
    const world = await gatewayFor({ chat: { model: 'm', baseUrl: server.url, apiKeyEnv: 'WHET_TEST_KEY' } })
    const model = (await world.gateway.chatModel('chat', scope()))!
    expect((await model.invoke('hello')).text).toBe('hi')
    expect(server.requests[0]!.authorization).toBe(`Bearer ${key}`)
    expect(JSON.stringify(model)).not.toContain(key)
  })
})

const noLimit = { tokens: 0, money: 0, minutes: 1, diskGb: 1 }
const judgeAt = (more: object) => ({ judge: { model: 'm', baseUrl: 'http://127.0.0.1:1', ...more } })

describe('the budget', () => {
  test('stops before a call that could pass it, and counts what earlier processes spent', async () => {
    await serve(answers.json(point))
    const folder = newFolder()
    const budget = { tokens: 700, money: 0 }
    const first = await ask({ maxTokens: 100 }, { folder, budget })
    const spend = async (n: number, world: typeof first) => {
      for (let seed = 0; seed < n; seed += 1) await world.llm.complete(prompt, Point, { seed })
    }
    await expect(spend(100, first)).rejects.toMatchObject({ code: 'llm-budget', data: { which: 'tokens', limit: 700 } })
    const { tokens } = first.gateway.spent()
    expect(tokens).toBe(server.requests.length * 18)
    expect(tokens).toBeLessThanOrEqual(700)
    await first.gateway.close()
    const before = server.requests.length
    const second = await ask({ maxTokens: 100 }, { folder, budget })
    await expect(second.llm.complete(prompt, Point, { seed: 1000 })).rejects.toMatchObject({ code: 'llm-budget' })
    expect(server.requests.length).toBe(before)
  })

  test('calls in flight together cannot pass it', async () => {
    await serve(answers.json(point))
    const { llm, gateway } = await ask({ maxTokens: 100, concurrency: 16 }, { budget: { tokens: 900, money: 0 } })
    const asked = Array.from({ length: 100 }, (_, seed) => llm.complete(prompt, Point, { seed }))
    const outcomes = await Promise.allSettled(asked)
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true)
    expect(gateway.spent().tokens).toBeLessThanOrEqual(900)
  })

  test('of money counts by price, and refuses a model whose price is not known', async () => {
    await serve(answers.json(point))
    const { answer, gateway } = await ask(
      { price: { input: 1000, output: 2000 } },
      { budget: { tokens: 0, money: 50 } },
    )
    await answer()
    expect(gateway.spent().money).toBeCloseTo((11 * 1000 + 7 * 2000) / 1e6, 12)
    const config = { roles: rolesOf(judgeAt({})), budget: { ...noLimit, money: 1 } }
    expect(() => requireRoles(config)).toThrow(expect.objectContaining({ code: 'llm-price-missing' }))
  })

  test('an endpoint that counts nothing is counted by estimate, and said so', async () => {
    await serve({ role: 'assistant', content: JSON.stringify(point), usage: null })
    const { answer, used } = await ask()
    await answer()
    expect(used[0]).toMatchObject({ estimated: true })
    expect(used[0]!.input).toBeGreaterThan(0)
  })
})

describe('kept answers', () => {
  test('the same call is made once, also when asked twice at once, and by a later process not at all', async () => {
    await serve(answers.json(point))
    const folder = newFolder()
    const first = await ask({}, { folder })
    await Promise.all([first.answer(), first.answer(), first.answer()])
    await first.gateway.close()
    const second = await ask({}, { folder })
    expect(await second.answer()).toEqual(point)
    expect(server.requests).toHaveLength(1)
    expect(second.used).toEqual([expect.objectContaining({ cached: true, input: 0, money: 0 })])
  })

  test('another seed, temperature or prompt is another call', async () => {
    await serve(answers.json(point))
    const { llm } = await ask()
    await llm.complete(prompt, Point)
    await llm.complete(prompt, Point, { seed: 1 })
    await llm.complete(prompt, Point, { temperature: 1 })
    await llm.complete([{ role: 'user', content: 'Give me another.' }], Point)
    expect(server.requests).toHaveLength(4)
  })

  test('errors are not kept', async () => {
    await serve(answers.failing(400), answers.failing(400), answers.failing(400), answers.json(point))
    const { answer } = await ask()
    await expect(answer()).rejects.toMatchObject({ code: 'llm-request-refused' })
    expect(await answer()).toEqual(point)
  })

  test.each(['cut in half', 'overwritten'])(
    'a file that was %s is put aside and begun anew, with a warning',
    async (how) => {
      await serve(answers.json(point))
      const folder = newFolder()
      const first = await ask({}, { folder })
      for (let seed = 0; seed < 40; seed += 1) await first.llm.complete(prompt, Point, { seed })
      await first.gateway.close()
      const file = path.join(folder, 'answers.sqlite')
      if (how === 'overwritten') writeFileSync(file, 'not a database at all'.repeat(100))
      else truncateSync(file, readFileSync(file).length / 2)
      const second = await ask({}, { folder })
      expect(await second.answer()).toEqual(point)
      expect(second.warnings).toEqual(['llm-answers-damaged'])
      expect(readdirSync(folder).some((name) => name.includes('broken'))).toBe(true)
    },
  )
})

describe('a cassette', () => {
  test('replays a recording without any endpoint, streams too, and misses with a code', async () => {
    await serve(answers.json(point), answers.says('word by word'))
    const file = path.join(newFolder(), 'tape.jsonl')
    const roles = (mode: string) => ({
      judge: { model: 'm', baseUrl: server.url },
      chat: { model: 'm', baseUrl: server.url },
      cassette: { file, mode },
    })
    const streamed = async (world: Awaited<ReturnType<typeof gatewayFor>>) => {
      let text = ''
      for await (const chunk of await (await world.gateway.chatModel('chat', scope()))!.stream('hello'))
        text += chunk.text
      return text
    }
    const recording = await gatewayFor(roles('record'))
    await recording.gateway.llm('judge', scope())!.complete(prompt, Point)
    expect(await streamed(recording)).toBe('word by word')
    await recording.gateway.close()
    await server.close()

    const replaying = await gatewayFor(roles('replay'))
    expect(await replaying.gateway.llm('judge', scope())!.complete(prompt, Point)).toEqual(point)
    expect(await streamed(replaying)).toBe('word by word')
    const miss = replaying.gateway.llm('judge', scope())!.complete(prompt, Point, { seed: 9 })
    await expect(miss).rejects.toMatchObject({ code: 'cassette-miss' })
  })
})

describe('a LangChain model of a role', () => {
  test('calls tools, streams, and its cost is booked', async () => {
    await serve(answers.calls('look', { at: 1 }), answers.says('done now'))
    const used: Used[] = []
    const { gateway } = await gatewayFor({ chat: { model: 'm', baseUrl: server.url } })
    const model = (await gateway.chatModel(
      'chat',
      scope((one) => used.push(one)),
    ))!
    const tool = {
      type: 'function' as const,
      function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } },
    }
    const said = await model.bindTools([tool]).invoke('look at 1')
    expect(said.tool_calls).toMatchObject([{ name: 'look', args: { at: 1 } }])
    let text = ''
    for await (const chunk of await model.stream('go on')) text += chunk.text
    expect(text).toBe('done now')
    expect(used.map(({ input, output }) => [input, output])).toEqual([
      [11, 7],
      [11, 7],
    ])
  })

  test('its failures are our errors once unwrapped', async () => {
    await serve(answers.failing(401))
    const { gateway } = await gatewayFor({ chat: { model: 'm', baseUrl: server.url } })
    const error = await (await gateway.chatModel('chat', scope()))!.invoke('hello').catch((cause: unknown) => cause)
    expect(unwrapped(error)).toMatchObject({ code: 'llm-key-refused' })
  })

  test('a stream that breaks off is an error, and frees what it held of the budget', async () => {
    await serve({ cutAfter: 'data: {"choices":[{"index":0,"delta":{"content":"ha' })
    const { gateway } = await gatewayFor({ chat: { model: 'm', baseUrl: server.url } })
    const model = (await gateway.chatModel('chat', scope()))!
    const read = async () => {
      for await (const _ of await model.stream('hello'));
    }
    await expect(read()).rejects.toThrow()
    expect(gateway.spent().tokens).toBeGreaterThan(0)
  })
})

describe('many calls', () => {
  test('never more at once than the role allows', async () => {
    server = await startScriptedOpenAi(async () => {
      await new Promise(setImmediate)
      return answers.json(point)
    })
    const { llm } = await ask({ concurrency: 3 })
    await Promise.all(Array.from({ length: 40 }, (_, seed) => llm.complete(prompt, Point, { seed })))
    expect(server.mostAtOnce).toBeLessThanOrEqual(3)
    expect(server.requests).toHaveLength(40)
  })

  test('never more a minute than the role allows', async () => {
    await serve(answers.json(point))
    const { llm, clock } = await ask({ requestsPerMinute: 30, concurrency: 2 })
    const start = clock.now()
    for (let seed = 0; seed < 12; seed += 1) await llm.complete(prompt, Point, { seed })
    expect(clock.now() - start).toBeGreaterThanOrEqual(10 * 2000 - 1)
  })

  test('2,000 answers at 64 at once: none lost, none doubled', async () => {
    server = await startScriptedOpenAi(({ messages }) => answers.json({ x: Number(messages[0]!.content), kind: 'a' }))
    const { llm } = await ask({ concurrency: 64 })
    const asked = Array.from({ length: 2000 }, (_, n) => llm.complete([{ role: 'user', content: String(n) }], Point))
    const xs = (await Promise.all(asked)).map(({ x }) => x)
    expect(xs).toEqual(Array.from({ length: 2000 }, (_, n) => n))
    expect(server.requests).toHaveLength(2000)
    expect(server.mostAtOnce).toBeLessThanOrEqual(64)
  })
})

describe('a probe', () => {
  test('finds what an endpoint can do by asking', async () => {
    server = await startScriptedOpenAi((request) => {
      if (request.response_format) return answers.json({ word: 'whetstone' })
      if (request.tools) return answers.calls('answer', { word: 'whetstone' })
      return answers.json({ word: 'whetstone' })
    })
    const { gateway } = await ask()
    expect(await gateway.probe('judge', scope())).toMatchObject({
      way: 'json-schema',
      jsonSchema: true,
      toolCalls: true,
      usage: true,
      seed: true,
    })
  })

  test('sees through an endpoint that takes a schema and ignores it', async () => {
    server = await startScriptedOpenAi((request) =>
      request.tools || request.response_format ? answers.says('Hello there!') : answers.json({ word: 'whetstone' }),
    )
    const { gateway } = await ask()
    expect(await gateway.probe('judge', scope())).toMatchObject({ way: 'plain', jsonSchema: false, toolCalls: false })
  })
})
