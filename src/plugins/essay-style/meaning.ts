import { type Embedder, openEmbedder } from '../../skill.ts'
import type { Definition } from './definition.ts'

/** How alike two texts are in meaning, the cosine of their vectors; -1 where one of them was not read as a vector. */
export type Alike = (a: string, b: string) => number

/** Texts whose vectors are remembered: a round of evaluation grades the same ideas again and again. */
const mostRemembered = 20_000

interface Reader {
  readonly embedder: Embedder
  readonly vectors: Map<string, Float32Array>
}
const readers = new Map<string, Reader>()

/** Reads the texts as vectors where an embedding model is configured. @throws {WhetError} what the embedder throws */
export const alikeIn = async (
  texts: readonly string[],
  { embeddings }: Pick<Definition, 'embeddings'>,
  signal: AbortSignal,
): Promise<Alike | undefined> => {
  if (!embeddings) return undefined
  const { embedder, vectors } = readerOf(embeddings)
  const missing = [...new Set(texts)].filter((text) => text.trim() !== '' && !vectors.has(text))
  const made = await embedder.embed(missing, { signal })
  if (vectors.size + missing.length > mostRemembered) vectors.clear()
  for (const [at, text] of missing.entries()) vectors.set(text, made[at] as Float32Array)
  return (a, b) => {
    const [one, other] = [vectors.get(a), vectors.get(b)]
    return one && other ? one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0) : -1
  }
}

const readerOf = (embeddings: NonNullable<Definition['embeddings']>): Reader => {
  const key = JSON.stringify(embeddings)
  const known = readers.get(key) ?? {
    embedder: openEmbedder(embeddings as Exclude<typeof embeddings, false>, 'options.embeddings'),
    vectors: new Map(),
  }
  readers.set(key, known)
  return known
}

export const closeReaders = async (): Promise<void> => {
  const open = [...readers.values()]
  readers.clear()
  for (const { embedder } of open) await embedder.close()
}
