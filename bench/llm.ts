import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pLimit from 'p-limit'
import { z } from 'zod'
import { Config } from '../src/core/config.ts'
import { openGateway } from '../src/core/llm/gateway.ts'
import { answers, startScriptedOpenAi } from '../tests/support/scripted-openai.ts'
import type { Figure } from './index.ts'

const [calls, atOnce, latencyMs] = [2000, 64, 300]

/** Judge calls through the whole gateway, kept durably, against a server of a fixed latency in this process; the peer is bare fetch. */
export const llm = async (): Promise<Figure[]> => {
  const server = await startScriptedOpenAi(async () => {
    await new Promise((resolve) => setTimeout(resolve, latencyMs))
    return answers.json({ score: 1 })
  })
  const folder = mkdtempSync(path.join(tmpdir(), 'whet-bench-'))
  const roles = Config.parse({
    skill: 'toy',
    roles: { judge: { model: 'm', baseUrl: server.url, concurrency: atOnce } },
  }).roles
  const gateway = await openGateway({
    roles,
    budget: { tokens: 0, money: 0 },
    folder,
    account: 'bench',
    baseDir: folder,
  })
  const judge = gateway.llm('judge', { signal: new AbortController().signal })!
  const schema = z.object({ score: z.number() })
  const prompt = (n: number) => [{ role: 'user' as const, content: `Row ${n}: is it right?` }]
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let [done, halfway] = [0, before]
  const ours = await perSecond(async (n) => {
    await judge.complete(prompt(n), schema)
    done += 1
    if (done === calls / 2) halfway = process.memoryUsage().rss
  })
  const after = process.memoryUsage().rss
  const grown = (from: number) => `${after < from ? '' : '+'}${((after - from) / 1e6).toFixed(0)} MB`
  const bare = await perSecond(async (n) => {
    const body = JSON.stringify({ model: 'm', messages: prompt(n + calls) })
    await (await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body })).json()
  })
  await gateway.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
  const limit = (atOnce / latencyMs) * 1000
  return [
    {
      name: `llm gateway, ${atOnce} at once`,
      value: ours,
      unit: 'calls/s',
      note: `durable; aim within 10 % of the server's ${limit.toFixed(0)}; ${calls} calls, memory ${grown(before)}, of it ${grown(halfway)} in the second half`,
    },
    { name: '  peer: bare fetch, nothing kept', value: bare, unit: 'calls/s', note: 'p-limit and fetch' },
  ]
}

const perSecond = async (call: (n: number) => Promise<unknown>): Promise<number> => {
  const limit = pLimit(atOnce)
  const started = performance.now()
  await Promise.all(Array.from({ length: calls }, (_, n) => limit(() => call(n))))
  return (calls / (performance.now() - started)) * 1000
}
