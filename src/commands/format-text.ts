/** Numbers and tags as people read them; no module of Node's, so that the browser writes them alike. */
import type { Tags } from '../core/contract.ts'

/** 0.6512 -> `65.1 %`; undefined -> `–`, which is "no data" and not 0. */
export const percent = (rate: number | null | undefined): string =>
  typeof rate === 'number' && Number.isFinite(rate) ? `${(rate * 100).toFixed(1)} %` : '–'

/** A difference of rates in points, always signed: 0.0312 -> `+3.1`. */
export const points = (difference: number | null | undefined): string => {
  if (typeof difference !== 'number' || !Number.isFinite(difference)) return '–'
  const text = (difference * 100).toFixed(1)
  if (Number(text) === 0) return '0.0'
  return difference > 0 ? `+${text}` : text
}

/** Bounds of a rate in percent: `[58.1, 71.4]`; nothing where they are not known. */
export const interval = (low: number | null | undefined, high: number | null | undefined): string =>
  typeof low === 'number' && typeof high === 'number' ? `[${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]` : ''

/** Bounds of a difference in points: `[+1.2, +5.4]`. */
export const bounds = (low: number | null | undefined, high: number | null | undefined): string =>
  typeof low === 'number' && typeof high === 'number' ? `[${points(low)}, ${points(high)}]` : ''

/** 95 -> `1 min 35 s`. */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 && minutes < 10 ? `${minutes} min ${whole % 60} s` : `${minutes} min`
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`
}

/** 1536000 bytes -> `1.54 MB`. */
export const size = (bytes: number): string => {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`
}

/** 1234567 -> `1,234,567`. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** `1 row`, `2 rows`. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`

/** `tool=read_file kind=call`; an empty one is `all`. */
export const tagsText = (tags: Tags | undefined): string =>
  Object.entries(tags ?? {})
    .map(([dimension, values]) => `${dimension}=${values.join('|')}`)
    .join(' ') || 'all'

/** A bar of `width` characters, filled to `share` (0..1). */
export const bar = (share: number, width: number): string => {
  const filled = Math.round(Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * width)
  return '━'.repeat(filled) + '─'.repeat(width - filled)
}
