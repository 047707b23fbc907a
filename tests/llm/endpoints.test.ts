import { describe, expect, test } from 'vitest'
import { type Used, unwrapped } from '../../src/core/llm/gateway.ts'
import { gatewayFor, scope } from '../support/llm.ts'
import { Point, point, prompt, scriptedEndpoint } from '../support/llm-endpoint.ts'
import { answers } from '../support/scripted-openai.ts'

const endpoint = scriptedEndpoint()
const { answering, serve, ask } = endpoint

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
    expect(endpoint.server.requests).toHaveLength(requests)
  })

  test('no answer within the time limit is tried again, then an error', async () => {
    await serve('never')
    const { answer, clock } = await ask({ retries: 1, timeoutSeconds: 0.05 })
    await expect(answer()).rejects.toMatchObject({ code: 'llm-unreachable', message: expect.stringMatching(/0.05 s/) })
    expect(clock.slept).toHaveLength(1) // between the two tries; on a busy machine a request may not even arrive in its time
  })

  test('a fallback answers where the first model does not, and its answer is kept under the same call', async () => {
    await answering(({ model }) => (model === 'm' ? answers.failing(503) : answers.json(point)))
    const { answer, used } = await ask({ retries: 0, fallbacks: [{ model: 'spare' }] })
    expect(await answer()).toEqual(point)
    expect(await answer()).toEqual(point)
    expect(endpoint.server.requests.map(({ model }) => model)).toEqual(['m', 'spare'])
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

describe('many calls', () => {
  test('never more at once than the role allows', async () => {
    await answering(async () => {
      await new Promise(setImmediate)
      return answers.json(point)
    })
    const { llm } = await ask({ concurrency: 3 })
    await Promise.all(Array.from({ length: 40 }, (_, seed) => llm.complete(prompt, Point, { seed })))
    expect(endpoint.server.mostAtOnce).toBeLessThanOrEqual(3)
    expect(endpoint.server.requests).toHaveLength(40)
  })

  test('never more a minute than the role allows', async () => {
    await serve(answers.json(point))
    const { llm, clock } = await ask({ requestsPerMinute: 30, concurrency: 2 })
    const start = clock.now()
    for (let seed = 0; seed < 12; seed += 1) await llm.complete(prompt, Point, { seed })
    expect(clock.now() - start).toBeGreaterThanOrEqual(10 * 2000 - 1)
  })

  test('2,000 answers at 64 at once: none lost, none doubled', async () => {
    await answering(({ messages }) => answers.json({ x: Number(messages[0]!.content), kind: 'a' }))
    const { llm } = await ask({ concurrency: 64 })
    const asked = Array.from({ length: 2000 }, (_, n) => llm.complete([{ role: 'user', content: String(n) }], Point))
    const xs = (await Promise.all(asked)).map(({ x }) => x)
    expect(xs).toEqual(Array.from({ length: 2000 }, (_, n) => n))
    expect(endpoint.server.requests).toHaveLength(2000)
    expect(endpoint.server.mostAtOnce).toBeLessThanOrEqual(64)
  })
})

describe('a LangChain model of a role', () => {
  test('calls tools, streams, and its cost is booked', async () => {
    await serve(answers.calls('look', { at: 1 }), answers.says('done now'))
    const used: Used[] = []
    const { gateway } = await gatewayFor({ chat: { model: 'm', baseUrl: endpoint.server.url } })
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
    const { gateway } = await gatewayFor({ chat: { model: 'm', baseUrl: endpoint.server.url } })
    const error = await (await gateway.chatModel('chat', scope()))!.invoke('hello').catch((cause: unknown) => cause)
    expect(unwrapped(error)).toMatchObject({ code: 'llm-key-refused' })
  })

  test('a stream that breaks off is an error, and frees what it held of the budget', async () => {
    await serve({ cutAfter: 'data: {"choices":[{"index":0,"delta":{"content":"ha' })
    const { gateway } = await gatewayFor({ chat: { model: 'm', baseUrl: endpoint.server.url } })
    const model = (await gateway.chatModel('chat', scope()))!
    const read = async () => {
      for await (const _ of await model.stream('hello'));
    }
    await expect(read()).rejects.toThrow()
    expect(gateway.spent().tokens).toBeGreaterThan(0)
  })
})
