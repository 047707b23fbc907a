import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RunEvent } from '../src/core/events.ts'
import { RunStore } from '../src/core/store.ts'
import { answers, startScriptedOpenAi } from './support/scripted-openai.ts'
import { bearer, webWorld } from './support/web-server.ts'

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
  const { files, web } = await webWorld()
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
  const { files, web } = await webWorld()
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
  const { files, web } = await webWorld()
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

interface Told {
  readonly kind: string
  readonly command?: string
  readonly question?: { readonly command: string; readonly token: string }
  readonly text?: string
}

/** What comes of a line, or of an answer to a question, in the chat of the run. */
const sayTo =
  (web: Awaited<ReturnType<typeof webWorld>>['web']) =>
  async (said: object, signal?: AbortSignal): Promise<Told[]> => {
    const response = await fetch(web.url('/api/chat/four'), {
      method: 'POST',
      headers: bearer,
      body: JSON.stringify(said),
      ...(signal && { signal }),
    })
    return (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Told)
  }

test('a line of the browser is answered part by part, what destroys is asked, and the yes to it is kept', async () => {
  const { web, files } = await webWorld()
  const say = sayTo(web)
  expect(await say({ text: '/status' })).toMatchObject([{ kind: 'output', command: 'status' }])
  const [asked] = await say({ text: '/clean' })
  expect(asked).toMatchObject({ kind: 'question', question: { command: 'clean' } })
  expect(await say({ yes: true, token: 'confirm-made-up' })).toMatchObject([{ kind: 'note' }])
  expect(existsSync(files.round(2).model)).toBe(true)
  expect(await say({ yes: true, token: asked!.question!.token })).toMatchObject([{ kind: 'output', command: 'clean' }])
  expect(existsSync(files.round(2).model)).toBe(false)
  const { lines } = (await (await fetch(web.url('/api/chat/four'), { headers: bearer })).json()) as {
    lines: { who: string; text: string }[]
  }
  expect(lines.map(({ who, text }) => `${who}: ${text.split('\n')[0]}`)).toEqual([
    'person: /status',
    expect.stringContaining('command: status'),
    'person: /clean',
    'command: asked: clean {"run":"four"}',
    'person: /yes',
    'person: /yes',
    expect.stringContaining('command: clean'),
  ])
})

test('a reader who leaves cancels the answer, at the model too, and the next line is answered', async () => {
  const { web, dir } = await webWorld()
  let reached = () => {}
  const asked = new Promise<void>((resolve) => (reached = resolve))
  const server = await startScriptedOpenAi((_request, number) => {
    if (number > 1) return answers.says('here')
    reached()
    return 'never'
  })
  onTestFinished(() => server.close())
  const chat = `{ model: scripted, baseUrl: "${server.url}/v1", retries: 0 }`
  await writeFile(path.join(dir, 'whetstone.yaml'), `skill: tool-calling\nroles: { chat: ${chat} }\n`)
  const say = sayTo(web)
  const left = new AbortController()
  const first = say({ text: 'Are you there?' }, left.signal).catch((error: Error) => error.name)
  await asked
  expect(await say({ text: 'Hello?' })).toMatchObject([{ error: { code: 'chat-busy' } }])
  left.abort()
  expect(await first).toBe('AbortError')
  await expect
    .poll(async () => (await say({ text: 'And now?' })).at(-1), { timeout: 10_000 })
    .toMatchObject({ text: 'here' })
})
