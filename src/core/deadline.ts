import { setMaxListeners } from 'node:events'

/** Aborts with `signal`, or after `ms`. By hand: Node may collect what AbortSignal.any and AbortSignal.timeout return. */
export const deadlineOf = (signal: AbortSignal, ms: number): { readonly signal: AbortSignal; release(): void } => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error('timeout')), ms)
  const stop = () => controller.abort(signal.reason)
  setMaxListeners(0, signal) // one listener a call in flight, and there are as many as slots
  signal.addEventListener('abort', stop, { once: true })
  const release = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
  return { signal: controller.signal, release }
}

/** For work that does not look at the signal, such as an SDK that sleeps between two tries: whoever waits is let go at once. */
export const raced = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  work.catch(() => {}) // its own end no longer matters once the signal has won
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop))
}
