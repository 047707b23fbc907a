import { rm } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { hostOf } from '../src/commands/host.ts'
import type { RunEvent } from '../src/core/events.ts'
import { RunStore } from '../src/core/store.ts'
import { webApp } from '../src/web/app.ts'
import { listen } from '../src/web/listen.ts'
import { folder, makeRun } from './cli-fixture.ts'
import { type RawRequest, rawRequest } from './support/raw-request.ts'

const token = 'a-token-of-the-test'
const bearer = { authorization: `Bearer ${token}` }
const rounds = [0, 1, 1, 1].map((best) => ({ call: 2, ask: 2, best }))

interface Answered {
  readonly confirm: { readonly token: string }
  readonly error: { readonly code: string }
}

/** The dashboard's server on a free port, without a page. `restart` ends it and begins another at the same port. */
const serve = async (dir: string) => {
  let port = 0
  const start = async () => {
    const web = webApp(
      hostOf(dir, '.whetstone', () => {
        throw new Error('nothing may be started here')
      }),
      { token, hosts: ['127.0.0.1'], port: () => port },
      dir,
    )
    const listening = await listen(web.app, { port, host: '127.0.0.1' })
    port = listening.port
    return {
      close: async () => {
        web.close()
        await listening.close()
      },
    }
  }
  let server = await start()
  onTestFinished(() => server.close())
  const url = (place: string) => `http://127.0.0.1:${port}${place}`
  return {
    url,
    port: () => port,
    restart: async () => {
      await server.close()
      server = await start()
    },
    act: async (name: string, args: object = {}, confirm?: string) => {
      const body = JSON.stringify({ args, ...(confirm && { confirm }) })
      const response = await fetch(url(`/api/do/${name}`), { method: 'POST', headers: bearer, body })
      return { status: response.status, value: (await response.json()) as Answered }
    },
  }
}

const world = async () => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', rounds)
  return { dir, files, web: await serve(dir) }
}

const withBearer = (options: RawRequest): RawRequest => ({
  ...options,
  headers: { ...bearer, ...options.headers },
})

test('the first open with the token sets a cookie for this server alone, and takes the token out of the address', async () => {
  const { web } = await world()
  const opened = await fetch(web.url(`/?token=${token}`), { redirect: 'manual' })
  expect([opened.status, opened.headers.get('location')]).toEqual([302, '/'])
  const cookie = opened.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/HttpOnly/)
  expect(cookie).toMatch(/SameSite=Strict/)
  const asked = await fetch(web.url('/api/commands'), { headers: { cookie: cookie.split(';')[0]! } })
  expect(asked.status).toBe(200)
})

test('every page forbids foreign scripts, frames and requests', async () => {
  const { web } = await world()
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
  const { web } = await world()
  expect(await rawRequest(web.port(), withBearer(options))).toEqual({ status, code })
})

test('a body that goes on and on is cut off', async () => {
  const { web } = await world()
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
  const { web } = await world()
  const { value } = await web.act('clean')
  const answers = await Promise.all([
    web.act('clean', {}, value.confirm.token),
    web.act('clean', {}, value.confirm.token),
  ])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403])
  expect(answers.find(({ status }) => status === 403)!.value.error.code).toBe('confirm-used')
})

test("a student's script comes as data, and a report runs none", async () => {
  const { web } = await world()
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

/** Reads events until `enough`, and gives their numbers. */
const read = async (
  url: string,
  enough: (seqs: readonly number[], text: string) => boolean,
  headers: Record<string, string> = {},
) => {
  const left = new AbortController()
  const response = await fetch(url, { headers: { ...bearer, ...headers }, signal: left.signal })
  const seqs: number[] = []
  let [rest, all] = ['', '']
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const data = /^data: (\{"seq".*)$/m.exec(part)?.[1]
        if (data) seqs.push((JSON.parse(data) as RunEvent).seq)
        else all += part
      }
      if (enough(seqs, all)) break
    }
  } catch {
    // the server went away
  }
  left.abort()
  return seqs
}

test('50 readers of 200 events see each once and in order, and one that comes late too', async () => {
  const { files, web } = await world()
  const store = RunStore.open(files.database)
  const url = web.url('/api/runs/four/events?since=0')
  const has = (seqs: readonly number[]) => seqs.length >= 204
  const readers = Array.from({ length: 50 }, () => read(url, has))
  for (let step = 1; step <= 200; step += 1) {
    store.append({
      run: 'four',
      round: 1,
      stage: 'train',
      type: 'train.step',
      data: { step, of: 200, loss: 1, tokens: step, tokensPerSecond: 1, etaSeconds: 1 },
    })
    if (step % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const wanted = Array.from({ length: 204 }, (_, at) => at + 1)
  for (const seqs of await Promise.all(readers)) expect(seqs).toEqual(wanted)
  expect(await read(url, has)).toEqual(wanted)
  store.close()
})

test('after a restart of the server a reader goes on with its cursor: no event lost, none doubled', async () => {
  const { files, web } = await world()
  const store = RunStore.open(files.database)
  const tell = () => store.append({ run: 'four', type: 'warning', data: { code: 'x', message: 'y' } })
  const first = await read(web.url('/api/runs/four/events'), (seqs) => seqs.length >= 4)
  tell()
  await web.restart()
  tell()
  const second = await read(web.url('/api/runs/four/events'), (seqs) => seqs.length >= 2, {
    'last-event-id': String(first.at(-1)),
  })
  expect([...first, ...second]).toEqual([1, 2, 3, 4, 5, 6])
  store.close()
})

test('readers of a run that is deleted are told', async () => {
  const { files, web } = await world()
  let told = false
  const reading = read(web.url('/api/runs/four/events'), (_seqs, text) => {
    told = text.includes('event: gone')
    return told
  })
  await rm(files.dir, { recursive: true, maxRetries: 20 }) // SQLite may just be writing beside its file
  await reading
  expect(told).toBe(true)
  expect((await web.act('status', { run: 'four' })).value.error.code).toBe('unknown-run')
})

test('a line of the browser is answered part by part, and what it costs is asked', async () => {
  const { web } = await world()
  const say = async (text: string) => {
    const response = await fetch(web.url('/api/chat/four'), {
      method: 'POST',
      headers: bearer,
      body: JSON.stringify({ text }),
    })
    return (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; command?: string })
  }
  expect(await say('/status')).toMatchObject([{ kind: 'output', command: 'status' }])
  expect(await say('/clean')).toMatchObject([{ kind: 'question', question: { command: 'clean' } }])
  const { lines } = (await (await fetch(web.url('/api/chat/four'), { headers: bearer })).json()) as {
    lines: { who: string }[]
  }
  expect(lines.map(({ who }) => who)).toEqual(['person', 'command', 'person'])
})
