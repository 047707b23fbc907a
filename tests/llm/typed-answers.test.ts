import { describe, expect, test } from 'vitest'
import { newFolder, scope } from '../support/llm.ts'
import { Point, point, prompt, scriptedEndpoint } from '../support/llm-endpoint.ts'
import { answers, type ScriptedAnswer } from '../support/scripted-openai.ts'

const endpoint = scriptedEndpoint()
const { answering, serve, ask } = endpoint

describe('a typed answer', () => {
  test('comes from an endpoint that keeps to the JSON Schema', async () => {
    await serve(answers.json(point))
    const { answer } = await ask()
    expect(await answer()).toEqual(point)
    expect(endpoint.server.requests[0]!.response_format?.json_schema).toMatchObject({
      strict: true,
      schema: { required: ['x', 'kind'], properties: { kind: { enum: ['a', 'b'] } } },
    })
  })

  test('is found between thoughts, prose and fences, and small slips of JSON are mended', async () => {
    await serve(answers.wrapped(point), answers.says("Here: {'x': 3, kind: 'a',}"))
    const { llm } = await ask()
    expect(await llm.complete(prompt, Point)).toEqual(point)
    expect(await llm.complete(prompt, Point, { seed: 2 })).toEqual(point)
    expect(endpoint.server.requests).toHaveLength(2)
  })

  test('that breaks the schema is sent back with the findings and comes right', async () => {
    await serve(answers.json({ x: 3, kind: 'c' }), answers.json(point))
    const { answer } = await ask()
    expect(await answer()).toEqual(point)
    const back = endpoint.server.requests[1]!.messages
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
    expect(endpoint.server.requests).toHaveLength(3)
  })

  test('is asked for by tool call, then in words, where the endpoint refuses the better way, and that is remembered', async () => {
    const folder = newFolder()
    await answering((request) => {
      if (request.response_format || request.tools) return answers.failing(400, 'not supported')
      return answers.json(point)
    })
    const first = await ask({}, { folder })
    expect(await first.answer()).toEqual(point)
    expect(endpoint.server.requests).toHaveLength(3)
    await first.gateway.close()
    const second = await ask({}, { folder })
    await second.llm.complete([{ role: 'user', content: 'Another.' }], Point)
    expect(endpoint.server.requests).toHaveLength(4)
  })

  test('that the model declines is an error of its own', async () => {
    await serve(answers.refusal)
    await expect((await ask()).answer()).rejects.toMatchObject({ code: 'llm-declined' })
  })
})

describe('a probe', () => {
  test('finds what an endpoint can do by asking', async () => {
    await answering((request) => {
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
    await answering((request) =>
      request.tools || request.response_format ? answers.says('Hello there!') : answers.json({ word: 'whetstone' }),
    )
    const { gateway } = await ask()
    expect(await gateway.probe('judge', scope())).toMatchObject({ way: 'plain', jsonSchema: false, toolCalls: false })
  })
})
