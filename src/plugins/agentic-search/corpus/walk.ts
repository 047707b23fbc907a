import { lstat, readdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { WhetError } from '../../../skill.ts'
import type { CorpusNote } from './document.ts'
import { isReadable } from './readers.ts'

/** A file of the corpus folder. */
export interface CorpusFile {
  readonly path: string // from the folder, with `/`
  readonly file: string // absolute
  readonly base: string // id of its document
  readonly size: number // bytes
  readonly mtimeMs: number
}

/**
 * Every readable file below a folder, by path. Hidden files are passed over; symbolic links are not followed, since one may
 * leave the folder or lead in a circle: each is told.
 * @throws {WhetError} corpus-missing
 */
export const walkCorpus = async (folder: string): Promise<{ files: CorpusFile[]; notes: CorpusNote[] }> => {
  const root = await realpath(folder).catch(() => undefined)
  if (root === undefined || !(await lstat(root)).isDirectory()) throw missing(folder)
  const notes: CorpusNote[] = []
  const found: Omit<CorpusFile, 'base'>[] = []
  const visit = async (directory: string, prefix: string): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      const [file, relative] = [path.join(directory, entry.name), `${prefix}${entry.name}`]
      if (entry.isSymbolicLink()) notes.push({ path: relative, problem: 'a symbolic link is not followed' })
      else if (entry.isDirectory()) await visit(file, `${relative}/`)
      else if (entry.isFile() && isReadable(entry.name)) {
        const { size, mtimeMs } = await lstat(file)
        found.push({ path: relative, file, size, mtimeMs })
      }
    }
  }
  await visit(root, '')
  return { files: withBases(found), notes }
}

/** Paths without extension, except where two files would share one. */
const withBases = (files: readonly Omit<CorpusFile, 'base'>[]): CorpusFile[] => {
  const counts = new Map<string, number>()
  for (const { path: name } of files) counts.set(stemOf(name), (counts.get(stemOf(name)) ?? 0) + 1)
  return files.map((file) => ({ ...file, base: counts.get(stemOf(file.path)) === 1 ? stemOf(file.path) : file.path }))
}

const stemOf = (name: string) => name.slice(0, name.length - path.posix.extname(name).length)

const missing = (folder: string) =>
  new WhetError({
    code: 'corpus-missing',
    message: `The corpus folder ${folder} cannot be read. Check options.corpus.folder; it is relative to the config's folder.`,
    fixedBy: 'config',
    exit: 2,
    data: { folder },
  })
