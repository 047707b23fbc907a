/** Base models, prepared once, and the GGUF files that students are served from. */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { exitCodes, WhetError } from './errors.ts'
import { readJson } from './jsonl.ts'
import { runScript } from './python-run.ts'

interface Running {
  readonly python: string
  readonly signal?: AbortSignal
  onProgress?(line: string): void
}

/** What prepare.py writes last: a folder that has it is whole. */
interface Prepared {
  readonly sha256: string // of the weights
}

/** Where a base lies inside the models folder. A local folder's name carries a hash of its path: two may have one name. */
export const baseFolder = async (base: string, models: string): Promise<string> => {
  const isFolder = await stat(base).then(
    (found) => found.isDirectory(),
    () => false,
  )
  const mark = isFolder ? `-${createHash('sha256').update(resolve(base)).digest('hex').slice(0, 8)}` : ''
  const name = isFolder ? basename(resolve(base)) : base.replaceAll('/', '--')
  return join(models, `${name.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_')}${mark}`)
}

/** The prepared base, or undefined where it has not been prepared. */
export const findBase = async (base: string, models: string): Promise<{ dir: string; sha256: string } | undefined> => {
  const dir = await baseFolder(base, models)
  const prepared = await readJson<Prepared>(join(dir, 'prepared.json'))
  return prepared && { dir, sha256: prepared.sha256 }
}

/**
 * Prepares a base model once; a prepared one is found at once and needs no Python.
 * @param options.base  a prepared name, a local folder in Hugging Face form, or a hub name
 * @param options.python  the environment's interpreter, or a function that makes it: called only when there is work
 * @returns its folder and the SHA-256 of its weights
 * @throws WhetError base-missing, base-unusable (config), disk-full, python-failed
 */
export const prepareBase = async (
  options: Omit<Running, 'python'> & { base: string; models: string; python: string | (() => Promise<string>) },
): Promise<{ dir: string; sha256: string }> => {
  const { base, models, python, ...running } = options
  const found = await findBase(base, models)
  if (found) return found
  const dir = await baseFolder(base, models)
  running.onProgress?.(`preparing the base model ${base}`)
  await runScript({
    ...running,
    python: typeof python === 'string' ? python : await python(),
    script: 'prepare.py',
    args: ['--base', base, '--out', dir],
    what: `Preparing ${base}`,
  })
  const made = await findBase(base, models)
  if (made) return made
  throw new WhetError({
    code: 'base-unusable',
    message: `Preparing ${base} left no prepared.json in ${dir}. Delete that folder and try again.`,
    fixedBy: 'machine',
  })
}

const quants = ['q8_0', 'f16']

/**
 * Merges an adapter into its base and writes one GGUF file, whole or not at all; about 5 s for 135 M parameters.
 * @param options.adapter  a LoRA adapter or a folder of whole weights; left out: the base itself
 * @returns `out`
 * @throws WhetError bad-quant, export-unusable (config), disk-full, python-failed
 */
export const exportGguf = async ({ quant, ...options }: Exporting & { quant: string }): Promise<string> => {
  if (!quants.includes(quant))
    throw new WhetError({
      code: 'bad-quant',
      message: `student.quant is \`${quant}\`, and a student is written as ${quants.join(' or ')}.`,
      fixedBy: 'config',
      exit: exitCodes.usage,
    })
  return exportStudent({ ...options, as: quant as ExportKind })
}

/** One GGUF file, or a folder in Hugging Face form: the merged weights, or the adapter with its tokenizer. */
export type ExportKind = 'q8_0' | 'f16' | 'safetensors' | 'adapter'

interface Exporting extends Running {
  readonly base: string
  readonly adapter?: string
  readonly out: string
}

/**
 * Writes a student in one of its forms, whole or not at all.
 * @param options.baseName  what a published adapter calls its base
 * @returns `out`
 * @throws WhetError export-unusable (config), disk-full, python-failed
 */
export const exportStudent = async (options: Exporting & { as: ExportKind; baseName?: string }): Promise<string> => {
  const { base, adapter, out, as, baseName, ...running } = options
  await runScript({
    ...running,
    script: 'export.py',
    args: [
      ...['--base', base, ...(adapter ? ['--adapter', adapter] : []), '--out', out, '--type', as],
      ...(baseName ? ['--base-name', baseName] : []),
    ],
    what: `Writing ${basename(out)}`,
  })
  return out
}
