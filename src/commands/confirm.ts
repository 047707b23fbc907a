import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { canonical } from '../core/canonical.ts'
import { exitCodes, WhetError } from '../core/errors.ts'

/** What a person is asked to confirm: a command with the very arguments that it will run with. */
export interface Intent {
  readonly command: string
  readonly args: Readonly<Record<string, unknown>>
}

interface Issued {
  readonly digest: string
  readonly expiresAt: number // ms since the epoch
  used: boolean
}

/** How long a person has to make up their mind, milliseconds. */
const lifetimeMs = 15 * 60_000
/** The oldest tokens are forgotten beyond this many: a client that only ever asks costs no memory. */
const mostOpen = 500

/**
 * Tokens for commands that cost or destroy. One opens one command once, with exactly the arguments that it was made for; they live in the
 * server's memory, so that no file, log or prompt holds one and a restart ends them all.
 */
export class Confirmations {
  readonly #issued = new Map<string, Issued>()

  constructor(private readonly now: () => number = Date.now) {}

  /** @returns the token, and when it ends (ISO 8601, UTC) */
  issue(intent: Intent): { token: string; expiresAt: string } {
    const token = `confirm-${randomBytes(12).toString('base64url')}`
    const expiresAt = this.now() + lifetimeMs
    this.#issued.set(token, { digest: digestOf(intent), expiresAt, used: false })
    for (const oldest of this.#issued.keys()) {
      if (this.#issued.size <= mostOpen) break
      this.#issued.delete(oldest)
    }
    return { token, expiresAt: new Date(expiresAt).toISOString() }
  }

  /** Spends a token. A wrong one stays wrong: it is spent by a try with other arguments, too. @throws {WhetError} confirm-* (exit 4) */
  redeem(token: string, intent: Intent): void {
    const issued = this.#issued.get(token)
    if (!issued)
      throw refused('confirm-unknown', 'This confirm token is not known here: servers forget them when they end.')
    if (issued.used) throw refused('confirm-used', 'This confirm token was used already; each opens one command once.')
    issued.used = true
    if (issued.expiresAt < this.now()) throw refused('confirm-expired', 'This confirm token has expired.')
    if (!same(issued.digest, digestOf(intent)))
      throw refused('confirm-mismatch', 'This confirm token was made for other arguments, and is now spent.')
  }
}

const digestOf = (intent: Intent): string => createHash('sha256').update(canonical(intent)).digest('hex')

const same = (a: string, b: string) => timingSafeEqual(Buffer.from(a), Buffer.from(b))

const refused = (code: string, what: string) =>
  new WhetError({
    code,
    message: `${what} Nothing was done: call the command again without a token to be asked anew.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
  })
