/** Running the product's Python scripts: where they lie, what they inherit, and what their failures mean. */

import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { type FixedBy, WhetError } from './errors.ts'
import { redact, withoutKeys } from './secrets.ts'

/** The folder `trainers/`, beside `src/` and beside `dist/`. */
export const trainersDir = fileURLToPath(new URL('../../trainers/', import.meta.url))
export const trainerScript = (name: string): string => `${trainersDir}${name}`

/** What would make Python or an installer look or write elsewhere than in our environment. */
const strayed =
  /^(PYTHONHOME|PYTHONPATH|PYTHONSTARTUP|PIP_(TARGET|PREFIX|ROOT|USER|REQUIRE_VIRTUALENV)|UV_(SYSTEM_PYTHON|TARGET|PREFIX|PYTHON|PROJECT_ENVIRONMENT)|VIRTUAL_ENV|CONDA_PREFIX)$/

/** This process's environment for a Python child: unbuffered, without our keys and settings that lead out of its own environment. */
export const pythonEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(withoutKeys(process.env)).filter(([name]) => !strayed.test(name))),
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  TOKENIZERS_PARALLELISM: 'false',
})

/** The end of what a child wrote: 40 lines, keys and passwords in addresses taken out. */
export const tailOf = (text: string): string =>
  redact(
    text
      .slice(-8000)
      .split('\n')
      .slice(-40)
      .join('\n')
      .replace(/:\/\/[^/\s@]+@/g, '://…@'),
  ).trim()

/** The `{"error": {"code", "message"}}` line that our scripts end with, where there is one. */
export const errorLine = (stderr: string): { code: string; message: string } | undefined => {
  for (const line of stderr.trimEnd().split('\n').reverse()) {
    if (!line.startsWith('{"error"')) continue
    try {
      const { error } = JSON.parse(line)
      if (typeof error?.code === 'string' && typeof error.message === 'string') return error
    } catch {}
  }
  return undefined
}

export const isDiskFull = (text: string): boolean => /no space left|disk quota exceeded|os error 28\b/i.test(text)

export const diskFull = (what: string, data: Record<string, unknown> = {}): WhetError =>
  new WhetError({
    code: 'disk-full',
    message: `The disk is full: ${what} could not be finished. Free some space and run the same command again; finished work is kept.`,
    fixedBy: 'machine',
    data,
  })

const keptLines = 200

/**
 * Runs a command to its end without a shell, its output line by line to `onLine`; never throws for how it ends.
 * @returns execa's result, and in `tail` the last lines of stdout and stderr together
 */
export const runChild = async (
  argv: readonly string[],
  { signal, onLine }: { signal?: AbortSignal; onLine?(line: string): void } = {},
) => {
  signal?.throwIfAborted()
  const options = { stdin: 'ignore', all: true, buffer: false, reject: false } as const
  const child = execa(argv[0]!, argv.slice(1), { ...options, env: pythonEnvironment(), extendEnv: false })
  const lines: string[] = []
  createInterface({ input: child.all }).on('line', (line) => {
    lines.push(line)
    if (lines.length > keptLines) lines.shift()
    onLine?.(line)
  })
  const stop = () => {
    child.kill()
    for (const pipe of [child.all, child.stdout, child.stderr]) pipe.destroy() // what the child started may hold it open
  }
  signal?.addEventListener('abort', stop, { once: true })
  const result = await child
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  return { ...result, tail: lines.join('\n') }
}

/** What a short run of Python prints; an empty text and `failed` where it does not end well in time. @param args a script, or -c and a text */
export const askPython = async (python: string, args: readonly string[], timeoutMs: number) => {
  const options = { stdin: 'ignore', reject: false, timeout: timeoutMs } as const
  return execa(python, args, { ...options, env: pythonEnvironment(), extendEnv: false })
}

type Ended = Awaited<ReturnType<typeof runChild>>

interface Script {
  readonly python: string
  readonly script: string // a file of trainers/
  readonly args: readonly string[]
  readonly what: string // what it does, for messages: 'Preparing smollm2-135m'
  readonly signal?: AbortSignal
  onProgress?(line: string): void
}

/**
 * Runs one script to its end; its output goes to `onProgress` line by line.
 * @throws WhetError the script's own code where it names one, disk-full, python-missing, python-failed. What `signal` was aborted with
 */
export const runScript = async ({ python, script, args, what, signal, onProgress }: Script): Promise<void> => {
  const result = await runChild([python, trainerScript(script), ...args], { signal, onLine: onProgress })
  if (result.failed) throw scriptFailure(result, what)
}

const scriptFailure = (result: Ended, what: string): WhetError => {
  const said = errorLine(result.tail)
  const data = { exitCode: result.exitCode, stderrTail: tailOf(result.tail) }
  if (result.exitCode === 5 || isDiskFull(result.tail)) return diskFull(what, data)
  const make = (code: string, message: string, fixedBy: FixedBy, exit?: 3) =>
    new WhetError({ code, message, fixedBy, exit, data })
  if (said) return make(said.code, said.message, result.exitCode === 2 ? 'config' : 'machine')
  if (result.code === 'ENOENT')
    return make('python-missing', 'The Python environment is gone. Run `whet doctor --repair`.', 'machine', 3)
  const how = result.signal ? `was ended by ${result.signal}` : `ended with exit code ${result.exitCode}`
  return make(
    'python-failed',
    `${what} ${how}. Run \`whet doctor\`, and \`whet doctor --repair\` if it finds the Python environment broken.`,
    'machine',
  )
}
