/** GitHub-flavoured Markdown of values that a student or a file may have said: escaped or fenced. */
import { visible } from './report/text.ts'

/** Plain text inside a line or a table cell: no markup, no link, no HTML, no line break. Intervals keep their brackets. */
export const text = (value: unknown): string =>
  visible(String(value ?? ''))
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*|]|~(?=~)|\](?=[([:])|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\$&')

/** A block as it is: the fence is longer than any run of backticks inside. */
export const fenced = (value: string, language = 'text'): string => {
  const runs = [...value.matchAll(/`+/g)].map(([run]) => run.length)
  const fence = '`'.repeat(Math.max(3, ...runs.map((length) => length + 1)))
  return `${fence}${language}\n${visible(value)}\n${fence}`
}

export type Row = readonly (string | number)[]
export const table = (header: Row, rows: readonly Row[]): string[] =>
  rows.length === 0 ? [] : ['', line(header), `|${header.map(() => ' --- |').join('')}`, ...rows.map(line), '']
const line = (cells: Row) => `| ${cells.map((cell) => text(cell)).join(' | ')} |`
export const section = (title: string, body: readonly string[]): string[] =>
  body.length === 0 ? [] : ['', `## ${title}`, '', ...body]
