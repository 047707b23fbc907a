import { createHash } from 'node:crypto'
import type { BlindPair } from '../../core/rating.ts'
import { html, raw } from '../report/html-tag.ts'
import { style } from '../report/style.ts'

export interface PageOptions {
  readonly run: string
  readonly question: string
  readonly criterion: string
  readonly rater: string
}

/** What the page does: shows a pair after the other, keeps the picks in the browser, hands them out as JSON lines. */
const script = `
const data = JSON.parse(document.getElementById('pairs').textContent)
const key = 'whet-rate-' + data.run + '-' + data.criterion + '-' + data.rater
const picks = JSON.parse(localStorage.getItem(key) || '{}')
const show = (id) => document.getElementById(id)
const next = () => data.pairs.findIndex((_, at) => !(at in picks))
const draw = () => {
  const at = next()
  const done = Object.keys(picks).length
  show('done').textContent = done + ' of ' + data.pairs.length
  show('card').hidden = at < 0
  show('end').hidden = at >= 0
  if (at < 0) return
  show('request').textContent = data.pairs[at].request
  show('a').textContent = data.pairs[at].a
  show('b').textContent = data.pairs[at].b
}
const pick = (choice) => {
  const at = next()
  if (at < 0) return
  picks[at] = { choice, at: new Date().toISOString() }
  localStorage.setItem(key, JSON.stringify(picks))
  draw()
}
for (const choice of ['a', 'b', 'tie']) show('pick-' + choice).addEventListener('click', () => pick(choice))
show('undo').addEventListener('click', () => {
  const last = Object.keys(picks).map(Number).sort((x, y) => y - x)[0]
  delete picks[last]
  localStorage.setItem(key, JSON.stringify(picks))
  draw()
})
show('save').addEventListener('click', () => {
  const lines = Object.entries(picks).map(([at, { choice, at: time }]) => {
    const { item, a, b } = data.pairs[at]
    return JSON.stringify({ item, a, b, choice, criterion: data.criterion, rater: data.rater, at: time })
  })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([lines.join('\\n') + '\\n'], { type: 'application/jsonl' }))
  link.download = 'ratings-' + data.run + '.jsonl'
  link.click()
})
document.addEventListener('keydown', ({ key: pressed }) => {
  if (['a', 'b'].includes(pressed)) pick(pressed)
  if (pressed === 't') pick('tie')
})
draw()
`

/** JSON inside of a page: nothing in it can end the element that holds it. */
const safeJson = (value: unknown) =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** One page that stands alone: blind pairs to pick from, no request to anywhere. It does not hold whose reply is whose. */
export const blindPage = (pairs: readonly BlindPair[], options: PageOptions): string => {
  const blind = pairs.map(({ item, request, a, b }) => ({ item, request, a, b }))
  const hash = createHash('sha256').update(script).digest('base64')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'">
<title>Rate ${options.run}</title>
<style>${raw(style)} .bar { display: flex; flex-wrap: wrap; gap: 10px; margin: 18px 0; } button { font: inherit; padding: 8px 18px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: var(--ink); cursor: pointer; } button:focus-visible { outline: 2px solid var(--gate); } [hidden] { display: none; }</style>
</head>
<body>
<main>
<p class="eyebrow">Whetstone · ${options.run} · <span id="done"></span></p>
<h1>${options.question}</h1>
<p class="lead">Two replies to one request, in random order. Keys: a, b, t. Your picks stay in this browser until you save them.</p>
<div id="card"><article class="card"><p class="quote" id="request"></p>
<div class="said"><div class="reply"><div class="top"><span>A</span></div><pre id="a"></pre></div><div class="reply"><div class="top"><span>B</span></div><pre id="b"></pre></div></div></article>
<div class="bar"><button id="pick-a">A</button><button id="pick-b">B</button><button id="pick-tie">Neither</button></div></div>
<p id="end" hidden>That was the last pair.</p>
<div class="bar"><button id="save">Save the ratings</button><button id="undo">Take the last one back</button></div>
<p class="small soft">Then: <code>whet rate ${options.run} --take ratings-${options.run}.jsonl</code></p>
<script type="application/json" id="pairs">${raw(safeJson({ ...options, pairs: blind }))}</script>
<script>${raw(script)}</script>
</main>
</body>
</html>
`.text
}
