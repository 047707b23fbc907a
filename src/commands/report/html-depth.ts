import { depthChart } from './charts.ts'
import { pointText } from './depth.ts'
import type { Section } from './html.ts'
import { html, raw } from './html-tag.ts'
import type { DepthRow, Report } from './model.ts'
import { roundText } from './text.ts'

/** What was measured of the students besides the loop: curves, then a table of all of it. */
export const depth = ({ depth: rows }: Report): Section => {
  const body = html`<p class="lead">Measured with <code>whet eval</code>: the same student on longer catalogues, several times, in other words or on other items. It decides no promotion.</p>
<div class="charts">${rows
    .filter(isCurve)
    .map(
      (row) =>
        html`<figure class="chart"><figcaption>${row.what}<span class="soft">${roundText(row.round)}, ${row.split}</span></figcaption>${raw(depthChart(row))}</figure>`,
    )}</div>
<div class="scroll" role="group" aria-label="table" tabindex="0"><table><thead><tr><th>measured</th><th>rates with 95 % intervals</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><th class="wide">${row.what}<span class="under">${roundText(row.round)} · ${row.split}</span></th><td class="prose">${row.points.map(pointText).join(' · ')}</td></tr>`,
  )}</tbody></table></div>`
  return { id: 'depth', title: 'In depth', body: rows.length > 0 ? body : null }
}

/** Two points make a line. */
const isCurve = ({ points }: DepthRow): boolean =>
  points.filter(({ at, cell }) => at !== null && cell.rate !== null).length > 1
