/** The student's server: embedded llama.cpp in a Python child that dies with this process. */
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { type ChildServer, startChildServer } from './child-server.ts'
import { exitCodes, isWhetError, messageOf, WhetError } from './errors.ts'
import { errorLine, tailOf, trainerScript } from './python-run.ts'
import { openAiStudent, type Student } from './student.ts'

export type StudentServer = ChildServer

export interface ServeOptions {
  readonly python: string
  readonly model: string // a GGUF file
  readonly slots: number // replies that it works on at once
  readonly contextPerSlot?: number // tokens of a prompt and its reply together; `contextPerSlot` unless told
  readonly threads?: number
  readonly startTimeoutMs?: number // 120 s unless told
  readonly command?: readonly string[] // argv in place of `python trainers/serve.py`
  readonly signal?: AbortSignal
  onLog?(line: string): void
  onProcess?(pid: number): void
}

/** Tokens of a prompt and its reply together, unless told otherwise. */
export const contextPerSlot = 2048

/**
 * Starts a server and waits until it is healthy. It ends when its stdin does, so a killed parent leaves none behind.
 * @throws WhetError server-not-started: the model cannot be loaded, or it is not healthy in time; data has the reason
 */
export const startStudentServer = async (options: ServeOptions): Promise<StudentServer> => {
  const [file, ...before] = options.command ?? [options.python, trainerScript('serve.py')]
  const context = options.slots * (options.contextPerSlot ?? contextPerSlot)
  const threads = options.threads ?? availableParallelism()
  const sizes = ['--slots', options.slots, '--context', context, '--threads', threads].map(String)
  const { model, signal, startTimeoutMs, onLog, onProcess } = options
  return startChildServer([file!, ...before, '--model', model, ...sizes], {
    ...(signal && { signal }),
    ...(startTimeoutMs && { startTimeoutMs }),
    ...(onLog && { onLog }),
    ...(onProcess && { onProcess }),
    notStarted: (log, cause) => notStarted(model, log, cause),
  })
}

const notStarted = (model: string, log: string, cause: unknown): WhetError => {
  const said = errorLine(log)
  return new WhetError({
    code: 'server-not-started',
    message: `The student server for ${basename(model)} did not start: ${(said?.message ?? messageOf(cause)).replace(/\.$/, '')}. Run \`whet doctor\`; if it is well, delete the model file so that it is written again.`,
    fixedBy: 'machine',
    exit: exitCodes.failed,
    data: { reason: said?.code, logTail: tailOf(log) },
  })
}

export type ManagedOptions = ({ start(): Promise<StudentServer> } | ServeOptions) & {
  readonly name?: string
  readonly timeoutMs: number // for one reply
  readonly calls?: 'server' | 'own' // see OpenAiStudentOptions; `own` unless told, since this is llama.cpp
  onRestart?(why: string): void
}

/**
 * A student with its server: started with the first reply, started again once when it dies or hangs, and then no more.
 * Each reply that was in flight is asked for once more.
 * @throws WhetError server-died when it dies again; server-not-started; what `openAiStudent` throws while the server is well
 */
export const managedStudent = (options: ManagedOptions): { student: Student; close(): Promise<void> } => {
  let current: Promise<Served> | undefined
  let restarted = false
  let closed = false

  const open = async (): Promise<Served> => {
    const server = await ('start' in options ? options.start() : startStudentServer(options))
    const { timeoutMs, calls = 'own' } = options
    return { server, student: openAiStudent({ baseUrl: server.url, model: 'student', timeoutMs, calls }) }
  }
  /** One restart for all who saw the same server die. */
  const replace = (dead: Promise<Served>, why: string): Promise<Served> => {
    if (current !== dead) return current!
    if (restarted || closed) throw died(why)
    restarted = true
    options.onRestart?.(why)
    current = dead.then(({ server }) => server.stop()).then(open)
    return current
  }
  const student: Student = {
    name: options.name ?? 'student',
    async reply(...asked) {
      for (let again = false; ; again = true) {
        current ??= open()
        const used = current
        const served = await used
        try {
          return await served.student.reply(...asked)
        } catch (error) {
          const why = isService(error) ? await whatAils(served.server) : undefined
          if (why === undefined) throw error
          if (again) throw died(why)
          await replace(used, why)
        }
      }
    },
  }
  const close = async () => {
    closed = true
    const served = await current?.catch(() => undefined)
    await served?.server.stop()
  }
  return { student, close }
}

interface Served {
  readonly server: StudentServer
  readonly student: Student
}

const isService = (error: unknown) => isWhetError(error) && error.fixedBy === 'service'

/** Undefined while the server is well: then a reply's own failure is the answer. */
const whatAils = async (server: StudentServer): Promise<string | undefined> => {
  if (!server.alive()) return 'its process ended'
  const health = await fetch(`${server.url}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
  await health?.body?.cancel()
  return health?.ok ? undefined : 'it no longer answers'
}

const died = (why: string) =>
  new WhetError({
    code: 'server-died',
    message: `The student server failed again after it had been restarted (${why}). Look for lack of memory, lower student.slots, then \`whet resume\`: the answers so far are kept.`,
    fixedBy: 'machine',
  })
