import path from 'node:path'
import { writeAtomic } from '../../core/disk.ts'
import type { Workspace } from '../../core/workspace.ts'
import { buildReport } from './build.ts'
import { collect } from './collect.ts'
import { toHtml } from './html.ts'
import { toMarkdown } from './markdown.ts'
import type { Report } from './model.ts'

export type { Report } from './model.ts'
export type ReportFormat = 'md' | 'html' | 'json'

export interface ReportRequest {
  readonly workspace: Workspace
  readonly run: string
  readonly format: ReportFormat
}

/**
 * The evidence of a run. Markdown and HTML are kept in the run's folder as `report.md` and `report.html`; JSON is only
 * returned. Of an unfinished run it shows what is there and says so. Dev items are shown, of gate only rates.
 *
 * @throws {WhetError} unknown-run · bad-run-name · broken-json · broken-jsonl · disk-full
 */
export const writeReport = async (request: ReportRequest): Promise<{ text: string; file?: string }> => {
  const files = await request.workspace.find(request.run)
  const report = buildReport(await collect(files))
  const text = formats[request.format](report)
  if (request.format === 'json') return { text }
  const file = path.join(files.dir, `report.${request.format}`)
  await writeAtomic(file, [text])
  return { text, file }
}

const formats: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  md: toMarkdown,
  html: toHtml,
  json: (report) => `${JSON.stringify(report, undefined, 2)}\n`,
}
