/** Who can mend an error: `config` (the user's files and flags), `plugin`, `machine`, or `service` (another process or host). */
export type FixedBy = 'config' | 'plugin' | 'machine' | 'service'

/** Exit codes of the command line (see docs and `whet --help`). */
export const exitCodes = { done: 0, failed: 1, usage: 2, missing: 3, refused: 4, interrupted: 130 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * An error that a person can act on. `code` is stable: callers and tests match on it, never on the message.
 * The message says what happened and what to do next; `data` holds what a program needs.
 */
export class WhetError extends Error {
  readonly code: string
  readonly fixedBy: FixedBy
  readonly exit: ExitCode
  readonly data: Readonly<Record<string, unknown>>

  constructor(options: {
    code: string
    message: string
    fixedBy: FixedBy
    exit?: ExitCode
    data?: Readonly<Record<string, unknown>>
    cause?: unknown
  }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WhetError'
    this.code = options.code
    this.fixedBy = options.fixedBy
    this.exit = options.exit ?? exitCodes.failed
    this.data = options.data ?? {}
  }

  toJSON() {
    return { error: { code: this.code, message: this.message, fixedBy: this.fixedBy, data: this.data } }
  }
}

/** Whether an error is one that a person can act on. */
export const isWhetError = (error: unknown): error is WhetError =>
  // a skill may bring a copy of this module of its own
  error instanceof WhetError || (error instanceof Error && error.name === 'WhetError' && 'fixedBy' in error)

/** What a failure says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
