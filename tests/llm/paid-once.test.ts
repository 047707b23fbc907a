import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { requireRoles } from '../../src/core/llm/gateway.ts'
import { gatewayFor, newFolder, rolesOf, scope } from '../support/llm.ts'
import { noLimit, nowhere, Point, point, prompt, scriptedEndpoint } from '../support/llm-endpoint.ts'
import { answers } from '../support/scripted-openai.ts'

const endpoint = scriptedEndpoint()
const { serve, ask } = endpoint

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
    expect(tokens).toBe(endpoint.server.requests.length * 18)
    expect(tokens).toBeLessThanOrEqual(700)
    await first.gateway.close()
    const before = endpoint.server.requests.length
    const second = await ask({ maxTokens: 100 }, { folder, budget })
    await expect(second.llm.complete(prompt, Point, { seed: 1000 })).rejects.toMatchObject({ code: 'llm-budget' })
    expect(endpoint.server.requests.length).toBe(before)
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
    const config = { roles: rolesOf(nowhere({})), budget: { ...noLimit, money: 1 } }
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
    expect(endpoint.server.requests).toHaveLength(1)
    expect(second.used).toEqual([expect.objectContaining({ cached: true, input: 0, money: 0 })])
  })

  test('another seed, temperature or prompt is another call', async () => {
    await serve(answers.json(point))
    const { llm } = await ask()
    await llm.complete(prompt, Point)
    await llm.complete(prompt, Point, { seed: 1 })
    await llm.complete(prompt, Point, { temperature: 1 })
    await llm.complete([{ role: 'user', content: 'Give me another.' }], Point)
    expect(endpoint.server.requests).toHaveLength(4)
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
      judge: { model: 'm', baseUrl: endpoint.server.url },
      chat: { model: 'm', baseUrl: endpoint.server.url },
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
    await endpoint.server.close()

    const replaying = await gatewayFor(roles('replay'))
    expect(await replaying.gateway.llm('judge', scope())!.complete(prompt, Point)).toEqual(point)
    expect(await streamed(replaying)).toBe('word by word')
    const miss = replaying.gateway.llm('judge', scope())!.complete(prompt, Point, { seed: 9 })
    await expect(miss).rejects.toMatchObject({ code: 'cassette-miss' })
  })
})
