import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { docxOf, pdfOf } from '../../../../tests/support/document-files.ts'
import { defaultSettings, freezeCorpus, openFolder, openFrozenCorpus } from './corpus.ts'
import { passagesOf } from './passages.ts'
import type { SearchIndex } from './search-index.ts'
import { searchWords } from './words.ts'

let dir: string
const opened: SearchIndex[] = []
const options = { signal: new AbortController().signal, progress: () => {} }

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'whet-corpus-'))
  process.env.WHETSTONE_HOME = path.join(dir, '.home')
  mkdirSync(path.join(dir, 'docs'))
})
afterEach(() => {
  for (const index of opened.splice(0)) index.close()
  delete process.env.WHETSTONE_HOME
  rmSync(dir, { recursive: true, force: true })
})

const lay = (files: Record<string, string | Buffer>) => {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(dir, 'docs', name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}
const open = async (settings = defaultSettings) => {
  const corpus = await openFolder(path.join(dir, 'docs'), settings, options)
  opened.push(corpus.index)
  return corpus
}
const first = (index: SearchIndex, query: string) => index.search(query, { limit: 5 }).hits[0]
const problems = (index: SearchIndex) =>
  Object.fromEntries(index.notes.map(({ path: file, problem }) => [file, problem]))

describe('every format', () => {
  test('is read with its title and found with the place of the passage in the source', async () => {
    lay({
      'a.md': '---\ntitle: Otters of the north\nyear: 1998\n---\n\nThe ottersea is cold.\n',
      'b.txt': 'Harbour notes\n\nThe quayword is long.\n\n\nA lanternword hangs there.\n',
      'c.html':
        '<html><head><title>Bridge &amp; tower</title><script>hiddenword()</script></head>\n<body>\n<p>Plain.</p>\n<p>The spanword of the bridge.</p></body></html>',
      'd.pdf': pdfOf(['Nothing here', 'The pageword stands on page two']),
      'e.docx': docxOf('Minutes of March', ['We met.', 'The minuteword was said.']),
      'f.rst': 'PEP: 7\nTitle: A style guide\nCreated: 01-Jan-2001\n\nBody\n====\nThe restword.\n',
      'sub/g.jsonl': '{"id": "j1", "title": "Row one", "text": "The rowword."}\n{"text": "A secondword."}\n',
    })
    const { index } = await open()
    const found = (query: string) => {
      const { document, title, place } = first(index, query)!
      return [document, title, place]
    }
    expect(found('ottersea')).toEqual(['a', 'Otters of the north', 'line 6'])
    expect(found('lanternword')).toEqual(['b', 'Harbour notes', 'line 6'])
    expect(found('spanword')).toEqual(['c', 'Bridge & tower', 'source line 3'])
    expect(found('pageword')).toEqual(['d', 'd', 'page 2'])
    expect(found('minuteword')).toEqual(['e', 'Minutes of March', 'paragraph 1'])
    expect(found('restword')).toEqual(['f', 'A style guide', 'line 7'])
    expect(found('rowword')).toEqual(['j1', 'Row one', 'source line 1'])
    expect(found('secondword')).toEqual(['sub/g/2', 'sub/g/2', 'source line 2'])
    expect(first(index, 'hiddenword')).toBeUndefined()
    expect(index.notes).toEqual([])
  })

  test('places are exact where a document has several passages', async () => {
    const paragraphs = Array.from({ length: 30 }, (_, n) => `Paragraph number${n} ${'word '.repeat(40)}end.`)
    lay({ 'long.txt': paragraphs.join('\n\n'), 'pages.pdf': pdfOf(paragraphs.map((text) => text.slice(0, 300))) })
    const { index } = await open({ passageChars: 400, titleWeight: 1 })
    const hit = index.search('number17', { limit: 5 }).hits.find(({ document }) => document === 'long')!
    expect(hit.place).toBe(`line ${17 * 2 + 1}`)
    expect(index.read('long', hit.start, 20)!.text.startsWith('Paragraph number17')).toBe(true)
    expect(index.search('number17', { limit: 5 }).hits.find(({ document }) => document === 'pages')!.place).toBe(
      'page 18',
    )
  })

  test('header fields and front matter become facts with the exact place of their value', async () => {
    lay({
      'a.md': '---\nsize: "12 m"\nauthor: Ada Quist\nnested: { x: 1 }\n---\nText.\n',
      'b.rst': 'PEP: 614\nTitle: Relaxing\nAuthor: Brandt Bucher,\n        Guido van Rossum\nStatus: Final\n\nText.\n',
    })
    const { index } = await open()
    const facts = (id: string) =>
      index
        .info(id)!
        .fields.map(({ name, value, start, end }) => [
          name,
          value,
          index.read(id, start, 100)!.text.slice(0, end - start),
        ])
    expect(facts('a')).toEqual([
      ['size', '12 m', '"12 m"'],
      ['author', 'Ada Quist', 'Ada Quist'],
    ])
    expect(facts('b')).toEqual([
      ['pep', '614', '614'],
      ['author', 'Brandt Bucher, Guido van Rossum', 'Brandt Bucher,\n        Guido van Rossum'],
      ['status', 'Final', 'Final'],
    ])
  })
})

test('a heading in the middle is the title, and what stands before it is found too', async () => {
  lay({ 'a.rst': 'An introword before.\n\nThe Headingword\n===============\n\nAn afterword.\n' })
  const { index } = await open()
  expect(['introword', 'headingword', 'afterword'].map((word) => first(index, word)?.title)).toEqual(
    Array.from({ length: 3 }, () => 'The Headingword'),
  )
})

describe('bad input', () => {
  test('a broken, an encrypted and an empty PDF, binary text and broken lines are told; the rest is indexed', async () => {
    lay({
      'good.txt': 'A good text.',
      'broken.pdf': '%PDF-1.4 and then nothing of the kind',
      'locked.pdf': pdfOf(['secret'], { encrypted: true }),
      'scan.pdf': pdfOf(['']),
      'binary.txt': Buffer.from([1, 0, 2, 0, 3]),
      'broken.docx': 'no zip',
      'empty.md': '  \n',
      'rows.jsonl': '{"text": "fine"}\n{"te\n[1]\n',
    })
    const { index } = await open()
    expect(index.counts.documents).toBe(2)
    expect(problems(index)).toMatchObject({
      'locked.pdf': 'is encrypted: save a copy without a password',
      'scan.pdf': 'holds no text: scanned pages need text recognition first',
      'binary.txt': 'is binary and not text',
      'empty.md': 'holds no text',
      'rows.jsonl': 'line 3: has no `text`',
    })
    expect(problems(index)['broken.pdf']).toMatch(/no readable PDF/)
    expect(problems(index)['broken.docx']).toMatch(/no readable Word document/)
  })

  test('an empty corpus and a folder that is not there are errors that say what to do', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'corpus-empty', exit: 2 })
    await expect(openFolder(path.join(dir, 'none'), defaultSettings, options)).rejects.toMatchObject({
      code: 'corpus-missing',
      exit: 2,
    })
  })

  test('symbolic links are not followed, and said so', async () => {
    lay({ 'a.txt': 'inside' })
    writeFileSync(path.join(dir, 'outside.txt'), 'outsideword')
    symlinkSync(path.join(dir, 'outside.txt'), path.join(dir, 'docs', 'link.txt'))
    symlinkSync(dir, path.join(dir, 'docs', 'up'))
    const { index } = await open()
    expect(first(index, 'outsideword')).toBeUndefined()
    expect(Object.keys(problems(index))).toEqual(['link.txt', 'up'])
  })

  test('a huge file is left out, and said so', async () => {
    lay({ 'a.txt': 'small', 'huge.txt': Buffer.alloc((32 << 20) + 1, 'word ') })
    const { index } = await open()
    expect(problems(index)['huge.txt']).toMatch(/over 32 MB are left out/)
    expect(index.counts.documents).toBe(1)
  })

  test('whatever is typed is words: syntax, quotes, emoji and 10,000 characters find what they name', async () => {
    lay({ 'a.txt': 'The café near "NEAR" OR (title: x*) harbour.', 'b.txt': 'Something else.' })
    const { index } = await open()
    for (const query of [
      'cafe"',
      'NEAR(',
      'title:harbour',
      'harbour*',
      "a' OR 1=1 --",
      '"',
      '🦊',
      '',
      '\u0000',
      '-harbour',
      '^harbour',
    ])
      expect(() => index.search(query, { limit: 5 })).not.toThrow()
    expect(first(index, 'CAFÉ')!.document).toBe('a')
    expect(index.search('🦊 !!', { limit: 5 }).hits).toEqual([])
    const long = index.search(
      `harbour ${'w'.repeat(50)} ${Array.from({ length: 2000 }, (_, n) => `x${n}`).join(' ')}`,
      { limit: 5 },
    )
    expect(long.words.cut).toBe(true)
    expect(long.hits[0]!.document).toBe('a')
  })

  test('any string can be searched for, and the words of a text find it', async () => {
    lay({ 'a.txt': 'Straße und Öl: naïve 東京 x86_64 don’t.' })
    const { index } = await open()
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (query) => {
        index.search(query, { limit: 3 })
      }),
    )
    for (const word of ['ol', 'NAIVE', '東京', 'x86', 'don’t', 'und'])
      expect(first(index, word)?.document, word).toBe('a')
  })
})

