import { Parser } from 'htmlparser2'
import { lineStarts, type Places, placesOf, type ReadDocument } from './document.ts'
import { decoded } from './read-text.ts'

const unseen = new Set(['script', 'style', 'noscript', 'template', 'svg', 'head', 'nav', 'iframe'])
const blocks = new Set(
  'p div section article header footer main aside h1 h2 h3 h4 h5 h6 li ul ol dl dt dd table tr pre blockquote br hr figure figcaption'.split(
    ' ',
  ),
)

/** The text that a reader sees; its places are lines of the HTML source. */
export const htmlDocument = (bytes: Buffer, { base }: { base: string }): ReadDocument => {
  const source = decoded(bytes)
  const { text, title, places } = textOfHtml(source)
  return { id: base, title, text, fields: [], places }
}

export const textOfHtml = (source: string): { text: string; title: string; places: Places } => {
  const pieces: string[] = []
  const [starts, origins]: [number[], number[]] = [[0], [0]] // of the text, and where each comes from in the source
  let [length, title, inTitle, hidden, verbatim] = [0, '', false, 0, 0]
  const add = (piece: string) => {
    pieces.push(piece)
    length += piece.length
  }
  const parser = new Parser({
    onopentagname(name) {
      if (name === 'title') inTitle = title === ''
      if (unseen.has(name)) hidden += 1
      if (name === 'pre') verbatim += 1
      if (blocks.has(name) && length > 0) add('\n')
    },
    ontext(data) {
      if (inTitle) title += data
      if (hidden > 0) return
      const visible = verbatim > 0 ? data : data.replace(/\s+/g, ' ')
      if (visible.trim() === '' && (length === 0 || /\s$/.test(pieces.at(-1) ?? ' '))) return
      starts.push(length)
      origins.push(parser.startIndex)
      add(visible)
    },
    onclosetag(name) {
      if (name === 'title') inTitle = false
      if (unseen.has(name)) hidden = Math.max(0, hidden - 1)
      if (name === 'pre') verbatim = Math.max(0, verbatim - 1)
      if (blocks.has(name)) add('\n')
    },
  })
  parser.end(source)
  const [piece, line] = [placesOf('line', starts), placesOf('line', lineStarts(source))]
  const places: Places = { unit: 'source line', at: (offset) => line.at(origins[piece.at(offset) - 1] ?? 0) }
  return { text: pieces.join(''), title: title.replace(/\s+/g, ' ').trim(), places }
}
