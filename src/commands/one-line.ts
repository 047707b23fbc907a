import { clean } from './report/text.ts'

/** A text as one line of at most `most` characters, harmless to a terminal: what a student or a tool wrote is data. */
export const oneLine = (text: unknown, most = 200): string => {
  const flat = clean(text, most * 4)
    .replace(/\s+/g, ' ')
    .trim()
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat
}
