import type { Tags } from '../../core/contract.ts'
import { bounds, interval, percent, points, tagsText } from '../format.ts'

/** A share and its 95 % interval, 0..1; all null where nothing was measured. */
export interface Cell {
  readonly rate: number | null
  readonly low: number | null
  readonly high: number | null
  readonly passes: number | null
  readonly n: number
}

export const noData: Cell = { rate: null, low: null, high: null, passes: null, n: 0 }

/** "71.7 % [63.1, 79.0]"; "no data" is not 0. A pooled measure need not be a share, so it stays a plain number. */
export const rateText = (cell: Cell, measure?: string): string =>
  [valueText(cell.rate, measure), boundsText(cell, measure)].filter(Boolean).join(' ')

export const valueText = (rate: number | null, measure?: string): string => {
  if (rate === null) return 'no data'
  return measure === 'pooled' ? String(Number(rate.toPrecision(3))) : percent(rate)
}

/** The interval alone, or nothing where there is none. */
export const boundsText = ({ low, high }: Cell, measure?: string): string =>
  measure === 'pooled' ? '' : interval(low, high)

/** A difference of rates with its bounds, all in points. */
export interface Change {
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
}

/** "+12.4 points [+8.1, +16.9]". */
export const changeText = ({ difference, low, high }: Change): string => {
  if (difference === null) return 'no data'
  return `${points(difference)} points ${bounds(low, high)}`.trim()
}

/** A probability or alpha: "0.0125", "< 0.0001". */
export const probability = (p: number | null | undefined): string => {
  if (typeof p !== 'number' || !Number.isFinite(p)) return '–'
  if (p > 0 && p < 0.0001) return '< 0.0001'
  return String(Number(p.toPrecision(2)))
}

/** A criterion or target as a person reads it: "call · kind=decline". */
export const targetText = (of: string, where?: Tags): string =>
  where && Object.keys(where).length > 0 ? `${of} · ${tagsText(where)}` : of

/** "70 %": for numbers that were never more exact. */
export const wholePercent = (share: number): string => `${Math.round(share * 100)} %`

/** PASS, WARN, FAIL, no data. */
export const statusText = (status: string): string => (status === 'no-data' ? 'no data' : status.toUpperCase())

/** What each round is called. */
export const roundText = (round: number): string => (round === 0 ? 'base' : `round ${round}`)

/**
 * Text of a student, a tool or a file, made harmless to look at: terminal escapes, control, bidirectional, zero-width and
 * tag characters go, line ends become `\n`, and a long text is cut with a note.
 */
export const clean = (text: unknown, limit = 1500): string => {
  const plain = visible(String(text ?? '').slice(0, limit * 4)).trim()
  if (plain.length <= limit) return plain
  return `${plain.slice(0, limit).replace(/[\ud800-\udbff]$/, '')} … (cut)`
}

/** Takes out what no reader sees and a terminal or a browser may obey. */
export const visible = (text: string): string =>
  text.replace(/\r\n?/g, '\n').replace(escapes, '').replace(invisible, '')

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
const escapes = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g
const invisible =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu

/** Any text as one line of at most `most` characters: for tables, progress lines and terminals. */
export const oneLine = (text: string, most = 200): string => {
  const flat = visible(text.slice(0, most * 4))
    .replace(/\s+/g, ' ')
    .trim()
  return flat.length > most ? `${flat.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : flat
}
