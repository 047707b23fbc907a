import { createHash } from 'node:crypto'
import { parseHTML } from 'linkedom'
import { beforeEach, expect, test } from 'vitest'
import { blindPage } from './page.ts'

const pairs = ['one', 'two'].map((item) => ({
  item,
  request: `request ${item}`,
  a: `first ${item}`,
  b: `second ${item}`,
  from: { a: 'base', b: 'round 1' },
}))
const page = blindPage(pairs, { run: 'r', question: 'Which one sounds like you?', criterion: 'voice', rater: 'me' })
const script = /<script>([\s\S]*)<\/script>/.exec(page)![1]!

let kept: Record<string, string> = {}
const storage = {
  getItem: (key: string) => kept[key] ?? null,
  setItem: (key: string, value: string) => {
    kept[key] = value
  },
}
beforeEach(() => {
  kept = {}
})

/** The page as a browser opens it; what it would save is what `blob` got. */
const opened = () => {
  const { document, Event } = parseHTML(page)
  const saved: string[] = []
  class Blob {
    constructor([text]: string[]) {
      saved.push(text ?? '')
    }
  }
  const url = { createObjectURL: () => 'blob:' }
  new Function('document', 'localStorage', 'URL', 'Blob', script)(document, storage, url, Blob)
  const text = (id: string) => document.getElementById(id)!.textContent
  const click = (id: string) => document.getElementById(id)!.dispatchEvent(new Event('click'))
  return { text, click, saved, hidden: (id: string) => document.getElementById(id)!.hasAttribute('hidden') }
}

test('the page asks pair by pair, takes a pick back, and saves ratings without saying whose replies they are', () => {
  const { text, click, saved, hidden } = opened()
  expect([text('done'), text('request'), text('a')]).toEqual(['0 of 2', 'request one', 'first one'])
  click('pick-b')
  click('pick-a')
  expect([text('done'), hidden('card'), hidden('end')]).toEqual(['2 of 2', true, false])
  click('undo')
  expect(text('request')).toBe('request two')
  click('pick-tie')
  click('save')
  const rows = saved[0]!
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows).toMatchObject([
    { item: 'one', a: 'first one', b: 'second one', choice: 'b', criterion: 'voice', rater: 'me' },
    { item: 'two', choice: 'tie' },
  ])
})
test('picks survive a reload', () => {
  opened().click('pick-a')
  expect(opened().text('done')).toBe('1 of 2')
})
test('the page’s own policy lets only its own script run', () => {
  const hash = createHash('sha256').update(script).digest('base64')
  expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`)
})
