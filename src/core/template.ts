/** One bit of a template: plain text, a slot that takes a value, or alternatives of which one is said. */
export type Piece = string | { readonly slot: string } | { readonly oneOf: readonly string[] }

/** Slot values by slot name; a slot of a request with several calls is named with the call's letter, `a.path`. */
export type SlotValues = Readonly<Record<string, string>>

const token = /\{([A-Za-z_][\w.]*)\}|\[([^[\]]*\|[^[\]]*)\]/g

/**
 * `[Show|Print] {path}` as pieces. Square brackets without a bar are plain text.
 * @throws {Error} a brace that opens no slot, or a slot inside alternatives (what a phrasing says must not hang on chance)
 */
export const parseTemplate = (text: string): readonly Piece[] => {
  const pieces: Piece[] = []
  let from = 0
  for (const match of text.matchAll(token)) {
    if (match.index > from) pieces.push(plain(text.slice(from, match.index), text))
    pieces.push(match[1] === undefined ? { oneOf: alternatives(match[2] ?? '', text) } : { slot: match[1] })
    from = match.index + match[0].length
  }
  if (from < text.length) pieces.push(plain(text.slice(from), text))
  return pieces
}

const plain = (piece: string, whole: string): string => {
  if (/[{}]/.test(piece)) throw new Error(`a brace without a slot name in ${JSON.stringify(whole)}`)
  return piece
}

const alternatives = (inside: string, whole: string): string[] => {
  if (/[{}]/.test(inside)) throw new Error(`a slot inside [...|...] in ${JSON.stringify(whole)}: write two phrasings`)
  return inside.split('|')
}

/** The slots of a template, each once, in the order of their first mention. */
export const slotsOf = (pieces: readonly Piece[]): string[] => [
  ...new Set(pieces.flatMap((piece) => (typeof piece === 'object' && 'slot' in piece ? [piece.slot] : []))),
]

/** The text with every slot filled. @throws {Error} a slot without a value: the pack check rules that out */
export const render = (pieces: readonly Piece[], values: SlotValues, random: () => number): string => {
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else if ('slot' in piece) text += filledSlot(piece.slot, values)
    else text += piece.oneOf[Math.floor(random() * piece.oneOf.length)]
  }
  return text
}

const filledSlot = (slot: string, values: SlotValues): string => {
  const value = values[slot]
  if (value === undefined) throw new Error(`no value for the slot {${slot}}`)
  return value
}
