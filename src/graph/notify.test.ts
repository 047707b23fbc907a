import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { RunEvent } from '../core/events.ts'
import { notifier, signatureOf } from './notify.ts'

interface Delivery {
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

/** A receiver that answers with these statuses, one after the other; the last one stands. 0: the connection is cut. */
const receiver = async (statuses: readonly number[]) => {
  const got: Delivery[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const status = statuses[Math.min(got.length, statuses.length - 1)]!
    got.push({ headers: request.headers, body })
    if (status === 0) return void response.destroy()
    response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end('ok')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(
    () =>
      new Promise<void>((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  )
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got }
}

const event = (type: string, data: object, seq = 1) =>
  ({ seq, at: '2026-11-23T08:00:00Z', run: 'a-run', type, data }) as unknown as RunEvent
const asks = event('approval.requested', { what: 'generate of round 2' })

const notify = async (statuses: readonly number[], events: readonly RunEvent[], secretEnv?: string) => {
  const { url, got } = await receiver(statuses)
  const failed: string[] = []
  const sender = notifier(
    { webhook: url, ...(secretEnv && { secretEnv }) },
    { env: { HOOK: 'secret' }, retry: { retries: 3, minTimeout: 1 }, onFailed: (_event, why) => failed.push(why) },
  )
  for (const each of events) sender.take(each)
  await sender.close()
  return { got, failed }
}

test('a wait for approval is delivered once, signed over timestamp and body', async () => {
  const { got } = await notify([200], [asks], 'HOOK')
  expect(got).toHaveLength(1)
  const { headers, body } = got[0]!
  expect(headers['x-whetstone-signature']).toBe(
    `sha256=${signatureOf('secret', String(headers['x-whetstone-timestamp']), body)}`,
  )
  expect(JSON.parse(body)).toMatchObject({
    run: 'a-run',
    type: 'approval.requested',
    text: expect.stringContaining('whet approve a-run'),
  })
})

test('what fails is tried again, as the same delivery', async () => {
  const { got, failed } = await notify([0, 503, 200], [asks])
  expect([got.length, failed]).toEqual([3, []])
  expect(new Set(got.map(({ headers }) => headers['x-whetstone-delivery']))).toEqual(new Set(['a-run-1']))
})

test('a receiver that stays away, refuses or sends elsewhere is told, and later events are still sent', async () => {
  const away = await notify([500], [asks])
  expect([away.got.length, away.failed]).toEqual([4, ['HTTP 500']])
  const refuses = await notify([404, 200], [asks, event('run.finished', { reason: 'rounds', best: 1 }, 2)])
  expect([refuses.got.length, refuses.failed]).toEqual([2, ['HTTP 404']])
  expect((await notify([302], [asks])).failed).toHaveLength(1)
})

test('four fifths of a budget are told, with what to do', async () => {
  const { got } = await notify([200], [event('budget.near', { which: 'minutes', limit: 60, spent: 48.0123 })])
  expect(JSON.parse(got[0]!.body).text).toBe('a-run: 48.01 of 60 minutes of the budget are spent. whet budget a-run')
})

test('steps and progress are not told', async () => {
  expect((await notify([200], [event('train.step', {}), event('stage.started', {})])).got).toEqual([])
})

test('a secret that is not set is an error before the run', () => {
  const options = { env: {}, onFailed: () => {} }
  expect(() => notifier({ webhook: 'http://127.0.0.1:1', secretEnv: 'HOOK' }, options)).toThrow('HOOK')
})
