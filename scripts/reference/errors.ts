import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { codesInPython } from './errors-in-python.ts'
import { codesInTypeScript, problemCodes } from './errors-in-typescript.ts'

/** One way in which an error of a code comes about. */
export interface Occurrence {
  readonly file: string // from the root of the repository
  readonly message: string // as the source words it; … stands for what is filled in
  readonly fixedBy?: string
  readonly exit?: string
  readonly warns?: boolean // it ends nothing
}

const root = path.join(import.meta.dirname, '..', '..')
const notOfTheProduct = /\.test\.ts$|test-support|fixture|(^|[\\/])tests[\\/]/

/** The files of a folder of sources that may name a code. */
export const sourcesIn = (folder: string, ending: RegExp): { file: string; text: string }[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file) && !notOfTheProduct.test(file))
    .sort()
    .map((file) => ({
      file: path.posix.join(folder, ...file.split(path.sep)),
      text: readFileSync(path.join(root, folder, file), 'utf8'),
    }))

/** Every error code of the product with where it comes from: read from the sources, so that none can be forgotten. */
export const errorCodes = (): Map<string, Occurrence[]> => {
  const codes = new Map<string, Occurrence[]>()
  const add = (code: string, occurrence: Occurrence) => codes.set(code, [...(codes.get(code) ?? []), occurrence])
  for (const { file, text } of sourcesIn('src', /\.tsx?$/)) {
    for (const [code, occurrence] of codesInTypeScript(text)) add(code, { file, ...occurrence })
    if (file === 'src/core/yaml-problems.ts')
      for (const code of problemCodes(text))
        add(code, { file, message: 'Told with file, line and column.', fixedBy: 'config', exit: '2' })
  }
  for (const { file, text } of sourcesIn('trainers', /\.py$/))
    for (const [code, occurrence] of codesInPython(text)) add(code, { file, ...occurrence })
  return new Map([...codes].sort(([a], [b]) => (a < b ? -1 : 1)))
}
