import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeJsonl } from '../../src/core/jsonl.ts'
import { makeRun } from '../cli-fixture.ts'
import { answers, type ScriptedOpenAi, startScriptedOpenAi } from '../support/scripted-openai.ts'
import { openChromium } from './chromium.ts'
import { type Opener, opener } from './page.ts'
import { openWorld } from './world.ts'

let browser: Browser
let world: Awaited<ReturnType<typeof openWorld>>
let open: Opener['open']
let foreign: Opener['foreign']
beforeAll(async () => {
  ;[browser, world] = [await openChromium(), await openWorld()]
  ;({ open, foreign } = opener(browser, world))
  const rounds = [0, 1, 1].map((best, at) => ({ call: 5 + 3 * at, ask: 5, best, aims: true }))
  await makeRun(world.dir, 'other', rounds)
  const files = await makeRun(world.dir, 'full', rounds)
  const items = Array.from({ length: 90 }, (_, n) => ({
    ...{ id: `made-${n}`, family: 'f', tags: { kind: [n % 3 === 0 ? 'ask' : 'call'] }, request: `do thing ${n}` },
  }))
  await writeJsonl(files.round(1).items, items)
  const pair = (n: number, label: boolean) => ({
    ...{ id: `made-${n}#0`, tags: { kind: ['ask'] }, label },
    prompt: [{ role: 'user', content: `pair ${n}` }],
    completion: [{ role: 'assistant', content: label ? 'the good one' : 'the bad one' }],
  })
  await writeJsonl(files.round(1).kto, [pair(0, true), pair(0, false)])
  const failures = [{ id: 'item-39', gold: 'the right reply' }]
  await writeFile(files.round(0).failures, JSON.stringify({ examples: failures }))
})
afterAll(async () => {
  await browser?.close()
  await world?.close()
})

/** A model's library takes a while to load on a busy machine. */
const patient = { timeout: 30_000 }

const goTo = async (page: Page, place: string) => {
  await page.goto(world.url('#/away'))
  await page.goto(world.url(place))
}

test('everything is reached with the keyboard: views, search, rows, theme, runs', async () => {
  const page = await open()
  await goTo(page, '#/run/full')
  await page.getByRole('region', { name: 'Targets on gate' }).waitFor()
  const views = ['', '/data', '/evaluation', '/analyst', '/skill', '/chat', '/try']
  for (const [at, view] of views.entries()) {
    await page.keyboard.press(String(at + 1))
    await expect.poll(() => new URL(page.url()).hash, patient).toBe(`#/run/full${view}`)
  }
  await page.keyboard.press('3')
  await page.locator('.list-row').first().waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('item-1')
  await page.getByText('11 dev items').waitFor()
  await page.getByRole('listbox').focus()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.getByRole('region', { name: 'replies' }).getByRole('heading', { name: 'item-10' }).waitFor()
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme)
  const before = await theme()
  await page.keyboard.press('t')
  expect(await theme()).not.toBe(before)
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  await page.getByRole('heading', { name: 'Runs' }).waitFor()
})

test('an item shows each reply against the right answer, and a tag of the heat map filters', async () => {
  const page = await open()
  await goTo(page, '#/run/full/evaluation')
  await page.getByText('40 dev items').waitFor()
  await page.getByRole('table').getByRole('button', { name: 'kind=ask' }).click()
  await page.getByText('20 dev items').waitFor()
  await page.locator('.list-row', { hasText: 'secret' }).last().waitFor()
  await page.getByRole('listbox').focus()
  await page.keyboard.press('End')
  const replies = page.getByRole('region', { name: 'replies' })
  await replies.getByRole('heading', { name: 'item-39' }).waitFor()
  expect(await replies.locator('del').first().textContent()).toContain('the right')
  expect(await replies.getByRole('article').count()).toBe(3)
})

test('rows are filtered by tag, and pairs are marked good and bad', async () => {
  const page = await open()
  await goTo(page, '#/run/full/data')
  await page.getByText('90 of 90 rows').waitFor()
  await page.getByLabel('tags').fill('kind=ask')
  await page.getByText('30 of 90 rows').waitFor()
  await page.getByLabel('tags').fill('')
  await page.locator('label', { hasText: /^rows/ }).locator('select').selectOption('pairs')
  for (const label of ['good', 'bad']) await page.locator('.list-row', { hasText: label }).waitFor()
})

test('two runs stand beside each other, criterion by criterion', async () => {
  const page = await open()
  await goTo(page, '#/compare')
  await page.getByLabel('first').selectOption('full')
  await page.getByLabel('second').selectOption('other')
  const row = page.getByRole('region', { name: 'by criterion' }).getByRole('row', { name: /^full-call/ })
  expect(await row.textContent()).toContain('0.0')
})

