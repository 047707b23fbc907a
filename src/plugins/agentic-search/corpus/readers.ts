import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../../../skill.ts'
import type { CorpusNote, ReadDocument } from './document.ts'
import { jsonlDocuments } from './read-jsonl.ts'
import { textDocument } from './read-text.ts'

/** A file of one document that is larger than this is left out: its text would have to fit into memory several times. */
export const largestFileBytes = 32 << 20

interface Readable {
  readonly file: string
  readonly path: string
  readonly base: string
  readonly size: number
}

type Reader = (bytes: Buffer, of: Readable) => Promise<ReadDocument> | ReadDocument

// the libraries for PDF, Word and HTML take long to load: only where there is such a file
const readers: Readonly<Record<string, Reader>> = {
  '.md': textDocument,
  '.markdown': textDocument,
  '.txt': textDocument,
  '.rst': textDocument,
  '.html': async (bytes, of) => (await import('./read-html.ts')).htmlDocument(bytes, of),
  '.htm': async (bytes, of) => (await import('./read-html.ts')).htmlDocument(bytes, of),
  '.pdf': async (bytes, of) => (await import('./read-pdf.ts')).pdfDocument(bytes, of),
  '.docx': async (bytes, of) => (await import('./read-docx.ts')).docxDocument(bytes, of),
}

const extensionOf = (name: string) => path.extname(name).toLowerCase()

export const isReadable = (name: string): boolean =>
  extensionOf(name) === '.jsonl' || Object.hasOwn(readers, extensionOf(name))

/** The documents of one file. A file that cannot be read gives a note and no document. */
export async function* readCorpusFile(of: Readable, note: (note: CorpusNote) => void): AsyncGenerator<ReadDocument> {
  try {
    if (extensionOf(of.path) === '.jsonl') return yield* jsonlDocuments(of, note)
    if (of.size > largestFileBytes)
      return note({
        path: of.path,
        problem: `${megabytes(of.size)} MB: files over ${megabytes(largestFileBytes)} MB are left out, split it`,
      })
    const document = await readers[extensionOf(of.path)]!(await readFile(of.file), of)
    if (document.text.trim() === '') note({ path: of.path, problem: 'holds no text' })
    else yield document
  } catch (error) {
    // one bad file is data
    note({ path: of.path, problem: messageOf(error).split('\n')[0]!.slice(0, 200) })
  }
}

const megabytes = (bytes: number) => Math.round(bytes / (1 << 20))
