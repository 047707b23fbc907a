import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/commands/remote.ts'
import { writeReport } from '../../src/commands/report/index.ts'
import { writeJson, writeJsonl } from '../../src/core/jsonl.ts'
import { RunStore } from '../../src/core/store.ts'
import { runStatus } from '../../src/graph/status.ts'
import { makeRun } from '../cli-fixture.ts'
import { openChromium } from './chromium.ts'
import { type Opener, opener } from './page.ts'
import { openWorld } from './world.ts'

/** Every page, filled, is held against the rules of WCAG 2.2 A and AA that a program can judge (axe-core). */
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

interface Found {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[]
}

const violations = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe)
  const found = await page.evaluate(async (runOnly) => {
    const { axe } = window as unknown as { axe: { run(what: Document, how: object): Promise<{ violations: Found[] }> } }
    return (await axe.run(document, { runOnly, resultTypes: ['violations'] })).violations
  }, rules)
  return found.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary?.split('\n').slice(1).join(' ')}`,
    ),
  )
}

let browser: Browser
let world: Awaited<ReturnType<typeof openWorld>>
let open: Opener['open']
let waiting: string
beforeAll(async () => {
  ;[browser, world] = [await openChromium(), await openWorld()]
  ;({ open } = opener(browser, world))
  await fullRun('full')
  await makeRun(world.dir, 'other', rounds)
  waiting = await runThatWaits()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await world?.close()
})

const rounds = [0, 1, 1].map((best, at) => ({ call: 5 + 3 * at, ask: 5, best, aims: true }))

/** A finished run with something on every page: rows, rejects, a spec with a hypothesis, samples, paid calls. */
const fullRun = async (name: string) => {
  const files = await makeRun(world.dir, name, rounds)
  const items = Array.from({ length: 60 }, (_, n) => ({
    ...{ id: `made-${n}`, family: 'f', tags: { kind: ['ask'] }, request: `please do thing ${n}` },
  }))
  await writeJsonl(files.round(1).items, items)
  await writeJsonl(
    files.round(1).rejected,
    items.slice(0, 9).map((item) => ({ item, reasons: ['full-call: the gold answer fails'] })),
  )
  const part = { where: { kind: ['ask'] }, rows: 20 }
  const predicts = { criterion: 'full-call', where: part.where, points: 0.2, probability: 0.7 }
  await writeJson(files.round(1).spec, {
    ...{ spec: { seed: 1, split: 'train', parts: [part, { where: {}, rows: 20 }] }, author: 'statistical' },
    hypotheses: [{ evidence: ['item-1'], part, stage: 'sft', predicts, note: 'it never asks back' }],
    lesson: { teaches: 'sft', why: 'the format does not hold yet' },
  })
  const store = RunStore.open(files.database)
  const place = { run: name, round: 1, stage: 'train' }
  store.append({ ...place, type: 'stage.started', data: {} })
  for (const step of [1, 2, 3]) {
    const speed = { tokens: step, tokensPerSecond: 1, etaSeconds: 1 }
    store.append({ ...place, type: 'train.step', data: { step, of: 3, loss: 2 / step, ...speed } })
    store.append({
      ...place,
      type: 'machine.sampled',
      data: {
        processes: [
          { what: 'loop', bytes: 2e8 },
          { what: 'trainer', bytes: 1e9 * step },
        ],
        gpus: [{ name: 'NVIDIA H100', usedBytes: 2e10, totalBytes: 8e10, busy: 0.4 }],
      },
    })
  }
  const used = { calls: 3, cached: 1, input: 900, output: 100, money: 0.05, estimated: false }
  store.append({ ...place, type: 'llm.used', data: { role: 'analyst', model: 'scripted', ...used } })
  store.append({
    ...place,
    type: 'budget.spent',
    data: {
      ...{ minutes: 50, tokens: 900, money: 0.05, diskGb: 1 },
      limits: { minutes: 60, tokens: 0, money: 1, diskGb: 10 },
    },
  })
  store.append({ ...place, type: 'budget.near', data: { which: 'minutes', limit: 60, spent: 50 } })
  store.append({ ...place, type: 'stage.failed', data: { code: 'x', message: 'it broke' } })
  store.append({ run: name, type: 'run.failed', data: { code: 'x', message: 'it broke' } })
  store.close()
}

/** A run that works, and waits for a person before its training. */
const runThatWaits = async (): Promise<string> => {
  const call = {
    name: 'run',
    args: { set: ['approve=before-train'] },
    by: 'test',
    signal: new AbortController().signal,
  }
  const asked = await perform(world.host, call)
  if (asked.kind !== 'confirm') throw new Error('not asked')
  const begun = await perform(world.host, { ...call, confirm: asked.confirm.token })
  const { run } = (begun as unknown as { output: { run: string } }).output
  while ((await runStatus(world.host.workspace, run)).waiting === undefined) await sleep(100)
  return run
}

/** What a skill may show of itself; the toy skill shows nothing. */
const sections = [
  {
    title: 'Voices',
    lead: 'How near they are.',
    parts: [
      { kind: 'table', head: ['author', 'distance'], rows: [['one', 0.5]] },
      {
        kind: 'scatter',
        title: 'A map',
        groups: [
          { name: 'one', points: [[0, 0]], strong: true },
          { name: 'two', points: [[1, 2]] },
        ],
      },
      {
        kind: 'texts',
        request: 'find it',
        columns: [{ head: 'best', lines: [{ text: 'search("it")', mark: 'repeated' }] }],
      },
    ],
  },
]
const said = { turn: { role: 'assistant', content: 'here' }, results: [], ms: 900 }

/** A page, and what is done on it before it is looked at. */
const places: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  '#/runs': async (page) => page.getByRole('link', { name: 'full' }).waitFor(),
  '#/': async (page) => {
    await page.getByRole('link', { name: 'full' }).waitFor()
    await page.getByRole('button', { name: 'Forecast and start' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'No' }).waitFor()
  },
  '#/compare': async (page) => {
    await page.getByLabel('first').selectOption('full')
    await page.getByLabel('second').selectOption('other')
    await page.getByRole('table').first().waitFor()
  },
  '#/run/full': async (page) => {
    await page.getByRole('region', { name: 'Machine and cost' }).waitFor()
    await page.getByRole('region', { name: 'Targets on gate' }).waitFor()
  },
  '#/run/full/data': async (page) => {
    await page.locator('label', { hasText: /^rows/ }).locator('select').selectOption('rejected')
    await page.locator('.list-row').first().click()
    await page.getByRole('region', { name: 'the row' }).getByText('made-0').first().waitFor()
  },
  '#/run/full/evaluation': async (page) => {
    await page.locator('.list-row').first().click()
    await page.getByRole('region', { name: 'replies' }).waitFor()
    await page.getByRole('table').waitFor()
  },
  '#/run/full/analyst': async (page) => page.getByText('it never asks back').waitFor(),
  '#/run/full/skill': async (page) => page.getByRole('heading', { name: 'Voices' }).waitFor(),
  '#/run/full/chat': async (page) => {
    await page.getByRole('textbox').fill('/status')
    await page.getByRole('button', { name: 'Say' }).click()
    await page.getByRole('log').getByText('best:').first().waitFor()
  },
  '#/run/full/try': async (page) => {
    await page.getByLabel('ask it').fill('hello')
    await page.getByRole('button', { name: 'Ask' }).click()
    await page.getByRole('region', { name: 'trained' }).waitFor()
  },
  waiting: async (page) => {
    await page.getByRole('region', { name: /Waits for your approval/ }).waitFor()
    await page.locator('.stages').waitFor()
  },
  'waiting/data': async (page) => {
    await page.locator('.list-row').first().click()
    for (const key of ['x', 'e']) await page.keyboard.press(key)
    await page.getByRole('form', { name: /^edit / }).waitFor()
  },
  '#/run/nowhere': async (page) => page.getByText('There is no such run').waitFor(),
}

test('a page that breaks rules is found out', async () => {
  const page = await open()
  await page.getByRole('link', { name: 'full' }).waitFor()
  await page.evaluate(() => {
    const bad = document.createElement('div')
    bad.innerHTML = '<img src="data:,"><p>hardly there</p>'
    Object.assign(bad.querySelector('p')!.style, { color: '#333', background: '#222' })
    document.querySelector('main')!.append(bad)
  })
  const found = (await violations(page)).map((line) => line.split(':')[0])
  expect(found).toEqual(expect.arrayContaining(['image-alt', 'color-contrast']))
})

test.each([
  [360, 'dark'],
  [360, 'light'],
  [1280, 'dark'],
  [1280, 'light'],
] as const)('at %i pixels, %s, no page breaks a rule of WCAG AA', async (width, scheme) => {
  const page = await open({ width, height: 900 }, scheme)
  await page.route('**/api/do/report', (route) =>
    route.fulfill({ json: { kind: 'done', output: { skill: 'toy', sections }, notes: [] } }),
  )
  await page.route('**/api/do/try', (route) =>
    route.fulfill({
      json: { kind: 'done', output: { said: [{ text: 'hello', student: said, base: said }] }, notes: [] },
    }),
  )
  const found: Record<string, string[]> = {}
  for (const [place, prepare] of Object.entries(places)) {
    await page.goto(world.url('#/away'))
    await page.goto(world.url(place.replace(/^waiting/, `#/run/${waiting}`)))
    await prepare(page)
    const wrong = await violations(page)
    if (wrong.length > 0) found[place] = wrong
    await page.reload() // dialogs and reviews begin anew
  }
  // the report lets no script run, so that it is read where one may look at it
  const { text } = await writeReport({ workspace: world.host.workspace, run: 'full', format: 'html' })
  await page.goto('about:blank')
  await page.setContent(text)
  const wrong = await violations(page)
  if (wrong.length > 0) found.report = wrong
  expect(found).toEqual({})
})
