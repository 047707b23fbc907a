import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { expect, onTestFinished, test } from 'vitest'
import { writeJsonl } from '../src/core/jsonl.ts'
import { RunStore } from '../src/core/store.ts'
import { folder, makeRun } from './cli-fixture.ts'
import { ask, call, httpClient, nearClient, serveHttp, stdioClient } from './support/mcp-client.ts'
import { endProcess } from './support/scripted-launch.ts'

interface Asked {
  readonly confirm: { token: string; forecast?: { minutes?: number; rows?: number } }
}

test('a client drives a whole run: init, plan, start, wait, approve, report, while a second one reads', async () => {
  const dir = await folder()
  const [driver, reader] = [await stdioClient(dir), await httpClient(await serveHttp(dir))]
  expect(await ask(driver, 'init', { skill: 'essay-style' })).toMatchObject({
    skill: 'essay-style',
  })
  const args = {
    set: [
      'evaluation.dev=12',
      'evaluation.gate=24',
      'evaluation.sealed=12',
      'loop.rounds=1',
      'loop.rows=20',
      'approve=before-train',
    ],
  }
  expect(await ask(driver, 'run', { ...args, plan: true })).toMatchObject({ rounds: 1, rows: 20 })
  const asked = (await ask(driver, 'run', args)) as Asked
  expect(asked.confirm.forecast?.rows).toBe(20)
  const started = await ask(driver, 'run', { ...args, confirm_token: asked.confirm.token })
  const { run, pid } = started as { run: string; pid: number }
  onTestFinished(() => endProcess(pid))

  const follow = async (client: Client, until: (seen: { waiting?: string; status: string }) => boolean) => {
    const seqs: number[] = []
    for (let since = 0; ; ) {
      const value = await ask(client, 'wait_for_change', { run, since, max_seconds: 5, progress: true })
      seqs.push(...value.events.map(({ seq }: { seq: number }) => seq))
      since = value.cursor
      expect(value.status, JSON.stringify(value.events)).not.toBe('failed')
      if (until(value)) return seqs
    }
  }
  await follow(driver, ({ waiting }) => waiting !== undefined)
  const question = (await ask(driver, 'approve', { run })) as Asked
  const reading = follow(reader, ({ status }) => status === 'finished')
  const approved = await ask(driver, 'approve', { run, confirm_token: question.confirm.token })
  expect(approved.answer).toBe('approve')
  const seqs = await reading
  expect(seqs).toEqual(seqs.map((_, at) => at + 1))
  expect((await ask(driver, 'report', { run })).text).toContain(run)
  const resources = (await reader.listResources()).resources.map(({ uri }) => uri)
  expect(resources).toContain(`whet://runs/${run}/report`)
  const { contents } = await reader.readResource({ uri: `whet://runs/${run}/report` })
  expect((contents[0] as { text: string }).text).toContain('gate')
}, 60_000)

test('tools come from the registry with hints, and none of them names an executable, a plugin or a host', async () => {
  const { tools } = await (await nearClient(await folder())).listTools()
  const byName = new Map(tools.map((tool) => [tool.name, tool]))
  expect(byName.get('status')?.annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false })
  expect(byName.get('clean')?.annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true })
  for (const closed of ['doctor', 'trust', 'mcp', 'web', 'chat', 'watch']) expect(byName.has(closed)).toBe(false)
  const fields = tools.flatMap(({ inputSchema }) => Object.keys(inputSchema.properties ?? {}))
  for (const closed of ['mcp', 'workspace', 'force', 'url', 'name']) expect(fields).not.toContain(closed)
})

test('prompts answer a client that knows nothing else', async () => {
  const client = await nearClient(await folder())
  expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['review_round', 'write_phrase_pack'])
  const { messages } = await client.getPrompt({ name: 'write_phrase_pack', arguments: { about: 'a calendar' } })
  expect(JSON.stringify(messages)).toContain('slot')
  const review = await client.getPrompt({ name: 'review_round', arguments: { run: 'four', round: '2' } })
  expect(JSON.stringify(review.messages)).toMatch(/round \\+"2\\+".*show_evaluation/)
  await expect(client.getPrompt({ name: 'review_round' })).rejects.toThrow('needs the argument run')
  expect(client.getInstructions()).toContain('wait_for_change')
})

