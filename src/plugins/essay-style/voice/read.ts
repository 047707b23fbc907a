import { lstat, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { documentExtensions, documentText, WhetError } from '../../../skill.ts'
import { functionWordShare } from './function-words.ts'
import { instructionIn } from './instructions.ts'
import { countWords, wordsOf } from './words.ts'

/** One text of an author, as plain prose. */
export interface Piece {
  readonly name: string // path inside the folder
  readonly text: string
  readonly words: number
}

/** What a reader of the result should know; `skipped` files are not part of the voice. */
export interface Note {
  readonly file: string
  readonly kind: 'skipped' | 'warning'
  readonly what: string
}

export interface Writing {
  readonly folder: string
  readonly pieces: readonly Piece[]
  readonly words: number
  readonly notes: readonly Note[]
}

const largestFile = 20_000_000 // bytes
const mostFiles = 5000
/** Pieces of fewer words are notes and captions, not writing. */
const fewestWords = 30
/** English prose has more function words than this; other languages, code and lists have fewer. */
const leastEnglish = 0.3
const looksBig = 0.7

export interface ReadOptions {
  readonly signal?: AbortSignal
  progress?(done: number, total: number, what: string): void
}

/**
 * Reads an author's folder, its subfolders included. What cannot be read, is not English or hardly a text is left out and
 * noted; links are not followed.
 * @throws {WhetError} writing-not-found, writing-empty (exit 2), writing-not-english
 */
export const readWriting = async (folder: string, { signal, progress }: ReadOptions = {}): Promise<Writing> => {
  const files = await filesOf(folder)
  if (files.length === 0) throw empty(folder, 'there is no file of a kind that can be read')
  const pieces: Piece[] = []
  const notes: Note[] = []
  for (const [at, name] of files.slice(0, mostFiles).entries()) {
    signal?.throwIfAborted()
    const read = await readPiece(folder, name)
    notes.push(...read.notes)
    if (read.piece) pieces.push(read.piece)
    if (at % 20 === 19) progress?.(at + 1, files.length, 'files read')
  }
  if (files.length > mostFiles)
    notes.push({ file: '', kind: 'warning', what: `only the first ${mostFiles} of ${files.length} files were read` })
  const words = pieces.reduce((sum, piece) => sum + piece.words, 0)
  if (pieces.length === 0) throw nothingLeft(folder, notes)
  return { folder, pieces, words, notes: [...notes, ...ofAll(pieces, words, notes)] }
}

const filesOf = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new WhetError({
      code: 'writing-not-found',
      message: `${folder} is no folder that can be read. Name a folder with the author's texts (${documentExtensions.join(', ')}).`,
      fixedBy: 'config',
      exit: 2,
      data: { folder },
      cause,
    })
  })
  return entries
    .filter(
      (entry) =>
        entry.isFile() && (documentExtensions as readonly string[]).includes(path.extname(entry.name).toLowerCase()),
    )
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.split(path.sep).some((part) => part.startsWith('.') || part === 'node_modules'))
    .sort()
}

const readPiece = async (folder: string, name: string): Promise<{ piece?: Piece; notes: Note[] }> => {
  const file = path.join(folder, name)
  const skip = (what: string) => ({ notes: [{ file: name, kind: 'skipped' as const, what }] })
  const { size } = await lstat(file)
  if (size > largestFile) return skip(`it has ${Math.round(size / 1e6)} MB; the most is ${largestFile / 1e6} MB`)
  const read = await documentText(name, await readFile(file))
  if (read.text === undefined) return skip(read.unreadable)
  const words = countWords(read.text)
  if (words < fewestWords) return skip(words === 0 ? 'it holds no words' : `it has only ${words} words`)
  const english = functionWordShare(wordsOf(read.text))
  if (english < leastEnglish)
    return skip(
      `it is not English prose: ${Math.round(english * 100)} % of its words are English function words, prose has 40 to 65 %`,
    )
  const notes: Note[] = []
  const warn = (what: string) => notes.push({ file: name, kind: 'warning', what })
  if (read.encoding === 'windows-1252') warn('it is not UTF-8 and was read as Windows-1252')
  if (read.text.includes('\uFFFD')) warn('it holds characters that were lost in an earlier conversion')
  const instruction = instructionIn(read.text)
  if (instruction)
    warn(
      `it holds what looks like an instruction to a model (${JSON.stringify(instruction)}); it is read as text and obeyed by nothing`,
    )
  return { piece: { name, text: read.text, words }, notes }
}

/** What only shows over all files. */
const ofAll = (pieces: readonly Piece[], words: number, notes: readonly Note[]): Note[] => {
  const found: Note[] = []
  const biggest = pieces.reduce((a, b) => (b.words > a.words ? b : a))
  if (pieces.length > 1 && biggest.words > looksBig * words)
    found.push({
      file: biggest.name,
      kind: 'warning',
      what: `it holds ${Math.round((100 * biggest.words) / words)} % of all words: the voice is mostly this file's`,
    })
  const others = notes.filter(({ what }) => what.includes('Windows-1252')).length
  if (others > 0 && others < pieces.length)
    found.push({
      file: '',
      kind: 'warning',
      what: `encodings are mixed: ${others} of ${pieces.length} files are not UTF-8`,
    })
  return found
}

const empty = (folder: string, why: string) =>
  new WhetError({
    code: 'writing-empty',
    message: `${folder} holds no writing: ${why}. Put the author's texts there as ${documentExtensions.join(', ')}.`,
    fixedBy: 'config',
    exit: 2,
    data: { folder },
  })

const nothingLeft = (folder: string, notes: readonly Note[]) => {
  const foreign = notes.filter(({ what }) => what.includes('not English'))
  if (foreign.length === 0)
    return empty(
      folder,
      notes
        .slice(0, 3)
        .map(({ file, what }) => `${file}: ${what}`)
        .join('; '),
    )
  return new WhetError({
    code: 'writing-not-english',
    message: `No text in ${folder} is English, and a voice is measured by English function words (${foreign[0]?.file}: ${foreign[0]?.what}). Give texts in English.`,
    fixedBy: 'config',
    exit: 2,
    data: { folder, files: foreign.map(({ file }) => file) },
  })
}
