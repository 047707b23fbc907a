import { count, plural, tagsText } from '../format.ts'
import { lossChart } from './charts.ts'
import type { Section } from './html.ts'
import { type Html, html, raw } from './html-tag.ts'
import type { Example, ExampleReply, FailureRow, Report } from './model.ts'
import * as say from './tables.ts'
import { type Cell, roundText, wholePercent } from './text.ts'

export const failures = ({ failures: found }: Report): Section => {
  const after = roundText(found?.after ?? 0)
  const body =
    found &&
    html`<p class="lead">Dev items with at least one failed criterion, before and after training.</p>
<p class="legend"><span><span class="swatch"></span>base</span><span><span class="swatch after"></span>${after}</span></p>
<div class="dimensions">${found.dimensions.map(
      ({ name, values, more }) =>
        html`<div class="card"><h3>${name}</h3><div class="bars">${values.map(valueBars)}</div>${more > 0 && html`<p class="small soft">and ${more} more</p>`}</div>`,
    )}${found.kinds.length > 0 && kinds(found)}</div>`
  return { id: 'failures', title: 'Failures before and after', body }
}

const valueBars = ({ value, before, after }: FailureRow): Html =>
  html`<div class="name">${value}</div><div class="pair">${bar(before, false)}${bar(after, true)}</div>`

const bar = (cell: Cell, after: boolean): Html =>
  html`<div class="track ${after && 'after'}"><span style="width:${width(cell.rate ?? 0)}%"></span></div><div>${cell.rate === null ? 'no data' : `${count(cell.passes ?? 0)} of ${count(cell.n)}, ${wholePercent(cell.rate)}`}</div>`

const width = (share: number) => (Math.min(1, Math.max(0, share)) * 100).toFixed(1)

const kinds = ({ kinds: rows, items }: NonNullable<Report['failures']>): Html => {
  const most = Math.max(
    1,
    ...rows.flatMap(({ before, after }) => [before / items.before, after / items.after]).map((share) => share || 0),
  )
  const one = (n: number, of: number, after: boolean) =>
    html`<div class="track ${after && 'after'}"><span style="width:${width(n / of / most)}%"></span></div><div>${plural(n, 'item')}</div>`
  return html`<div class="card"><h3>kind of failure</h3><div class="bars">${rows.map(
    ({ name, before, after }) =>
      html`<div class="name">${name}</div><div class="pair">${one(before, items.before, false)}${one(after, items.after, true)}</div>`,
  )}</div></div>`
}

const storyTone = { mended: 'good', 'still failing': 'mid', broken: 'bad' } as const

export const replies = ({ replies: { examples, best } }: Report): Section => {
  const body = html`<p class="lead">Real replies to the same dev items, with the grader’s reasons: some that training mended, some that it did not.</p>
${examples.map((example) => exampleCard(example, best))}`
  return { id: 'replies', title: 'Replies side by side', body: examples.length > 0 ? body : null }
}

const exampleCard = (
  { item, story, tags, request, gold, replies: all }: Example,
  best: number,
): Html => html`<article class="card"><div class="top"><span class="chip ${storyTone[story]}">${story}</span><span class="small soft">${tagsText(tags)}</span><span class="id">${item}</span></div>
<p class="quote">${request}</p>
${gold !== null && html`<pre class="asked">right answer: ${gold}</pre>`}
<div class="said">${all.map((reply) => replyBox(reply, best))}</div></article>`

const replyBox = (
  { round, text, passed, reasons }: ExampleReply,
  best: number,
): Html => html`<div class="reply"><div class="top"><span>${say.roundHead(round, best)}</span><span class="chip ${passed === null ? '' : passed ? 'good' : 'bad'}">${passed === null ? 'not graded' : passed ? '✓ passed' : '✕ failed'}</span></div>
<pre>${text}</pre>${
  reasons.length > 0 &&
  html`<ul>${reasons.map(({ criterion, status, reason }) => html`<li><b>${criterion}</b>${status === 'warn' && ' (warn)'}: ${reason}</li>`)}</ul>`
}</div>`

