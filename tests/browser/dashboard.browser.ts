import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { progressTypes } from '../../src/commands/changes.ts'
import { writeJsonl } from '../../src/core/jsonl.ts'
import { RunStore } from '../../src/core/store.ts'
import { makeRun } from '../cli-fixture.ts'
import { openChromium } from './chromium.ts'
import { type Opener, opener, shoot } from './page.ts'
import { openWorld } from './world.ts'

// the scripted trainer takes so long for a step that a person can watch it
process.env.STEP_MS = '150'

let browser: Browser
let world: Awaited<ReturnType<typeof openWorld>>
let open: Opener['open']
let foreign: Opener['foreign']
beforeAll(async () => {
  ;[browser, world] = [await openChromium(), await openWorld()]
  ;({ open, foreign } = opener(browser, world))
})
afterAll(async () => {
  await browser?.close()
  await world?.close()
})

test('a run is started, watched, approved with an edited spec, and read to its end, across a restart of the server', async () => {
  const page = await open()
  await page.getByLabel('approve').selectOption('every-round')
  await page.getByRole('button', { name: 'Forecast and start' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Yes, run' }).click()
  const door = page.getByRole('region', { name: /Waits for your approval/ })
  await door.waitFor()
  expect(page.url()).toContain('#/run/')
  await door.getByRole('textbox').fill('kind=loud:12\nall:20')
  await shoot(page, 'approval')
  await door.getByRole('button', { name: 'Approve 32 rows, edited' }).click()
  await page.getByRole('dialog').getByRole('listitem').filter({ hasText: 'kind=loud:12' }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Yes, approve' }).click()
  await page.locator('.stage.works progress').waitFor()
  await page.getByText(/step \d of 8/).waitFor()
  await world.stop()
  await page.getByText('The server is away').waitFor()
  await world.start()
  await page.getByText('The server is away').waitFor({ state: 'detached' })
  await page.getByRole('region', { name: /Waits for your approval: generate of round 2/ }).waitFor()
  const seqs = await page
    .locator('.log li')
    .evaluateAll((lines) => lines.map((line) => Number((line as HTMLElement).dataset.seq)))
  expect(new Set(seqs).size).toBe(seqs.length)
  await page.getByRole('img', { name: /Loss/ }).waitFor()
  for (const round of [2, 3]) {
    await page
      .getByRole('region', { name: new RegExp(`generate of round ${round}`) })
      .getByRole('button', { name: /^Approve/ })
      .click()
    await page.getByRole('button', { name: 'Yes, approve' }).click()
  }
  await page.locator('.row .status.finished').waitFor()
  const machine = page.getByRole('region', { name: 'Machine and cost' })
  await machine.getByRole('img', { name: /Memory of the run's processes.*loop [0-9.]+ GB/ }).waitFor()
  await machine.getByRole('row', { name: /^time .* 1 h/ }).waitFor()
  await shoot(page, 'run', true)
  const run = page.url().split('/').at(-1)!
  const store = RunStore.open(world.host.workspace.run(run).database, { readonly: true })
  expect(await page.locator('.log li').count()).toBe(
    store.events().filter(({ type }) => !progressTypes.has(type)).length,
  )
  store.close()
  await page.getByRole('link', { name: 'Evaluation' }).click()
  await page.locator('.list-row').first().click()
  await page.getByRole('region', { name: 'replies' }).waitFor()
  await shoot(page, 'evaluation')
  await page.getByRole('link', { name: 'Analyst' }).click()
  await page.getByText('as a person wrote it').waitFor()
  await shoot(page, 'analyst')
})

test('rows are reviewed with the keyboard before they are trained', async () => {
  const page = await open()
  await page.getByLabel('approve').selectOption('before-train')
  await page.getByRole('button', { name: 'Forecast and start' }).click()
  await page.getByRole('button', { name: 'Yes, run' }).click()
  await page.getByRole('link', { name: 'Review the rows' }).click()
  await page.locator('.list-row').first().waitFor()
  await page.getByRole('listbox').focus()
  for (const key of ['j', 'x', 'j', 'x', 'j', 'x', 'a']) await page.keyboard.press(key)
  await page.getByText('2 items rejected').waitFor()
  await page.keyboard.press('e')
  const editor = page.getByRole('form', { name: /^edit / })
  const fields = JSON.parse(await editor.getByRole('textbox').inputValue()) as Record<string, unknown>
  expect(Object.keys(fields)).toEqual(['tags', 'request', 'answer'])
  await editor.getByRole('textbox').fill(JSON.stringify({ ...fields, answer: 5 }))
  await page.keyboard.press('Control+Enter')
  await editor.getByText(/not edited: answer: /).waitFor()
  await shoot(page, 'edit')
  await editor.getByRole('textbox').fill(JSON.stringify({ ...fields, request: 'kindly do it with the word' }))
  await page.keyboard.press('Control+Enter')
  await page.getByRole('option', { selected: true }).getByText('edited').waitFor()
  await page.getByText('edited by browser').waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.getByText('3 items rejected').waitFor()
  await page.keyboard.press('a')
  await page.getByText('2 items rejected').waitFor()
  await shoot(page, 'review')
  await page.getByRole('link', { name: 'Back to the approval' }).click()
  await page.getByRole('button', { name: /^Approve .*without 2 items/ }).click()
  await page.getByRole('button', { name: 'Yes, approve' }).click()
  await page.getByText('2 items left out by browser, 38 rows left').waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.locator('.row .status.stopped').waitFor()
})

test('a line to the chat is answered, and what costs is asked in a box', async () => {
  const page = await open()
  await page.getByRole('table').getByRole('link').first().click()
  await page.getByRole('link', { name: 'Chat' }).click()
  await page.getByRole('textbox').fill('/status')
  await page.getByRole('button', { name: 'Say' }).click()
  await page.getByRole('log').getByText('best:').waitFor()
  await page.getByRole('textbox').fill('/clean')
  await page.getByRole('button', { name: 'Say' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'No' }).click()
  await shoot(page, 'chat')
})

test('100,000 items are turned over with the keyboard', async () => {
  const files = await makeRun(
    world.dir,
    'large',
    [0, 1, 1].map((best) => ({ call: 5, ask: 5, best, aims: true })),
  )
  const items = Array.from({ length: 100_000 }, (_, n) => ({
    id: `item-${n}`,
    family: 'f',
    tags: { kind: [n % 10 === 0 ? 'ask' : 'call'] },
    request: `please do thing ${n}`,
  }))
  await writeJsonl(files.round(1).items, items)
  const page = await open()
  await page.goto(world.url('#/run/large/data'))
  await page.getByText('100,000 of 100,000 rows').waitFor()
  const list = page.getByRole('listbox')
  await page.getByText('please do thing 0', { exact: true }).waitFor()
  await list.focus()
  await page.keyboard.press('ArrowDown')
  await page.getByRole('heading', { name: 'item-0' }).waitFor()
  const begun = Date.now()
  await list.evaluate((box) => box.scrollTo({ top: box.scrollHeight }))
  await page.getByText('please do thing 99999', { exact: true }).waitFor()
  console.log(`to the last of 100,000 items: ${Date.now() - begun} ms`)
  expect(await page.locator('.list-row').count()).toBeLessThan(80)
  await page.keyboard.press('/')
  await page.keyboard.type('thing 9999')
  const typed = Date.now()
  await page.getByText('11 of 100,000 rows').waitFor()
  console.log(`a text found in 100,000 items: ${Date.now() - typed} ms, 250 of them for the typing to rest`)
  await page.getByLabel('tags').fill('kind=ask')
  const filtered = Date.now()
  await page.getByRole('searchbox').fill('')
  await page.getByText('10,000 of 100,000 rows').waitFor()
  console.log(`a tag found in 100,000 items: ${Date.now() - filtered} ms, 250 of them for the typing to rest`)
  await shoot(page, 'data')
})

test('what a student writes is shown as text, and runs nothing', async () => {
  const files = await makeRun(world.dir, 'hostile', [{ call: 1, ask: 1, best: 0 }])
  const attack = '<img src=x onerror="alert(1)"><script>alert(2)</script><a href="javascript:alert(3)">approve</a>'
  const item = { id: 'item-x', family: 'f', tags: { kind: ['ask'] } }
  const grade = { score: 0, criteria: { 'full-call': { status: 'fail', score: 0, reason: attack } }, failures: [] }
  const transcript = [
    { role: 'user', content: attack },
    { role: 'assistant', content: attack },
  ]
  await writeJsonl(files.round(0).evaluation('dev'), [
    { item, transcript, grade, ms: 1, tokens: { prompt: 1, completion: 1 } },
  ])
  const row = { ...item, request: attack }
  await writeJsonl(files.round(1).items, [row])
  await writeJsonl(files.round(1).rejected, [{ item: row, reasons: [attack] }])
  const page = await open()
  await page.goto(world.url('#/run/hostile/evaluation'))
  await page.locator('.list-row').first().click()
  await page.getByRole('region', { name: 'replies' }).getByText('<script>alert(2)</script>').first().waitFor()
  const alive = page.locator('main img, main script, main a[href^=javascript]')
  expect(await alive.count()).toBe(0)
  await page.goto(world.url('#/run/hostile/data'))
  await page.locator('label', { hasText: /^rows/ }).locator('select').selectOption('rejected')
  await page.locator('.list-row').first().click()
  await page.getByRole('region', { name: 'the row' }).getByText('<script>alert(2)</script>').first().waitFor()
  expect(await alive.count()).toBe(0)
  await page.goto(world.url('#/run/hostile/chat'))
  await page.getByRole('textbox').fill('/show item item-x')
  await page.getByRole('button', { name: 'Say' }).click()
  await page.getByRole('log').getByText('<script>alert(2)</script>').waitFor()
  expect(await alive.count()).toBe(0)
})

test.each([
  [360, 'dark'],
  [360, 'light'],
  [3840, 'light'],
] as const)('at %i pixels, %s, nothing runs out of the page', async (width, scheme) => {
  const page = await open({ width, height: 900 }, scheme)
  for (const place of [
    '#/',
    '#/run/large',
    '#/run/large/data',
    '#/run/large/evaluation',
    '#/run/large/analyst',
    '#/run/large/skill',
    '#/run/large/chat',
    '#/compare',
  ]) {
    await page.goto(world.url(place))
    await page.locator('main').waitFor()
    await page.waitForLoadState('networkidle').catch(() => {})
    expect(await page.evaluate(() => document.documentElement.scrollWidth), place).toBeLessThanOrEqual(width)
  }
  await page.goto(world.url('#/run/large'))
  await page.getByRole('region', { name: 'Targets on gate' }).waitFor()
  await shoot(page, `run-${width}-${scheme}`)
})

test('the first load is small, and an event is on the page soon after it was written', async () => {
  const page = await open()
  const session = await page.context().newCDPSession(page)
  let bytes = 0
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.reload()
  await page.getByRole('heading', { name: 'Runs' }).waitFor()
  expect(bytes).toBeLessThan(300_000)
  await page.goto(world.url('#/run/large'))
  await page.locator('.log li').first().waitFor()
  await page.evaluate(() => {
    const seen: number[] = []
    Object.assign(window, { seen })
    new MutationObserver(() => {
      const at = document.querySelector('.log li:first-child time')?.getAttribute('datetime')
      if (at) requestAnimationFrame(() => seen.push(Date.now() - Date.parse(at)))
    }).observe(document.querySelector('.log')!, { childList: true })
  })
  const store = RunStore.open(world.host.workspace.run('large').database)
  for (let n = 0; n < 20; n += 1) {
    const { seq } = store.append({ run: 'large', type: 'warning', data: { code: 'x', message: `event ${n}` } })
    await page.locator(`[data-seq="${seq}"]`).waitFor()
  }
  store.close()
  const seen = await page.evaluate(() => (window as unknown as { seen: number[] }).seen)
  console.log(
    `first load ${(bytes / 1000).toFixed(0)} kB; event to pixel, ms: median ${seen.sort((a, b) => a - b)[Math.floor(seen.length / 2)]}, most ${seen.at(-1)}`,
  )
})

test('no page asked another server for anything, and none threw', () => {
  expect(foreign).toEqual([])
})
