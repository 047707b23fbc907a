/** A piece of a document's text; the passages of a document follow on one another and leave nothing out. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Cuts a text into passages of at most `most` characters, between paragraphs where that goes, else between sentences, lines
 * or words. Neighbouring short paragraphs share a passage.
 * @param borders offsets that no passage goes across, ascending
 */
export const passagesOf = (text: string, most: number, borders: readonly number[] = []): Span[] => {
  const spans: Span[] = []
  const inside = borders.filter((border) => border > 0 && border < text.length)
  let start = 0
  for (const border of [...inside, text.length])
    while (start < border) {
      const end = border - start <= most ? border : cut(text, start, most)
      spans.push({ start, end })
      start = end
    }
  return spans
}

/** What may end a passage, the best first; each is looked for from the far end, but not in the first part of the passage. */
const seams: readonly RegExp[] = [/\n[ \t\r]*\n\s*/g, /[.!?]["')\]]?\s+/g, /\n/g, /\s+/g]
const shortest = 0.4 // of the longest

const cut = (text: string, start: number, most: number): number => {
  const window = text.slice(start, start + most)
  for (const seam of seams) {
    let last = -1
    for (const { index, 0: gap } of window.matchAll(seam)) {
      const end = index + gap.length
      if (end < window.length) last = end
    }
    if (last >= most * shortest) return start + last
  }
  const code = text.charCodeAt(start + most - 1)
  return start + most - (code >= 0xd800 && code < 0xdc00 ? 1 : 0) // never between the halves of one character
}
