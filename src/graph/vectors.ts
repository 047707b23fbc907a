import type { Embed } from '../core/contract.ts'
import { openEmbedder } from '../core/embed/embedder.ts'
import type { Deps } from './deps.ts'

/** Vectors of meaning where `roles.embed` sets them. Nothing is started before the first text; `close` always runs. */
export const openVectors = ({ config, signal, emit }: Pick<Deps, 'config' | 'signal' | 'emit'>) => {
  const setting = config.roles.embed
  if (!setting) return { close: async () => {} }
  const embedder = openEmbedder(setting, 'roles.embed')
  const onProgress = (what: string) => emit({ type: 'stage.progress', data: { done: 0, total: 0, what } })
  const embed: Embed = (texts) => embedder.embed(texts, { signal, onProgress })
  return { embed, close: () => embedder.close() }
}
