import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, documentText } from './document-text.ts'

const bytes = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding)
const read = async (name: string, content: Uint8Array) => documentText(name, content)

describe('text out of documents', () => {
  test('Markdown gives its prose: no front matter, code, HTML or image, and links by what they show', async () => {
    const source =
      '---\ntitle: x\n---\n# The *lamp*\n\nOne [line](http://x) of [[notes|my notes]].\n\n```\ncode()\n```\n\n<div>hidden</div>\n\n- a point\n\n![alt](x.png)'
    expect(await read('a.md', bytes(source))).toEqual({
      text: 'The lamp\n\nOne line of my notes.\n\na point',
      encoding: 'utf-8',
    })
  })
  test('HTML gives what a reader sees', async () => {
    const page =
      '<html><head><style>p{}</style></head><body><nav>Home</nav><h1>Lamp</h1><p>One<br>two &amp; <a href="x">three</a></p><script>bad()</script></body></html>'
    const { text } = await read('a.html', bytes(page))
    expect(text).toMatch(/^Lamp\n\nOne\ntwo & three$/)
  })
  test('a Word document gives its paragraphs', async () => {
    const file = readFileSync(new URL('../../tests/data/documents/letter.docx', import.meta.url))
    expect(await read('letter.docx', file)).toEqual({
      text: 'The lamp is older than the town.\n\nNobody asks it why.',
      encoding: 'docx',
    })
  })
  test('a broken Word document and a binary file are unreadable, and say why', async () => {
    expect(await read('a.docx', bytes('not a zip'))).toMatchObject({
      unreadable: expect.stringContaining('Word document'),
    })
    expect(await read('a.txt', Buffer.from([0x89, 0x50, 0, 1, 2]))).toEqual({ unreadable: 'it is binary, not text' })
  })
  test('encodings are told by their bytes', () => {
    expect(decode(bytes('caf\u00e9', 'latin1'))).toEqual({ text: 'café', encoding: 'windows-1252' })
    expect(decode(bytes('\uFEFFcafé', 'utf16le'))).toEqual({ text: 'café', encoding: 'utf-16' })
    expect(decode(bytes('café'))).toEqual({ text: 'café', encoding: 'utf-8' })
  })
  test('no bytes make it throw', async () => {
    const name = fc.constantFrom('a.txt', 'a.md', 'a.html', 'a.docx', 'a')
    await fc.assert(
      fc.asyncProperty(name, fc.uint8Array({ maxLength: 300 }), async (file, content) => {
        const found = await documentText(file, content)
        expect(found.text === undefined ? found.unreadable : found.text).toEqual(expect.any(String))
      }),
    )
  })
})
