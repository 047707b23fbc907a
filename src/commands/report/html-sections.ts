import type { ReportLine, ReportPart, ReportSection } from '../../core/contract.ts'
import type { Section } from './html.ts'
import { type Html, html, raw } from './html-tag.ts'
import type { Report } from './model.ts'
import { scatterChart } from './scatter.ts'

/** The sections that the skill brought itself. */
export const skillSections = ({ sections }: Report): Section[] =>
  sections.map((section, at) => ({ id: `skill-${at + 1}`, title: section.title, body: sectionBody(section) }))

const sectionBody = ({ lead, parts }: ReportSection): Html =>
  html`${lead !== '' && html`<p class="lead">${lead}</p>`}
${parts.map(partOf)}`

const partOf = (part: ReportPart): Html => {
  if (part.kind === 'table')
    return html`<div class="scroll" role="group" aria-label="table" tabindex="0"><table><thead><tr>${part.head.map((cell) => html`<th>${cell}</th>`)}</tr></thead>
<tbody>${part.rows.map((row) => html`<tr>${row.map((cell, at) => (at === 0 ? html`<th>${cell}</th>` : html`<td>${cell}</td>`))}</tr>`)}</tbody></table></div>`
  if (part.kind === 'scatter')
    return html`<figure class="chart scatter"><figcaption>${part.title}</figcaption>${raw(scatterChart(part))}</figure>`
  return html`<article class="card"><p class="quote">${part.request}</p>
<div class="said">${part.columns.map(({ head, lines }) => html`<div class="reply"><div class="top"><span>${head}</span></div><div class="lines">${lines.map(lineOf)}</div></div>`)}</div></article>`
}

const lineOf = ({ text, mark }: ReportLine): Html =>
  mark ? html`<p class="marked"><span class="chip bad">${mark}</span> ${text}</p>` : html`<p>${text}</p>`
