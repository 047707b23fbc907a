import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isWhetError } from '../../../skill.ts'
import { type Piece, type ReadOptions, readWriting, type Writing } from './read.ts'

/** Where an author's texts are and what they were: a run freezes no text, and takes none that has changed since. */
export const Source = z.strictObject({ folder: z.string(), texts: z.record(z.string(), z.string()) })
export type Source = z.infer<typeof Source>

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

export const sourceOf = ({ folder, pieces }: Writing): Source => ({
  folder,
  texts: Object.fromEntries(pieces.map(({ name, text }) => [name, hashOf(text)])),
})

/** The texts that are still what they were; none where the folder is gone. */
export const textsOf = async (source: Source | undefined, options: ReadOptions): Promise<readonly Piece[]> => {
  if (!source) return []
  try {
    const { pieces } = await readWriting(source.folder, options)
    return pieces.filter(({ name, text }) => source.texts[name] === hashOf(text))
  } catch (error) {
    if (!isWhetError(error)) throw error
    return []
  }
}
