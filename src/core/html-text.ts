import { Parser } from 'htmlparser2'

const unseen = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'svg',
  'head',
  'nav',
  'header',
  'footer',
  'form',
  'iframe',
  'table',
  'pre',
])
const blocks = new Set(
  'p div section article main aside h1 h2 h3 h4 h5 h6 li ul ol dl dt dd blockquote hr figure figcaption'.split(' '),
)

/** The prose of a page, its blocks parted by blank lines; tables, code, menus and scripts left out. */
export const htmlText = (source: string): string => {
  const pieces: string[] = []
  let hidden = 0
  const parser = new Parser({
    onopentagname(name) {
      if (unseen.has(name)) hidden += 1
      if (blocks.has(name)) pieces.push('\n\n')
      if (name === 'br') pieces.push('\n')
    },
    ontext(text) {
      if (hidden === 0) pieces.push(text.replace(/\s+/g, ' '))
    },
    onclosetag(name) {
      if (unseen.has(name)) hidden = Math.max(0, hidden - 1)
      if (blocks.has(name)) pieces.push('\n\n')
    },
  })
  parser.end(source)
  return pieces.join('')
}
