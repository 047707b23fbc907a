import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Config } from '../../src/core/config.ts'
import type { FleetChange } from '../../src/core/fleet/fleet.ts'
import { fleetStudent } from '../../src/core/fleet/student.ts'
import { collectItems } from '../../src/graph/collect.ts'
import { evaluateItems } from '../../src/graph/evaluate-items.ts'
import { answers, type ScriptedAnswer, type ScriptedOpenAi, startScriptedOpenAi } from '../support/scripted-openai.ts'
import { toySkill } from '../support/toy.ts'

let dir = ''
let servers: ScriptedOpenAi[] = []
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-fleet-'))
  servers = []
})
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  rmSync(dir, { recursive: true, force: true })
})

const serve = async (answer: (number: number) => ScriptedAnswer | Promise<ScriptedAnswer>) => {
  const server = await startScriptedOpenAi((_, number) => answer(number))
  servers.push(server)
  return server
}
const well = async () => {
  await new Promise((resolve) => setTimeout(resolve, 5))
  return answers.says('x')
}

const evaluated = async (rows = 60, more: { onChange?(change: FleetChange): void } = {}) => {
  const plugin = toySkill()
  const deps = {
    plugin,
    config: Config.parse({ skill: 'toy', student: { slots: 2 } }),
    signal: new AbortController().signal,
    scratch: dir,
    emit: () => {},
  }
  const { items } = await collectItems({ seed: 1, split: 'dev', parts: [{ where: {}, rows }] }, {}, deps)
  const urls = servers.map(({ url }) => url)
  const student = fleetStudent({ urls, slots: 2, model: 'm', timeoutMs: 5_000, ...more })
  const file = path.join(dir, 'dev.jsonl')
  const run = () => evaluateItems({ items, file, split: 'dev', definition: {}, deps, student: async () => student })
  return { items, file, run }
}

const idsIn = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { item: { id: string } }).item.id)

test('rows are asked of all endpoints, each row once, also where one dies in the middle', async () => {
  await serve(well)
  await serve(well)
  await serve((number) => (number > 5 ? 'hang-up' : well()))
  const changes: FleetChange[] = []
  const { items, file, run } = await evaluated(60, { onChange: (change) => changes.push(change) })
  const rows = await run()
  expect(rows.map(({ item }) => item.id)).toEqual(items.map(({ id }) => id))
  expect(rows.filter(({ error }) => error)).toEqual([])
  expect(idsIn(file).sort()).toEqual(items.map(({ id }) => id).sort())
  expect(changes).toEqual([expect.objectContaining({ state: 'out', name: new URL(servers[2]!.url).host })])
  for (const server of servers.slice(0, 2)) expect(server.requests.length).toBeGreaterThan(10)
  expect(servers.every(({ mostAtOnce }) => mostAtOnce <= 2)).toBe(true)
})

test('what was answered before is not asked again', async () => {
  await serve(well)
  await serve(well)
  const { run, items, file } = await evaluated(20)
  await run()
  const asked = servers.map(({ requests }) => requests.length)
  expect(await run()).toHaveLength(items.length)
  expect(servers.map(({ requests }) => requests.length)).toEqual(asked)
  expect(idsIn(file)).toHaveLength(items.length)
})

test('an endpoint that serves another model is left out, and the rest do the work', async () => {
  await serve(() => answers.failing(404, 'no such model'))
  await serve(well)
  const changes: FleetChange[] = []
  const { run } = await evaluated(10, { onChange: (change) => changes.push(change) })
  expect((await run()).filter(({ error }) => error)).toEqual([])
  expect(changes[0]).toMatchObject({ state: 'out', why: expect.stringMatching(/HTTP 404/) })
})

test('where none of them can be reached, the stage ends with a coded error that names them', async () => {
  await serve(well)
  await serve(well)
  const { run } = await evaluated(10)
  const hosts = servers.map(({ url }) => new URL(url).host)
  await Promise.all(servers.map((server) => server.close()))
  await expect(run()).rejects.toMatchObject({
    code: 'student-fleet-down',
    fixedBy: 'service',
    message: expect.stringContaining(`${hosts.join(', ')}; last: nobody answers (ECONNREFUSED)`),
  })
})

test('where all of them refuse, the refusal is the error: the config is what is wrong', async () => {
  await serve(() => answers.failing(401, 'bad key'))
  await serve(() => answers.failing(401, 'bad key'))
  const { run } = await evaluated(10)
  await expect(run()).rejects.toMatchObject({ code: 'student-refused', fixedBy: 'config' })
})
