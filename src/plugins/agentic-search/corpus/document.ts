/** A document as it is indexed: its whole text, with what its first lines say of it. Offsets are UTF-16 units of `text`. */
export interface ReadDocument {
  readonly id: string // stable: the path in the corpus without extension; a line of a JSONL file has its own
  readonly title: string // empty where the text gives none: a file's name is no word of the document
  readonly titleLine?: { readonly start: number; readonly end: number } // where the title stands in a line of its own
  readonly text: string
  readonly fields: readonly Field[]
  readonly places: Places
}

/** A named fact of a document's head, `Created: 10-Feb-2020`, with the place of its value. */
export interface Field {
  readonly name: string // lower case
  readonly value: string
  readonly start: number
  readonly end: number
}

/** Where a person finds a piece of the text in the source file. `line`: the text's lines are the file's own. */
export interface Places {
  readonly unit: 'line' | 'source line' | 'page' | 'paragraph'
  at(offset: number): number // from 1
  readonly seams?: readonly number[] // no passage goes across one of these offsets: pages
}

/** What could not be indexed, or only in part: for a person, never an exception. */
export interface CorpusNote {
  readonly path: string
  readonly problem: string
}

/** Places from the offsets at which line, page or paragraph 1, 2, ... begin (ascending, the first is 0). */
export const placesOf = (unit: Places['unit'], starts: readonly number[], first = 1): Places => ({
  unit,
  at(offset) {
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low + first
  },
})

/** Offsets at which the lines of a text begin. */
export const lineStarts = (text: string): number[] => {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
