import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { wallClock } from '../../src/core/llm/endpoint.ts'
import type { Used } from '../../src/core/llm/gateway.ts'
import { gatewayFor, newFolder, scope } from '../support/llm.ts'
import { answers, type ScriptedAnswer, type ScriptedOpenAi, startScriptedOpenAi } from '../support/scripted-openai.ts'

let servers: ScriptedOpenAi[] = []
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  servers = []
})

const Point = z.strictObject({ x: z.int() })
const serve = async (answer: () => ScriptedAnswer | Promise<ScriptedAnswer>) => {
  const server = await startScriptedOpenAi(answer)
  servers.push(server)
  return server
}
const well = async () => {
  await new Promise((resolve) => setTimeout(resolve, 5))
  return answers.json({ x: 3 })
}
const asking = async (more = {}, folder = newFolder()) => {
  const [first, ...others] = servers.map(({ url }) => url)
  const teacher = { model: 'm', baseUrl: first!, replicas: others, concurrency: 2, ...more }
  const warnings: string[] = []
  const world = await gatewayFor(
    { teacher },
    { clock: wallClock, folder, onWarning: (code, message) => warnings.push(`${code}: ${message}`) },
  )
  const used: Used[] = []
  const llm = world.gateway.llm(
    'teacher',
    scope((one) => used.push(one)),
  )!
  const ask = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, n) => llm.complete([{ role: 'user', content: `Give me point ${n}.` }], Point)),
    )
  return { ...world, warnings, used, ask }
}

test('calls are spread over all replicas, so many at each as the role allows', async () => {
  for (let n = 0; n < 3; n += 1) await serve(well)
  const { ask } = await asking()
  expect(await ask(60)).toHaveLength(60)
  for (const { requests, mostAtOnce } of servers) {
    expect(requests.length).toBeGreaterThan(10)
    expect(mostAtOnce).toBeLessThanOrEqual(2)
  }
  expect(servers.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(60)
})

test('one that fails is left out with a warning, its calls are made elsewhere, and each is paid once', async () => {
  await serve(() => answers.failing(503))
  await serve(well)
  const { ask, warnings, used, gateway } = await asking()
  expect(await ask(20)).toHaveLength(20)
  expect(warnings[0]).toMatch(/^endpoint-out: roles\.teacher: 127\.0\.0\.1:\d+ is left out for 5 s/)
  expect(used).toHaveLength(20)
  expect(gateway.spent().tokens).toBe(20 * 18)
})

test('answers are kept under the call, whichever replica gave them', async () => {
  await serve(well)
  await serve(well)
  const folder = newFolder()
  const first = await asking({}, folder)
  await first.ask(10)
  await first.gateway.close()
  const asked = servers.map(({ requests }) => requests.length)
  const again = await asking({ replicas: [] }, folder)
  expect(await again.ask(10)).toHaveLength(10)
  expect(servers.map(({ requests }) => requests.length)).toEqual(asked)
})

test('where no replica answers, the fallback does', async () => {
  await serve(() => 'hang-up')
  await serve(() => 'hang-up')
  const spare = await startScriptedOpenAi(() => answers.json({ x: 4 }))
  const { ask } = await asking({ fallbacks: [{ model: 'spare', baseUrl: spare.url }], retries: 1 })
  expect(await ask(3)).toEqual([{ x: 4 }, { x: 4 }, { x: 4 }])
  await spare.close()
})

test('a request that is refused is asked of no other replica', async () => {
  await serve(() => answers.failing(400, 'bad field'))
  await serve(() => answers.failing(400, 'bad field'))
  const { ask, warnings } = await asking()
  await expect(ask(1)).rejects.toMatchObject({ code: 'llm-request-refused' })
  expect(servers.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(3) // one for each way of asking
  expect(warnings).toEqual([])
})
