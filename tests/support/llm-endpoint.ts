import { afterEach } from 'vitest'
import { z } from 'zod'
import type { GatewayOptions, Used } from '../../src/core/llm/gateway.ts'
import { gatewayFor, scope } from './llm.ts'
import { type ScriptedAnswer, type ScriptedOpenAi, startScriptedOpenAi } from './scripted-openai.ts'

/** What the judge is asked for. */
export const Point = z.strictObject({ x: z.int(), kind: z.enum(['a', 'b']) })
export const point = { x: 3, kind: 'a' }
export const prompt = [{ role: 'user' as const, content: 'Give me a point.' }]

export const noLimit = { tokens: 0, money: 0, minutes: 1, diskGb: 1 }
/** A judge at an address where nobody answers: for what is refused before anything is asked. */
export const nowhere = (more: object) => ({ judge: { model: 'm', baseUrl: 'http://127.0.0.1:1', ...more } })

/** A scripted endpoint for each test of a file, closed after it, and a judge that asks there. */
export const scriptedEndpoint = () => {
  let server: ScriptedOpenAi | undefined
  afterEach(() => server?.close())
  const answering = async (...[answer]: Parameters<typeof startScriptedOpenAi>) => {
    server = await startScriptedOpenAi(answer)
  }
  const judge = (more = {}) => ({ judge: { model: 'm', baseUrl: server!.url, ...more } })
  return {
    /** That of the test at work. */
    get server(): ScriptedOpenAi {
      return server!
    },
    /** Starts it; it answers by a function of the request. */
    answering,
    /** Starts it; it gives these answers in turn, the last one for ever. */
    serve: (...given: ScriptedAnswer[]) => answering((_, number) => given[Math.min(number, given.length) - 1]!),
    judge,
    /** A gateway whose judge asks it for the point. */
    ask: async (more = {}, options: Partial<GatewayOptions> = {}) => {
      const world = await gatewayFor(judge(more), options)
      const used: Used[] = []
      const llm = world.gateway.llm(
        'judge',
        scope((one) => used.push(one)),
      )!
      return { ...world, used, llm, answer: () => llm.complete(prompt, Point) }
    },
  }
}
