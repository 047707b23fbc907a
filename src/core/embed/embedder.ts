/** Texts as vectors of meaning: by a small model of a package on this machine, or by an endpoint. */
import { z } from 'zod'
import { apiKeyEnv, http } from '../config-fields.ts'
import { addressOf } from '../llm/targets.ts'
import { embeddingsAt } from './endpoint.ts'
import { packagedEmbedder } from './packaged.ts'

export interface EmbedOptions {
  readonly signal: AbortSignal
  onProgress?(what: string): void // what takes long before the first vector
}

/** Makes vectors: of a package's model, or of an endpoint. */
export interface Embedder {
  readonly model: string // vectors of two models cannot be held against each other
  /** Unit vectors, one a text; what a text has beyond the model's longest is left out of account. */
  embed(texts: readonly string[], options: EmbedOptions): Promise<Float32Array[]>
  close(): Promise<void>
}

const Endpoint = z.strictObject({
  model: z.string().min(1).describe('the embedding model, as the endpoint calls it'),
  baseUrl: http().describe('an OpenAI-compatible endpoint with /embeddings'),
  apiKeyEnv: apiKeyEnv(),
  timeoutSeconds: z.number().positive().default(60).describe('longest wait for one request'),
})

/** A setting for vectors: none, the model of a package, or an endpoint. */
export const EmbedderSetting = z.union([z.boolean(), Endpoint])
export type EmbedderSetting = z.output<typeof EmbedderSetting>

const retries = 4

/**
 * Nothing is started or fetched before the first text.
 * @param setting where the setting stands in the config, for messages
 */
export const openEmbedder = (of: Exclude<EmbedderSetting, false>, setting: string): Embedder => {
  if (of === true) return packagedEmbedder()
  const ask = embeddingsAt(addressOf(setting, of), { timeoutMs: of.timeoutSeconds * 1000, retries })
  return { model: of.model, embed: (texts, { signal }) => ask(texts, signal), close: async () => {} }
}
