import { expect, test } from 'vitest'
import { type RawRequest, rawRequest } from './support/raw-request.ts'
import { bearer, token, webWorld } from './support/web-server.ts'

const withBearer = (options: RawRequest): RawRequest => ({
  ...options,
  headers: { ...bearer, ...options.headers },
})

test('the first open with the token sets a cookie for this server alone, and takes the token out of the address', async () => {
  const { web } = await webWorld()
  const opened = await fetch(web.url(`/?token=${token}`), { redirect: 'manual' })
  expect([opened.status, opened.headers.get('location')]).toEqual([302, '/'])
  const cookie = opened.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/HttpOnly/)
  expect(cookie).toMatch(/SameSite=Strict/)
  const asked = await fetch(web.url('/api/commands'), { headers: { cookie: cookie.split(';')[0]! } })
  expect(asked.status).toBe(200)
})

test('every page forbids foreign scripts, frames and requests', async () => {
  const { web } = await webWorld()
  const policy = (await fetch(web.url('/api/commands'), { headers: bearer })).headers.get('content-security-policy')
  expect(policy).toContain("default-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
})

test.each([
  [
    'a foreign Origin',
    { path: '/api/do/runs', method: 'POST', headers: { origin: 'https://evil.example' } },
    403,
    'foreign-origin',
  ],
  ['a sandboxed Origin', { path: '/api/do/runs', method: 'POST', headers: { origin: 'null' } }, 403, 'foreign-origin'],
  [
    'a name bound to this address',
    { path: '/api/do/runs', method: 'POST', headers: { host: 'evil.example' } },
    403,
    'foreign-host',
  ],
  ['a missing token', { path: '/api/do/runs', method: 'POST', headers: { authorization: '' } }, 401, 'token-missing'],
  [
    'a wrong token',
    { path: '/api/do/runs', method: 'POST', headers: { authorization: 'Bearer nearly' } },
    401,
    'token-wrong',
  ],
  ['a wrong token in the address', { path: '/?token=nearly' }, 401, 'token-wrong'],
  ['no token on the page', { path: '/', headers: { authorization: '' } }, 401, 'token-missing'],
  ['a path in a run name', { path: '/api/runs/..%2F..%2Fetc/events' }, 400, 'bad-run-name'],
  ['a run name that decodes to nothing', { path: '/api/runs/%E0%A4%A/events' }, 400, 'bad-run-name'],
  ['a path in the run of a report', { path: '/api/runs/..%2F..%2Fetc/report' }, 400, 'bad-run-name'],
  ['a path in the run of a chat', { path: '/api/chat/..%2F..%2Fetc' }, 400, 'bad-run-name'],
  [
    'a file outside of the project',
    { path: '/api/do/run', method: 'POST', body: '{"args":{"config":"../../whetstone.yaml"}}' },
    403,
    'path-outside',
  ],
  [
    'a chat about a deleted run',
    { path: '/api/chat/five', method: 'POST', body: '{"text":"/status"}' },
    404,
    'unknown-run',
  ],
  ['a report of a deleted run', { path: '/api/runs/five/report' }, 404, 'unknown-run'],
  [
    'an order to a deleted run',
    { path: '/api/do/pause', method: 'POST', body: '{"args":{"run":"five"}}' },
    404,
    'unknown-run',
  ],
  ['a path in an asset', { path: '/assets/..%2F..%2Fpackage.json' }, 404, 'unknown-address'],
  ['an unknown run', { path: '/api/runs/five/events' }, 404, 'unknown-run'],
  ['a cursor from the future', { path: '/api/runs/four/events?since=999' }, 409, 'cursor-ahead'],
  ['a cursor that is none', { path: '/api/runs/four/events?since=-1' }, 400, 'bad-cursor'],
  ['a body that is no JSON', { path: '/api/do/runs', method: 'POST', body: '{' }, 400, 'bad-input'],
  ['a body of another shape', { path: '/api/do/runs', method: 'POST', body: '{"argz":{}}' }, 400, 'bad-input'],
  ['a command of the terminal', { path: '/api/do/doctor', method: 'POST', body: '{}' }, 400, 'terminal-only'],
  [
    'an item by path',
    { path: '/api/do/show%20item', method: 'POST', body: '{"args":{"item":"../../run.sqlite"}}' },
    404,
    'unknown-item',
  ],
  [
    'a body that says that it has 1 GB',
    { path: '/api/do/runs', method: 'POST', headers: { 'content-length': '1073741824' } },
    413,
    'body-too-large',
  ],
])('%s is refused', async (_what, options, status, code) => {
  const { web } = await webWorld()
  expect(await rawRequest(web.port(), withBearer(options))).toEqual({ status, code })
})

test('a body that goes on and on is cut off', async () => {
  const { web } = await webWorld()
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)) })
  const sent = fetch(web.url('/api/do/runs'), {
    method: 'POST',
    headers: bearer,
    body: endless,
    duplex: 'half',
  } as RequestInit)
  const status = await sent.then(
    (response) => response.status,
    () => 'cut',
  )
  expect([413, 'cut']).toContain(status)
  expect((await web.act('runs')).status).toBe(200)
})

test('two yeses to one question: one wins, the other is told', async () => {
  const { web } = await webWorld()
  const { value } = await web.act('clean')
  const answers = await Promise.all([
    web.act('clean', {}, value.confirm.token),
    web.act('clean', {}, value.confirm.token),
  ])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403])
  expect(answers.find(({ status }) => status === 403)!.value.error.code).toBe('confirm-used')
})

test("a student's script comes as data, and a report runs none", async () => {
  const { web } = await webWorld()
  const shown = await fetch(web.url('/api/do/show%20item'), {
    method: 'POST',
    headers: bearer,
    body: '{"args":{"item":"item-1"}}',
  })
  expect(shown.headers.get('content-type')).toContain('application/json')
  expect(shown.headers.get('x-content-type-options')).toBe('nosniff')
  const report = await fetch(web.url('/api/runs/four/report'), { headers: bearer })
  expect(report.headers.get('content-security-policy')).toMatch(/^sandbox ?; default-src 'none'/)
})
