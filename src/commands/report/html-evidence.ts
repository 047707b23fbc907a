import { bounds, plural, points, tagsText } from '../format.ts'
import { metricChart } from './charts.ts'
import type { Section } from './html.ts'
import { type Html, html, raw } from './html-tag.ts'
import type { AimedRow, Belief, ProtectedRow, Report, RoundRow, Status, TargetRow } from './model.ts'
import * as say from './tables.ts'
import { boundsText, type Change, changeText, statusText, targetText, valueText, wholePercent } from './text.ts'

const tone = { pass: 'good', warn: 'mid', fail: 'bad', 'no-data': '' } as const
const mark = { pass: '✓ ', warn: '! ', fail: '✕ ', 'no-data': '' } as const
const statusChip = (status: Status): Html =>
  html`<span class="chip ${tone[status]}">${mark[status]}${statusText(status)}</span>`

export const targets = ({ targets: rows, headline }: Report): Section => {
  const best = headline?.best ?? 0
  const rounds = rows[0]?.rounds.map(({ round }) => round) ?? []
  const bestClass = (round: number) => (round === best && best > 0 ? 'is-best' : '')
  const body = html`<p class="lead">Rates on the gate split, with 95 % intervals. The status is that of the best student.</p>
<div class="scroll" role="group" aria-label="table" tabindex="0"><table><thead><tr><th>target</th><th>status</th><th class="num">goal</th>${rounds.map((round) => html`<th class="num ${bestClass(round)}">${say.roundHead(round, best)}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><th class="wide">${row.of}<span class="under">${underTarget(row, best)}</span></th><td>${statusChip(row.best)}</td><td class="num">${say.goalText(row)}</td>${row.rounds.map(
        ({ round, gate }) =>
          html`<td class="num ${bestClass(round)}">${valueText(gate.rate, row.measure)}<span class="under">${boundsText(gate, row.measure)}</span></td>`,
      )}</tr>`,
  )}</tbody></table></div>`
  return { id: 'targets', title: 'Targets', body: rows.length > 0 && rounds.length > 0 ? body : null }
}

const underTarget = (row: TargetRow, best: number): string =>
  [row.where && tagsText(row.where), plural(say.countedItems(row, best), 'item'), row.protected && 'protected']
    .filter(Boolean)
    .join(' · ')

export const curves = ({ targets: rows, headline }: Report): Section => {
  const drawn = rows.filter(({ rounds }) => rounds.some(({ gate, dev }) => gate.rate !== null || dev.rate !== null))
  const body = html`<p class="legend"><span>${key('var(--gate)', '')}gate, with its 95 % band</span><span>${key('var(--dev)', '5,4')}dev, with its 95 % band</span><span>${key('var(--goal)', '2,3')}goal</span>${
    (headline?.best ?? 0) > 0 && html`<span>${ring}best student</span>`
  }</p>
<div class="charts">${drawn.map(
    (row) =>
      html`<figure class="chart"><figcaption>${targetText(row.of, row.where)}<span class="soft">goal ${say.goalText(row)}</span></figcaption>${raw(metricChart(row, headline?.best ?? 0))}</figure>`,
  )}</div>`
  return { id: 'curves', title: 'Every metric by round', body: drawn.length > 0 ? body : null }
}

const key = (colour: string, dashes: string): Html =>
  html`<svg width="26" height="10" aria-hidden="true"><line x1="0" y1="5" x2="26" y2="5" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dashes}"></line></svg>`
const ring = html`<svg width="16" height="16" aria-hidden="true"><circle cx="8" cy="8" r="6.5" fill="none" stroke="var(--gate)" stroke-width="1.5"></circle><circle cx="8" cy="8" r="3.5" fill="var(--gate)"></circle></svg>`

const verdictTone = { promote: 'good', hold: 'mid', reject: 'bad' } as const

