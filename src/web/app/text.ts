/** Numbers and tags as the terminal writes them, too. */
export { bounds, count, duration, interval, percent, points, size, tagsText } from '../../commands/format-text.ts'

export const roundText = (round: number): string => (round === 0 ? 'base' : `round ${round}`)

/** 12:04:31, in the reader's time zone. */
export const clock = (at: string): string => new Date(at).toLocaleTimeString([], { hour12: false })