describe('incremental', () => {
  test('only what changed is read again; what is gone is gone; the corpus hash follows the texts', async () => {
    lay({ 'a.txt': 'oneword', 'b.txt': 'twoword' })
    const before = await open()
    const hash = before.index.corpus
    expect((await open()).update).toEqual({ read: 0, unchanged: 2, gone: 0 })
    lay({ 'b.txt': 'threeword', 'c.txt': 'fourword' })
    const after = await open()
    expect(after.update).toEqual({ read: 2, unchanged: 1, gone: 0 })
    expect([first(after.index, 'twoword'), first(after.index, 'threeword')?.document]).toEqual([undefined, 'b'])
    expect(after.index.corpus).not.toBe(hash)
    rmSync(path.join(dir, 'docs', 'c.txt'))
    lay({ 'b.txt': 'twoword' })
    expect((await open()).index.corpus).toBe(hash)
  })

  test('duplicates are indexed once, and take over when the first one goes', async () => {
    lay({ 'a.txt': 'Title\n\nsameword', 'b/a.txt': 'Title\n\nsameword', 'c.txt': 'Other\n\ntext' })
    const { index } = await open()
    expect(index.search('sameword', { limit: 5 }).hits.map(({ document }) => document)).toEqual(['a'])
    expect(problems(index)['b/a.txt']).toMatch(/duplicate of "a"/)
    expect(index.read('b/a', 0, 100)!.document).toBe('a')
    rmSync(path.join(dir, 'docs', 'a.txt'))
    const { index: now } = await open()
    expect(now.search('sameword', { limit: 5 }).hits.map(({ document }) => document)).toEqual(['b/a'])
  })

  test('a frozen corpus stays as it was while the folder changes', async () => {
    lay({ 'a.txt': 'oldword' })
    const { index } = await open()
    const hash = await freezeCorpus(index, defaultSettings)
    lay({ 'a.txt': 'newword' })
    await open()
    const { index: frozen } = openFrozenCorpus(hash, defaultSettings)!
    opened.push(frozen)
    expect(first(frozen, 'oldword')?.document).toBe('a')
    expect(openFrozenCorpus('0'.repeat(64), defaultSettings)).toBeUndefined()
  })
})

test('passages follow on one another, lose nothing and stay within their length', () => {
  const text = fc
    .array(fc.constantFrom('word ', 'A sentence. ', '\n', '\n\n', '🦊', 'x'.repeat(50)), { maxLength: 200 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, fc.integer({ min: 20, max: 300 }), (whole, most) => {
      const spans = passagesOf(whole, most)
      expect(spans.map(({ start, end }) => whole.slice(start, end)).join('')).toBe(whole)
      for (const { start, end } of spans) {
        expect(end - start).toBeLessThanOrEqual(most)
        expect(end).toBeGreaterThan(start)
        expect(/[\uD800-\uDBFF]$/.test(whole.slice(start, end))).toBe(false)
      }
    }),
  )
})

test('the words of a query are folded, each once', () => {
  expect(searchWords('Éa éa "AND" x-y').words).toEqual(['ea', 'and', 'x', 'y'])
})
