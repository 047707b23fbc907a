/** When a call is tried again, and after how long. */

/** What a person would wait for; a server that asks for more is answered with the next model or an error. */
export const longestPauseMs = 120_000
const firstBackoffMs = 500
const longestBackoffMs = 60_000

/** Milliseconds that a Retry-After header asks for: seconds or a date (RFC 9110). Undefined where it says nothing usable. */
export const retryAfterMs = (header: string | null, now: number): number | undefined => {
  if (header === null) return undefined
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // V8 reads "-5" and "1.5" as dates; a real one has letters
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Full jitter: anything up to a bound that doubles with each try. */
export const backoffMs = (tries: number, random: () => number = Math.random): number =>
  random() * Math.min(longestBackoffMs, firstBackoffMs * 2 ** (tries - 1))

/** Whether the same request may fare better later: too many requests, a server's trouble, a lost connection. */
export const isPassing = (status: number): boolean =>
  status === 408 || status === 409 || status === 429 || status >= 500

/** A 429 that no waiting mends: the account's credit is used up. */
export const isQuota = (body: string): boolean => /insufficient_quota|billing|credit balance/i.test(body.slice(0, 4000))
