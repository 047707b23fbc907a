/** Tells a webhook when a run stops, fails or waits for a person. */
import { createHmac } from 'node:crypto'
import pRetry, { AbortError } from 'p-retry'
import type { Config } from '../core/config.ts'
import { exitCodes, messageOf, WhetError } from '../core/errors.ts'
import type { EventType, RunEvent } from '../core/events.ts'

/** What a person who is not there should hear of. */
const told: ReadonlySet<EventType> = new Set([
  'approval.requested',
  'budget.near',
  'budget.exceeded',
  'run.finished',
  'run.stopped',
  'run.failed',
  'run.paused',
])

const timeoutMs = 10_000

export interface Notifier {
  /** Sends what is worth telling; never throws and never holds the run up. */
  take(event: RunEvent): void
  /** Waits until what was taken is delivered or given up. */
  close(): Promise<void>
}

export interface NotifyOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly retry?: { readonly retries: number; readonly minTimeout: number } // minTimeout: first wait, milliseconds; it doubles
  onFailed(event: RunEvent, why: string): void
}

/** @throws {WhetError} webhook-secret-missing, before the run begins */
export const notifier = (notify: Config['notify'], options: NotifyOptions): Notifier => {
  const { webhook, secretEnv } = notify
  if (webhook === undefined) return { take: () => {}, close: async () => {} }
  const secret = secretOf(secretEnv, options.env ?? process.env)
  let last: Promise<void> = Promise.resolve()
  return {
    // one after the other: whoever listens hears of the request before its answer
    take: (event) => {
      if (!told.has(event.type)) return
      last = last.then(() => deliver(webhook, secret, event, options))
    },
    close: () => last,
  }
}

const deliver = async (
  url: string,
  secret: string | undefined,
  event: RunEvent,
  { retry, onFailed }: NotifyOptions,
): Promise<void> => {
  const body = JSON.stringify({ text: lineOf(event), ...event })
  try {
    await pRetry(() => post(url, secret, body, event), { retries: 5, minTimeout: 1000, ...retry })
  } catch (error) {
    onFailed(event, messageOf(error))
  }
}

const post = async (url: string, secret: string | undefined, body: string, event: RunEvent): Promise<void> => {
  const at = String(Math.floor(Date.now() / 1000))
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error', // the address is the one in the config
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'whetstone',
      'x-whetstone-event': event.type,
      'x-whetstone-delivery': `${event.run}-${event.seq}`, // the same in every try: a receiver may drop what it has
      'x-whetstone-timestamp': at,
      ...(secret !== undefined && { 'x-whetstone-signature': `sha256=${signatureOf(secret, at, body)}` }),
    },
    body,
  })
  await response.body?.cancel()
  if (response.ok) return
  const refusal = new Error(`HTTP ${response.status}`)
  // another try brings no other answer
  if (response.status < 500 && response.status !== 408 && response.status !== 429) throw new AbortError(refusal)
  throw refusal
}

/** HMAC-SHA256 over `timestamp.body`: a receiver also refuses what is old. Hexadecimal. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')

const lineOf = (event: RunEvent): string => {
  switch (event.type) {
    case 'approval.requested':
      return `${event.run} waits for approval: ${event.data.what}. whet approve ${event.run}`
    case 'budget.near':
      return `${event.run}: ${Number(event.data.spent.toFixed(2))} of ${event.data.limit} ${event.data.which} of the budget are spent. whet budget ${event.run}`
    case 'budget.exceeded':
      return `${event.run}: the budget of ${event.data.limit} ${event.data.which} is spent`
    case 'run.finished':
      return `${event.run} is finished: ${event.data.reason}, best round ${event.data.best}`
    case 'run.failed':
      return `${event.run} failed: ${event.data.message}. whet resume ${event.run}`
    default:
      return `${event.run}: ${event.type}`
  }
}

const secretOf = (name: string | undefined, env: NodeJS.ProcessEnv): string | undefined => {
  if (name === undefined || env[name]) return name && env[name]
  throw new WhetError({
    code: 'webhook-secret-missing',
    message: `notify.secretEnv names ${name}, which is not set. Set it, or take secretEnv out: deliveries are then not signed.`,
    fixedBy: 'machine',
    exit: exitCodes.missing,
    data: { name },
  })
}