type Cells = readonly (string | number)[]
/** A plain table; all columns but the first are numbers. */
const numbers = (
  head: Cells,
  rows: readonly Cells[],
): Html => html`<div class="scroll" role="group" aria-label="table" tabindex="0"><table><thead><tr>${head.map((cell, at) => html`<th class="${at > 0 && 'num'}">${cell}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, at) => (at === 0 ? html`<th>${cell}</th>` : html`<td class="num">${typeof cell === 'number' ? count(cell) : cell}</td>`))}</tr>`)}</tbody></table></div>`

export const data = ({ data: rows }: Report): Section => {
  const reasons = rows.flatMap(({ round, reasons: found }) => found.map((each) => ({ round, ...each })))
  const taught = rows.flatMap(({ round, taught: all }) => all.map((each) => `round ${round}, ${say.taughtText(each)}`))
  const body = html`${numbers(
    ['', ...say.rowCountHeads],
    rows.map((row) => [roundText(row.round), ...say.rowCounts(row)]),
  )}<p class="small soft">Leaked rows were too near to an evaluation item and were dropped. Replayed rows come from earlier rounds.</p>
${rows.flatMap((row) => say.editedText(row).map((edited) => html`<p class="small soft">Round ${row.round}: ${edited}.</p>`))}
${reasons.length > 0 && html`<h3 class="next">Why rows were rejected</h3><ul class="notes">${reasons.map(({ round, reason, rows: times }) => html`<li>round ${round}, ${plural(times, 'row')}: ${reason}</li>`)}</ul>`}
${taught.length > 0 && html`<h3 class="next">What the teacher wrote</h3><ul class="notes">${taught.map((line) => html`<li>${line}</li>`)}</ul>`}`
  return { id: 'data', title: 'Data', body: rows.length > 0 ? body : null }
}

export const training = ({ training: rows }: Report): Section => {
  const curves = rows.filter(({ curve }) => curve.length > 1)
  const most = Math.max(...curves.flatMap(({ curve }) => curve.map(({ loss }) => loss)))
  const body = html`${numbers(
    ['', 'method', 'steps', 'tokens', 'tokens/s', 'time', 'first loss', 'last loss'],
    rows.map((row) => [
      roundText(row.round),
      row.kind,
      row.steps,
      row.tokens,
      row.tokensPerSecond === null ? '–' : count(row.tokensPerSecond),
      say.secondsText(row.seconds),
      row.firstLoss?.toFixed(3) ?? '–',
      row.finalLoss?.toFixed(3) ?? '–',
    ]),
  )}${curves.length > 0 && html`<div class="charts">${curves.map((row) => html`<figure class="chart"><figcaption>${roundText(row.round)}<span class="soft">loss by step, nats per token</span></figcaption>${raw(lossChart(row, most))}</figure>`)}</div>`}`
  return { id: 'training', title: 'Training', body: rows.length > 0 ? body : null }
}

export const time = (report: Report): Section => {
  const stages = say.stagesOf(report)
  const body = numbers(
    ['', ...stages, 'total'],
    report.time.map(({ round, stages: spent, total }) => [
      roundText(round),
      ...stages.map((stage) => say.secondsText(spent[stage])),
      say.secondsText(total),
    ]),
  )
  return { id: 'time', title: 'Time by stage', body: stages.length > 0 ? body : null }
}

export const method = ({ method: { splits, settings, versions, hashes } }: Report): Section => {
  const facts: [string, string][] = [
    ...settings.map(({ name, value }): [string, string] => [name, value]),
    ...Object.entries(versions),
    ...Object.entries(hashes).map(([name, hash]): [string, string] => [`sha256 of the ${name}`, hash]),
  ]
  const body = html`${numbers(
    ['split', 'items', 'families'],
    splits.map(({ name, items, families }) => [name, items ?? '–', families ?? '–']),
  )}<div class="card"><dl class="facts" style="margin:0">${facts.map(([name, value]) => html`<dt>${name}</dt><dd class="mono">${value}</dd>`)}</dl></div>
<h3 class="next">What the numbers mean</h3><ul class="notes">${say.footnotes.map((note) => html`<li>${note}</li>`)}</ul>`
  return { id: 'method', title: 'How it was measured', body }
}
