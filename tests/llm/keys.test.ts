import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { requireRoles, type Used } from '../../src/core/llm/gateway.ts'
import { pythonEnvironment, runChild } from '../../src/core/python-run.ts'
import { gatewayFor, newFolder, rolesOf, scope } from '../support/llm.ts'
import { noLimit, nowhere, Point, point, prompt, scriptedEndpoint } from '../support/llm-endpoint.ts'
import { answers } from '../support/scripted-openai.ts'

const endpoint = scriptedEndpoint()
const { serve, judge } = endpoint

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
    expect(endpoint.server.requests[0]!.authorization).toBe(`Bearer ${key}`)
    const error = await llm.complete(prompt, Point, { seed: 2 }).catch((cause) => cause)
    await world.gateway.close()
    expect(JSON.stringify([error, error.message, used])).not.toContain(key)
    for (const file of readdirSync(folder)) expect(readFileSync(path.join(folder, file), 'latin1')).not.toContain(key)
  })

  test('are inherited by no child: trainers and the student’s server are started without them', async () => {
    process.env.WHET_TEST_KEY = key
    await serve(answers.json(point))
    const { gateway } = await gatewayFor(judge({ apiKeyEnv: 'WHET_TEST_KEY' }))
    await gateway.close()
    expect(Object.values(pythonEnvironment())).not.toContain(key)
    const { tail } = await runChild([process.execPath, '-e', 'console.log(JSON.stringify(process.env))'])
    expect(tail).toContain('PYTHONUNBUFFERED')
    expect(tail).not.toContain(key)
  })

  test('a missing one is told before anything is begun', () => {
    const { budget: _, ...config } = { roles: rolesOf(nowhere({ apiKeyEnv: 'WHET_TEST_KEY' })), budget: 0 }
    expect(() => requireRoles({ ...config, budget: noLimit } as never)).toThrow(
      expect.objectContaining({ code: 'llm-key-missing', exit: 3 }),
    )
  })

  test('a model given to an agent holds none', async () => {
    process.env.WHET_TEST_KEY = key
    await serve(answers.says('hi'))
    const world = await gatewayFor({ chat: { model: 'm', baseUrl: endpoint.server.url, apiKeyEnv: 'WHET_TEST_KEY' } })
    const model = (await world.gateway.chatModel('chat', scope()))!
    expect((await model.invoke('hello')).text).toBe('hi')
    expect(endpoint.server.requests[0]!.authorization).toBe(`Bearer ${key}`)
    expect(JSON.stringify(model)).not.toContain(key)
  })
})
