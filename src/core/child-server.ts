/** A child process that serves HTTP on this machine and dies with this process. */
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { pythonEnvironment } from './python-run.ts'

export interface ChildServer {
  readonly url: string
  stop(): Promise<void> // resolves when the process has ended
  alive(): boolean
}

export interface ChildServerOptions {
  readonly startTimeoutMs?: number // 120 s unless told
  readonly signal?: AbortSignal
  onLog?(line: string): void
  onProcess?(pid: number): void
  /** The error of a server that did not come up; `log` has its last lines on stderr. */
  notStarted(log: string, cause: unknown): Error
}

/** Keeps the last lines of a server's log, for the error that tells of its end. */
const keptLog = 200

/**
 * Starts a server and waits until it says `{"url"}` in its first line on stdout, which it does when it is ready. It ends when its
 * stdin does, so a killed parent leaves none behind.
 * @throws what `notStarted` makes of it. What `signal` was aborted with
 */
export const startChildServer = async (
  [file, ...args]: readonly string[],
  { startTimeoutMs = 120_000, signal, onLog, onProcess, notStarted }: ChildServerOptions,
): Promise<ChildServer> => {
  const child = execa(file!, args, {
    env: pythonEnvironment(),
    extendEnv: false,
    stdin: 'pipe',
    buffer: false,
    reject: false,
  })
  if (child.pid !== undefined) onProcess?.(child.pid)
  const log: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line)
    if (log.length > keptLog) log.shift()
    onLog?.(line)
  })
  const alive = () => child.exitCode === null && child.signalCode === null
  const stop = async () => {
    child.stdin.end()
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await child
    clearTimeout(late)
  }
  const kill = () => child.kill('SIGKILL')
  const late = setTimeout(kill, startTimeoutMs)
  signal?.addEventListener('abort', kill)
  try {
    signal?.throwIfAborted()
    const url = await Promise.race([addressIn(child.stdout), endOf(child, startTimeoutMs)])
    return { url, stop, alive }
  } catch (error) {
    kill()
    await child
    signal?.throwIfAborted()
    throw notStarted(log.join('\n'), error)
  } finally {
    clearTimeout(late)
    signal?.removeEventListener('abort', kill)
  }
}

const addressIn = (stdout: NodeJS.ReadableStream): Promise<string> =>
  new Promise((resolve, reject) => {
    createInterface({ input: stdout }).on('line', (line) => {
      try {
        resolve((JSON.parse(line) as { url: string }).url)
      } catch {
        reject(new Error('its first line is not {"url", "pid"}'))
      }
    })
  })

const endOf = async (child: PromiseLike<unknown>, withinMs: number): Promise<never> => {
  await child
  throw new Error(`it ended before it was ready, or was not ready within ${withinMs / 1000} s`)
}
