/** An endpoint by script, in virtual time: how long it takes, and when it is ill. */
import type { FleetEndpoint } from '../../src/core/fleet/fleet.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What an endpoint does with a call: answers, fails after a moment, or never says anything. */
export type Behaviour = 'well' | 'failing' | 'silent'

export interface EndpointScript {
  readonly name: string
  readonly slots: number
  readonly ms: number // of one answer
  /** How it is at a moment; well unless told. */
  at?(now: number): Behaviour
  /** How its health check is; as `at` unless told. */
  checkAt?(now: number): Behaviour
  /** After so long without an answer a call fails, as at a caller's own time limit; never unless told. */
  readonly silentMs?: number
}

export interface Scripted {
  readonly name: string
  /** Answers after its time. @throws what `failure` makes, as `at` says */
  answer(signal: AbortSignal, ms?: number): Promise<string>
  readonly counts: Readonly<Record<'calls' | 'atWork' | 'mostAtWork' | 'checks', number>>
}

const [failsAfterMs, checkMs, forever] = [20, 5, 1e12]

export const scriptedEndpoint = (
  { name, slots, ms, at = () => 'well', checkAt = at, silentMs = forever }: EndpointScript,
  time: VirtualTime,
  failure: (name: string) => Error,
): FleetEndpoint<Scripted> => {
  const counts = { calls: 0, atWork: 0, mostAtWork: 0, checks: 0 }
  const behave = async (behaviour: Behaviour, signal: AbortSignal) => {
    if (behaviour === 'well') return
    await time.sleep(behaviour === 'silent' ? silentMs : failsAfterMs, signal)
    throw failure(name)
  }
  const use: Scripted = {
    name,
    counts,
    async answer(signal, answerMs = ms) {
      counts.calls += 1
      counts.atWork += 1
      counts.mostAtWork = Math.max(counts.mostAtWork, counts.atWork)
      try {
        await behave(at(time.now()), signal)
        await time.sleep(answerMs, signal)
        await behave(at(time.now()), signal) // what dies in the middle of an answer never gives it
        return name
      } finally {
        counts.atWork -= 1
      }
    },
  }
  const check = async (signal: AbortSignal) => {
    counts.checks += 1
    await behave(checkAt(time.now()), signal)
    await time.sleep(checkMs, signal)
  }
  return { name, use, slots, check }
}