test('what the skill shows is drawn from its data: a map of voices and a search step by step', async () => {
  const page = await open()
  const line = { text: '<b>search</b>("it")', mark: 'wrong' }
  const parts = [
    {
      kind: 'scatter',
      title: 'A map',
      groups: [
        {
          name: 'one',
          points: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    },
    { kind: 'texts', request: 'find it', columns: [{ head: 'best', lines: [line] }] },
  ]
  await page.route('**/api/do/report', (route) =>
    route.fulfill({
      json: { kind: 'done', output: { skill: 'toy', sections: [{ title: 'Voices', lead: '', parts }] }, notes: [] },
    }),
  )
  await goTo(page, '#/run/full/skill')
  await page.getByRole('img', { name: 'A map: one, 2 points' }).waitFor()
  await page.getByRole('region', { name: 'best' }).getByText('<b>search</b>("it") wrong').waitFor()
})

test('a run that asks before it pays is let in before its baseline, where there is no spec yet', async () => {
  const paid = 'roles: { analyst: { model: m, baseUrl: "http://127.0.0.1:1/v1", retries: 0 } }\n'
  const config = path.join(world.dir, 'paid.yaml')
  await writeFile(config, `skill: ${world.plugin}\nevaluation: { dev: 20, gate: 20, sealed: 10 }\n${paid}`)
  const page = await open()
  await page.getByRole('textbox', { name: 'config' }).fill('paid.yaml')
  await page.getByLabel('approve').selectOption('on-cost')
  await page.getByRole('button', { name: 'Forecast and start' }).click()
  const change = page.getByRole('dialog').getByRole('listitem').filter({ hasText: 'approve: on-cost' })
  await change.waitFor()
  await page.getByRole('button', { name: 'Yes, run' }).click()
  const door = (what: RegExp) => page.getByRole('region', { name: what })
  await door(/evaluate of round 0/).waitFor()
  await page.getByRole('link', { name: 'Runs' }).click()
  await page
    .getByRole('row', { name: /waits for you/ })
    .getByRole('link')
    .click()
  await door(/evaluate of round 0, whose stages may ask analyst/)
    .getByRole('button', { name: 'Approve' })
    .click()
  await page.getByRole('dialog').getByText('money: not known yet').waitFor()
  await page.getByRole('button', { name: 'Yes, approve' }).click()
  await door(/generate of round 1/).waitFor()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.locator('.row .status.stopped').waitFor()
})

let model: ScriptedOpenAi | undefined
afterAll(() => model?.close())

test('in the chat an answer is cancelled, a question is answered in its box, and both are there after a reload', async () => {
  model = await startScriptedOpenAi((_request, number) => (number === 1 ? 'never' : answers.says('Here I am.')))
  const chat = `roles: { chat: { model: scripted, baseUrl: "${model.url}/v1", retries: 0 } }\n`
  await writeFile(path.join(world.dir, 'whetstone.yaml'), `skill: ${world.plugin}\n${chat}`)
  const page = await open()
  await goTo(page, '#/run/full/chat')
  const log = page.getByRole('log')
  const say = async (text: string) => {
    await page.getByRole('textbox').fill(text)
    await page.getByRole('button', { name: 'Say' }).click()
  }
  await say('Are you there?')
  await expect.poll(() => model?.requests.length, patient).toBe(1)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Say' }).waitFor()
  const answered = async () => {
    await say('And now?')
    await page.getByRole('button', { name: 'Say' }).waitFor()
    return log.getByText('Here I am.').count()
  }
  await expect.poll(answered, patient).toBeGreaterThan(0)
  await say('/clean full')
  await page.getByRole('dialog').getByText('deletes 8 kB').waitFor()
  await page.getByRole('button', { name: 'Yes, clean' }).click()
  await log.getByText(/Freed 8 kB/).waitFor()
  await page.reload()
  await log.getByText(/asked: clean/).waitFor()
  await log.getByText(/Freed 8 kB/).waitFor()
})

test('a view that breaks says so, and the others go on; an address that is none finds no run', async () => {
  const page = await open()
  await page.route('**/api/do/show%20spec', (route) =>
    route.fulfill({ json: { kind: 'done', output: { specs: [{ round: 1 }] }, notes: [] } }),
  )
  await goTo(page, '#/run/full/analyst')
  await page.getByRole('alert').getByText('This view broke').waitFor()
  await page.keyboard.press('2')
  await page.getByText('90 of 90 rows').waitFor()
  await goTo(page, '#/run/%E0%A4%A')
  await page.getByText('There is no such run').waitFor()
})

test('no view asked another server for anything, and none threw', () => {
  expect(foreign).toEqual([])
})
