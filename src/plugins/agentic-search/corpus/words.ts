/** Words of a query that are looked for; a longer one is cut there, and says so. */
export const mostWords = 64

/** Runs of letters, digits and marks: what SQLite's unicode61 tokeniser takes for a word. */
const wordPattern = /[\p{L}\p{N}\p{M}\p{Co}]+/gu

export const wordsOf = (text: string): string[] => text.match(wordPattern) ?? []

/** Case and accents gone, as unicode61 with remove_diacritics 2 does. */
export const folded = (word: string): string =>
  word
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()

export interface SearchWords {
  readonly words: readonly string[] // folded, each once
  readonly cut: boolean // the query had more
}

/** What a query asks for: whatever a person or a student types is words, never search syntax. */
export const searchWords = (query: string): SearchWords => {
  const words = new Set<string>()
  // a query of a megabyte must not cost a megabyte of work
  for (const word of wordsOf(query.slice(0, 20_000))) {
    const plain = folded(word).slice(0, 100)
    if (plain === '') continue
    if (words.size === mostWords) return { words: [...words], cut: !words.has(plain) }
    words.add(plain)
  }
  return { words: [...words], cut: false }
}

/** Any of the words, each quoted: AND, NEAR, *, :, - and quotes mean nothing here. */
export const matchExpression = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(' OR ')

/**
 * The part of a text that shows best why it was found: the window of whole words with the most different words of the query,
 * on one line.
 * @param most characters
 */
export const snippetOf = (text: string, words: readonly string[], most: number): { text: string; start: number } => {
  const wanted = new Set(words)
  const hits: { at: number; word: string }[] = []
  for (const { index, 0: word } of text.matchAll(wordPattern)) {
    const plain = folded(word)
    if (wanted.has(plain)) hits.push({ at: index, word: plain })
  }
  let [best, from] = [0, 0]
  for (const [index, { at }] of hits.entries()) {
    const inside = new Set<string>()
    for (let next = index; next < hits.length && hits[next]!.at < at + most * 0.7; next += 1)
      inside.add(hits[next]!.word)
    if (inside.size > best) [best, from] = [inside.size, at]
  }
  return windowAt(text, from, most)
}

const windowAt = (text: string, hit: number, most: number): { text: string; start: number } => {
  const start = beginning(text, hit, Math.floor(most * 0.3))
  let end = Math.min(text.length, start + most)
  if (end < text.length) {
    const space = text.lastIndexOf(' ', end)
    if (space > start + most / 2) end = space
  }
  const piece = text.slice(start, end).replace(/\s+/g, ' ').trim()
  const shown = `${start > 0 && !/[.!?\n]\s*$/.test(text.slice(Math.max(0, start - 3), start)) ? '… ' : ''}${piece}${end < text.length ? ' …' : ''}`
  return { text: shown, start }
}

/** A sentence or word that begins at most `back` characters before the hit. */
const beginning = (text: string, hit: number, back: number): number => {
  const low = Math.max(0, hit - back)
  const before = text.slice(low, hit)
  const sentence = Math.max(before.lastIndexOf('. '), before.lastIndexOf('\n'))
  if (low === 0 && sentence < 0) return 0
  if (sentence >= 0) return low + sentence + (before[sentence] === '.' ? 2 : 1)
  const space = before.indexOf(' ')
  return space < 0 ? hit : low + space + 1
}