export const verdicts = ({ rounds }: Report): Section => {
  const judged = rounds.flatMap(({ round, verdict }) => (verdict ? [{ round, verdict }] : []))
  const body = html`<p class="lead">Each round’s student against the best one so far, on the same gate items.</p>
${judged.map(
  ({
    round,
    verdict,
  }) => html`<div class="card"><div class="top"><h3>Round ${round}</h3><span class="chip ${verdictTone[verdict.verdict]}">${say.verdictWord[verdict.verdict]}</span></div>
<p>${say.sentence(verdict.reason)}</p>
<dl class="facts">${say.verdictFacts(verdict).map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>
${verdict.protected.length > 0 && protectedTable(verdict.protected)}</div>`,
)}`
  return { id: 'verdicts', title: 'Verdicts', body: judged.length > 0 ? body : null }
}

const protectedTone = { ok: 'good', breach: 'bad', 'too-few': '', floor: 'mid' } as const

const protectedTable = (
  rows: readonly ProtectedRow[],
): Html => html`<div class="scroll" role="group" aria-label="table" tabindex="0"><table><thead><tr><th>protected</th><th>rule</th><th class="num">rates</th><th class="num">change</th><th>verdict</th></tr></thead>
<tbody>${rows.map(
  (row) =>
    html`<tr><th class="wide">${say.protectedName(row)}<span class="under">${plural(row.n, 'item')}</span></th><td class="line">${say.protectedRule(row)}</td><td class="num">${say.protectedRates(row)}</td><td class="num">${stacked(row)}</td><td><span class="chip ${protectedTone[row.status]}">${say.protectedStatus[row.status]}</span></td></tr>`,
)}</tbody></table></div>`

/** A change with its interval below it. */
const stacked = (of: Change): Html => {
  const [value, rest] = changeText(of).split(' points ')
  return html`${value}<span class="under">${rest}</span>`
}

export const beliefs = ({ rounds }: Report): Section => {
  const trained = rounds.filter(({ round }) => round > 0)
  const body = html`<p class="lead">Every hypothesis names the dev items that it stands on and predicts how far their tags will move on dev. “Sure” is the probability that it gave to a rise of at least so much.</p>
${trained.map(beliefCard)}`
  return { id: 'beliefs', title: 'What the analyst believed, and what came', body: trained.length > 0 ? body : null }
}

const beliefCard = ({
  round,
  author,
  lesson,
  parts,
  beliefs: held,
}: RoundRow): Html => html`<div class="card"><div class="top"><h3>Round ${round}</h3><span class="chip">${say.authorText(author)}</span></div>
${lesson !== null && html`<p class="small soft">${lesson}</p>`}
${parts.length > 0 && html`<p class="small soft">${say.partsText(parts)}</p>`}
${
  held.length === 0
    ? html`<p class="small soft">No hypotheses: nothing was predicted.</p>`
    : html`<div class="scroll" role="group" aria-label="table" tabindex="0"><table><thead><tr><th>rows for</th><th>predicted to move</th><th class="num">predicted</th><th class="num">came</th><th>result</th><th>evidence and why</th></tr></thead>
<tbody>${held.map(beliefRow)}</tbody></table></div>`
}</div>`

const beliefRow = (
  belief: Belief,
): Html => html`<tr><th class="wide">${tagsText(belief.where)}<span class="under">${plural(belief.rows, 'row')} · ${belief.stage}</span></th>
<td class="wide">${say.beliefText(belief)}</td><td class="num">${points(belief.predicted)}<span class="under">sure ${wholePercent(belief.probability)}</span></td><td class="num">${points(belief.moved)}<span class="under">${bounds(belief.low, belief.high)}</span></td>
<td><span class="chip ${belief.hit === null ? '' : belief.hit ? 'good' : 'bad'}">${belief.hit === null ? '' : belief.hit ? '✓ ' : '✕ '}${say.hitText(belief)}</span></td>
<td class="prose small">${belief.note}<span class="mono"> ${say.evidenceText(belief)}</span></td></tr>`

export const aimed = ({ aimed: { rounds, all, fewestItems } }: Report): Section => {
  const rows = [...rounds, ...(all ? [all] : [])]
  const body = html`<p class="lead">Mean change on gate, in points with 95 % intervals, of the tags that the analyst named beside those that it did not (tags with at least ${fewestItems} gate items).</p>
<div class="scroll" role="group" aria-label="table" tabindex="0"><table><thead><tr><th>round</th><th class="num">named</th><th class="num">not named</th><th class="num">difference</th></tr></thead><tbody>${rows.map(aimedRow)}</tbody></table></div>
<p class="small soft">${say.aimedCaution}</p>`
  return { id: 'aimed', title: 'Aimed tags against the others', body: rows.length > 0 ? body : null }
}

const aimedRow = (
  row: AimedRow,
): Html => html`<tr><th class="wide">${say.aimedName(row)}<span class="under">${row.criteria.join(', ')}</span></th>
${[row.named, row.others].map((mean) => html`<td class="num">${stacked(mean)}<span class="under">${plural(mean.tags, 'tag')}</span></td>`)}<td class="num">${stacked(row.gap)}</td></tr>`
