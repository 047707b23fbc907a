import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { baseOf, type LoadedConfig } from '../../core/config.ts'
import { WhetError } from '../../core/errors.ts'
import { exportStudent, prepareBase } from '../../core/models.ts'
import { pythonEnv, trainerScript } from '../../core/python.ts'
import { runScript } from '../../core/python-run.ts'
import { managedStudent } from '../../core/server.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Publisher, TokenParity } from '../deps.ts'

/** transformers answers one request at a time and knows no batches: a reply may wait for all the others. */
const patience = 10

/** Exports, comparisons and uploads by the trainers' own environment, which is made on first use. */
export const localPublisher = (
  loaded: LoadedConfig,
  workspace: Workspace,
  onProgress: (what: string) => void,
): Publisher => {
  const { slots, timeoutSeconds } = loaded.config.student
  const python = async (signal: AbortSignal) => (await pythonEnv({ onProgress, signal })).python
  const base = async (signal: AbortSignal) =>
    (
      await prepareBase({
        base: baseOf(loaded),
        models: workspace.models(),
        python: () => python(signal),
        signal,
        onProgress,
      })
    ).dir
  const script = async (name: string, args: readonly string[], what: string, signal: AbortSignal) =>
    runScript({ python: await python(signal), script: name, args, what, signal, onProgress })

  return {
    write: async ({ adapter, as, out, baseName }, signal) => {
      onProgress(`writing ${as === 'safetensors' ? 'the merged weights' : path.basename(out)}`)
      await exportStudent({
        base: await base(signal),
        adapter,
        out,
        as,
        baseName,
        python: await python(signal),
        signal,
      })
    },
    compareTokens: async ({ rows, merged, ggufs, out }, signal) => {
      const files = Object.entries(ggufs).flatMap(([name, file]) => ['--gguf', `${name}=${file}`])
      const args = ['--base', await base(signal), '--rows', rows, '--export', merged, '--out', out, ...files]
      await script('parity.py', args, 'Comparing tokens', signal)
      return JSON.parse(await readFile(out, 'utf8')) as TokenParity
    },
    exact: async (of, signal) => {
      const model = 'merged' in of ? of.merged : await base(signal)
      const adapter = 'adapter' in of ? ['--adapter', of.adapter] : []
      const interpreter = await python(signal)
      return managedStudent({
        python: interpreter,
        command: [interpreter, trainerScript('reference.py'), ...adapter],
        model,
        slots,
        timeoutMs: timeoutSeconds * 1000 * patience,
        startTimeoutMs: 600_000, // torch and a large model from a slow disk
      })
    },
    push: async ({ folder, repository, private: hidden }, signal) => {
      onProgress(`uploading ${path.basename(folder)} to ${repository}`)
      let said = ''
      await runScript({
        python: await python(signal),
        script: 'push.py',
        args: ['--folder', folder, '--repository', repository, ...(hidden ? ['--private'] : [])],
        what: `Uploading to ${repository}`,
        signal,
        onProgress: (line) => {
          if (line.startsWith('{"url"')) said = line
          else onProgress(line)
        },
      })
      const { url } = JSON.parse(said || '{}') as { url?: string }
      if (url) return url
      throw new WhetError({
        code: 'hub-refused',
        message: `The hub did not say where ${repository} lies. Look there, and publish again with --push if it is not whole.`,
        fixedBy: 'service',
        data: { repository },
      })
    },
  }
}
