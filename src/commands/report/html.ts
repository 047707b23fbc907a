import { count } from '../format.ts'
import { depth } from './html-depth.ts'
import { data, failures, method, replies, time, training } from './html-details.ts'
import { aimed, beliefs, curves, targets, verdicts } from './html-evidence.ts'
import { skillSections } from './html-sections.ts'
import { type Html, html, raw } from './html-tag.ts'
import type { Report } from './model.ts'
import { style } from './style.ts'
import * as say from './tables.ts'
import { boundsText, changeText, valueText } from './text.ts'

/** One part of the page; without a body it is left out. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly body: Html | null
}

/**
 * The report as one page that stands alone: no script, no request, light and dark by the reader's setting. The policy in
 * its head forbids scripts and loads even if some text were markup after all.
 */
export const toHtml = (report: Report): string => {
  const sections = [
    targets(report),
    curves(report),
    verdicts(report),
    beliefs(report),
    aimed(report),
    failures(report),
    replies(report),
    depth(report),
    ...skillSections(report),
    data(report),
    training(report),
    time(report),
    method(report),
  ].filter(({ body }) => body !== null)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${report.skill} on ${report.student}: ${report.run}</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
${header(report, sections)}
${sections.map(
  ({ id, title, body }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}</section>
`,
)}
</main>
</body>
</html>
`.text
}

const header = (report: Report, sections: readonly Section[]): Html => html`<header>
<p class="eyebrow">Whetstone report · ${report.run}${report.startedAt && html` · begun ${report.startedAt.slice(0, 16).replace('T', ' ')} UTC`}</p>
<h1>${report.skill} on ${report.student}</h1>
${figures(report)}
${report.state.finished ? html`<p class="state soft">${report.state.sentence}</p>` : html`<div class="notice"><p>${report.state.sentence}</p></div>`}
${report.notes.length > 0 && html`<div class="notice">${report.notes.map((note) => html`<p>${note}</p>`)}</div>`}
<nav aria-label="Contents">${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</nav>
</header>`

const figures = (report: Report): Html | null => {
  const { headline, targets: rows, rounds } = report
  if (!headline) return null
  const { base, now, gained, best } = headline
  const measured = rounds.at(-1)?.round ?? 0
  return html`<div class="figures">
<div class="figure"><p class="label">${headline.of} on gate${best > 0 && ', base → best'}</p>
<p class="value">${best > 0 && html`<span class="from">${valueText(base.rate)} →</span> `}${valueText(now.rate)}</p>
<p class="more">${
    best > 0
      ? html`${changeText(gained)}${!gained.paired && ' (unpaired interval)'}<br>${boundsText(base)} → ${boundsText(now)} on ${count(now.n)} items`
      : html`${boundsText(now)} on ${count(now.n)} items`
  }</p></div>
<div class="figure"><p class="label">targets met</p><p class="value">${headline.targetsMet} <span class="from">of ${headline.targetsTotal}</span></p>
<p class="more">${tally(rows)}</p></div>
<div class="figure"><p class="label">best student</p><p class="value">${best > 0 ? `round ${best}` : 'base'}</p>
<p class="more">${measured > 0 ? `of ${measured} trained` : 'nothing trained yet'}, ${say.secondsText(say.totalSeconds(report))} in all</p></div>
</div>`
}

const tally = (rows: Report['targets']): string =>
  (['pass', 'warn', 'fail', 'no-data'] as const)
    .map((status) => [status, rows.filter(({ best }) => best === status).length] as const)
    .filter(([, n]) => n > 0)
    .map(([status, n]) => `${n} ${status === 'no-data' ? 'no data' : status.toUpperCase()}`)
    .join(' · ')
