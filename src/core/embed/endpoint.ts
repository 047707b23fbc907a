import { z } from 'zod'
import { attempt, type Service } from '../llm/attempt.ts'
import { type Clock, Endpoint, wallClock } from '../llm/endpoint.ts'
import { notEmbeddings } from '../llm/errors.ts'
import type { Address } from '../llm/targets.ts'

/** Texts of one request: many endpoints take no more. */
const batch = 64

/** What `/embeddings` answers; other fields are none of our concern. */
const Answer = z.object({
  data: z.array(z.object({ index: z.int().min(0).optional(), embedding: z.array(z.number()).min(1) })),
})

const answerIn = (body: string): z.output<typeof Answer> | undefined => {
  try {
    return Answer.safeParse(JSON.parse(body)).data
  } catch {
    return undefined
  }
}

const embeddings: Service = {
  path: '/embeddings',
  longest: 16 << 20, // 64 vectors of 4,096 numbers take 5 MB
  isAnswer: (body) => answerIn(body) !== undefined,
  unfit: notEmbeddings,
}

export interface EmbeddingsOptions {
  readonly timeoutMs: number // for one request
  readonly retries: number
  readonly clock?: Clock
}

/**
 * Unit vectors of texts from an OpenAI-compatible endpoint, in requests of 64 texts one after another.
 * @throws WhetError as `attempt`, and llm-not-embeddings where what comes are not so many vectors of one length
 */
export const embeddingsAt = (address: Address, { timeoutMs, retries, clock = wallClock }: EmbeddingsOptions) => {
  const endpoint = new Endpoint({ concurrency: 1 }, clock)
  const ask = async (input: readonly string[], signal: AbortSignal): Promise<Float32Array[]> => {
    // base64 is shorter, and some servers do not know it
    const body = { input, encoding_format: 'float' }
    const asking = { target: address, endpoint, body, signal, timeoutMs, retries, clock, service: embeddings }
    const { body: said = '' } = await attempt(asking)
    const data = answerIn(said)?.data ?? []
    const vectors = data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)).map(({ embedding }) => unit(embedding))
    const fits = vectors.length === input.length && vectors.every((vector) => vector?.length === vectors[0]?.length)
    if (!fits) throw notEmbeddings(address, `${vectors.length} vectors for ${input.length} texts`)
    return vectors as Float32Array[]
  }
  return async (texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> => {
    const vectors: Float32Array[] = []
    for (let at = 0; at < texts.length; at += batch)
      // an empty text is refused by many endpoints
      vectors.push(...(await ask(texts.slice(at, at + batch).map((text) => text.trim() || '.'), signal))) // biome-ignore format: one call
    return vectors
  }
}

/** Of length one; undefined where it has no direction. */
const unit = (values: readonly number[]): Float32Array | undefined => {
  const length = Math.hypot(...values)
  return Number.isFinite(length) && length > 0 ? Float32Array.from(values, (value) => value / length) : undefined
}