test('resources come in pages', async () => {
  const dir = await folder()
  for (let n = 0; n < 45; n += 1) await makeRun(dir, `run-${n}`, [])
  const client = await nearClient(dir)
  const first = await client.listResources()
  const second = await client.listResources({ cursor: first.nextCursor! })
  expect([first.resources.length, second.resources.length, second.nextCursor]).toEqual([120, 15, undefined])
  await expect(client.listResources({ cursor: 'made-up' })).rejects.toThrow('bad-cursor')
})

test('events and items are resources, and a cursor leads through the events', async () => {
  const dir = await folder()
  await makeRun(dir, 'four', [{ call: 1, ask: 1, best: 0 }])
  const client = await nearClient(dir)
  const read = async (place: string) => {
    const { contents } = await client.readResource({ uri: `whet://runs/four/${place}` })
    return JSON.parse((contents[0] as { text: string }).text)
  }
  const { events, cursor } = await read('events/1')
  expect([events.map(({ seq }: { seq: number }) => seq), cursor]).toEqual([[2, 3, 4], 4])
  expect(await read('items/item-1')).toMatchObject({ item: 'item-1', replies: [{ round: 0, text: 'reply' }] })
  expect(await read('status')).toMatchObject({ run: 'four', status: 'finished' })
})

test('an answer that is too long is cut and says so; of events so many come as fit, and none is lost', async () => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', [])
  await writeJsonl(
    files.round(1).items,
    Array.from({ length: 500 }, (_, n) => ({ id: `item-${n}`, family: 'f', tags: {}, request: 'long '.repeat(60) })),
  )
  const store = RunStore.open(files.database)
  for (let n = 0; n < 60; n += 1)
    store.append({ run: 'four', type: 'warning', data: { code: 'x', message: 'y'.repeat(2000) } })
  store.close()
  const client = await nearClient(dir)
  const items = await client.callTool({ name: 'show_items', arguments: { run: 'four', limit: 500 } })
  const { text } = (items.content as { text: string }[])[0]!
  expect(text.length).toBeLessThan(81_000)
  expect(text).toMatch(/… cut: the answer has \d+ characters.*limit/)
  const seqs: number[] = []
  for (let since = 0; since < 64; ) {
    const { events, cursor } = await ask(client, 'wait_for_change', { run: 'four', since, max_seconds: 0 })
    seqs.push(...events.map(({ seq }: { seq: number }) => seq))
    since = cursor
  }
  expect(seqs).toEqual(Array.from({ length: 64 }, (_, at) => at + 1))
})

test('a client that can ask its person confirms through the person', async () => {
  const dir = await folder()
  await makeRun(
    dir,
    'four',
    [0, 1, 1, 1].map((best) => ({ call: 2, ask: 2, best })),
  )
  const client = new Client({ name: 'asks', version: '1' }, { capabilities: { elicitation: {} } })
  let answer: 'accept' | 'decline' = 'decline'
  const shown: string[] = []
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    shown.push(params.message)
    return { action: answer, content: { proceed: true } }
  })
  await nearClient(dir, client)
  expect((await call(client, 'clean')).value).toMatchObject({ declined: true })
  expect(shown).toEqual([expect.stringMatching(/^clean \{\}\n.*\ndeletes 16 kB$/)])
  answer = 'accept'
  expect((await call(client, 'clean')).value).toMatchObject({ dry: false, kept: [{ run: 'four' }] })
})

test('whoever waits hears how far a stage is, and gets the next event that is no progress', async () => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', [])
  const store = RunStore.open(files.database)
  const client = await httpClient(await serveHttp(dir))
  const place = { run: 'four', round: 1, stage: 'train' }
  const asked = { name: 'wait_for_change', arguments: { run: 'four', since: store.lastSeq(), max_seconds: 30 } }
  let hear = (_: string | undefined) => {}
  const heard = new Promise<string | undefined>((resolve) => (hear = resolve))
  const waiting = client.callTool(asked, undefined, { onprogress: ({ message }) => hear(message) })
  const speed = { tokens: 1, tokensPerSecond: 1, etaSeconds: 1 }
  store.append({ ...place, type: 'train.step', data: { step: 1, of: 8, loss: 2, ...speed } })
  expect(await heard).toBe('round 1, train: step 1 of 8, loss 2.000')
  store.append({ ...place, type: 'warning', data: { code: 'x', message: 'y' } })
  expect(await waiting).toMatchObject({ structuredContent: { events: [{ type: 'warning' }] } })
  store.close()
})
