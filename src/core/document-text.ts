/** Text out of people's own files: plain text, Markdown, HTML and Word. Paragraphs are parted by blank lines. */
import type { Nodes } from 'mdast'
import { messageOf } from './errors.ts'

/** Endings of the files that `documentText` can read. */
export const documentExtensions = ['.txt', '.md', '.markdown', '.html', '.htm', '.docx'] as const

export type Encoding = 'utf-8' | 'utf-16' | 'windows-1252' | 'docx'
/** A file that holds no text is data, not an error: `unreadable` says why in words. */
export type DocumentText =
  | { readonly text: string; readonly encoding: Encoding }
  | { readonly text?: never; readonly unreadable: string }

/**
 * The text of a file.
 * @param name decides by its ending how the bytes are read; everything unknown is read as plain text
 */
export const documentText = async (name: string, bytes: Uint8Array): Promise<DocumentText> => {
  const ending = /\.[^.]+$/.exec(name.toLowerCase())?.[0] ?? ''
  if (ending === '.docx') return wordText(bytes)
  const decoded = decode(bytes)
  if (!decoded) return { unreadable: 'it is binary, not text' }
  if (ending === '.html' || ending === '.htm')
    return { ...decoded, text: tidy((await import('./html-text.ts')).htmlText(decoded.text)) }
  if (ending === '.md' || ending === '.markdown') return { ...decoded, text: await markdownText(decoded.text) }
  return { ...decoded, text: tidy(decoded.text) }
}

/** UTF-8 and UTF-16 by their bytes, anything else as Windows-1252, which knows nearly every byte. Undefined where binary. */
export const decode = (bytes: Uint8Array): { text: string; encoding: Encoding } | undefined => {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { text: new TextDecoder(first === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes), encoding: 'utf-16' }
  if (isBinary(bytes)) return undefined
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' }
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' }
  }
}

const looked = 65_536
/** Text has no zero bytes and hardly any other control characters. */
const isBinary = (bytes: Uint8Array): boolean => {
  const head = bytes.subarray(0, looked)
  let controls = 0
  for (const byte of head) {
    if (byte === 0) return true
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) controls += 1
  }
  return controls > head.length * 0.02
}

const wordText = async (bytes: Uint8Array): Promise<DocumentText> => {
  const { default: mammoth } = await import('mammoth')
  try {
    const { value } = await mammoth.extractRawText({ buffer: Buffer.from(bytes) })
    return { text: tidy(value), encoding: 'docx' }
  } catch (error) {
    return { unreadable: `it is no Word document that can be opened (${messageOf(error).slice(0, 80)})` }
  }
}

const frontMatter = /^\uFEFF?---\r?\n[\s\S]*?\r?\n---\r?\n/
/** Links and embeds of note programs, which Markdown does not know: [[page|shown]] keeps what is shown. */
const unlinked = (text: string): string =>
  text.replace(/!\[\[[^\]\n]*\]\]/g, '').replace(/\[\[(?:[^\]|\n]*\|)?([^\]\n]*)\]\]/g, '$1')

/** The prose of a Markdown text: front matter, code, images and HTML left out. */
export const markdownText = async (markdown: string): Promise<string> => {
  const { fromMarkdown } = await import('mdast-util-from-markdown')
  const { toString: plain } = await import('mdast-util-to-string')
  const blocks: string[] = []
  const walk = (node: Nodes): void => {
    if (node.type === 'paragraph' || node.type === 'heading')
      blocks.push(plain(node, { includeImageAlt: false, includeHtml: false }))
    else if ('children' in node) for (const child of node.children) walk(child)
  }
  walk(fromMarkdown(unlinked(markdown.replace(frontMatter, ''))))
  return tidy(blocks.join('\n\n'))
}

const tidy = (text: string): string =>
  text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ *\n */g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
