import type { RoleName, RoleSettings } from '../config-roles.ts'
import { isWhetError } from '../errors.ts'
import { changeWarning } from '../fleet/change.ts'
import { checkEndpoint } from '../fleet/check.ts'
import { type Fault, Fleet } from '../fleet/fleet.ts'
import { type Clock, Endpoint } from './endpoint.ts'
import { fleetDown } from './errors.ts'
import { atAddress, keyOf, type Target } from './targets.ts'

/** Where a call is made: one of the addresses of its target. */
export interface Place {
  readonly target: Target
  readonly endpoint: Endpoint
  readonly retries: number // at this address
}

/** Finds a place for a call and runs it there; where the target has replicas, at another one when that fails. */
export type AtPlace = <T>(
  target: Target,
  signal: AbortSignal,
  work: (place: Place, signal: AbortSignal) => Promise<T>,
) => Promise<T>

export interface Named {
  readonly role: RoleName
  readonly settings: RoleSettings
  readonly targets: readonly [Target, ...Target[]]
}

/** The endpoints that roles share: by address, and by list of addresses. */
export const placesOf = (
  named: readonly Named[],
  { clock, onWarning }: { readonly clock: Clock; onWarning?(code: string, message: string): void },
): ((settings: RoleSettings) => AtPlace) => {
  const endpoints = new Map<string, Endpoint>()
  const fleets = new Map<string, Fleet<{ readonly baseUrl: string; readonly endpoint: Endpoint }>>()
  const sharersOf = (baseUrl: string) =>
    named
      .filter(({ targets }) => targets.some((target) => addressesOf(target).includes(baseUrl)))
      .map(({ settings }) => settings)
  const endpointAt = (baseUrl: string): Endpoint =>
    kept(endpoints, baseUrl, () => {
      const limits = sharersOf(baseUrl)
      const slowest = limits.flatMap(({ requestsPerMinute }) => requestsPerMinute ?? [])
      const rate = slowest.length > 0 ? { requestsPerMinute: Math.min(...slowest) } : {}
      return new Endpoint({ concurrency: concurrencyOf(limits), ...rate }, clock)
    })
  const fleetOf = (target: Target) =>
    kept(fleets, addressesOf(target).join(' '), () => {
      const endpointsOf = addressesOf(target).map((baseUrl) => ({
        name: new URL(baseUrl).host,
        use: { baseUrl, endpoint: endpointAt(baseUrl) },
        slots: concurrencyOf(sharersOf(baseUrl)),
        check: (signal: AbortSignal) => checkEndpoint(baseUrl, keyOf(target), signal),
      }))
      return new Fleet({
        endpoints: endpointsOf,
        clock,
        faultOf: callFault,
        noneLeft: (last) =>
          isWhetError(last) && last.fixedBy === 'config' ? last : fleetDown(target, addressesOf(target).length, last),
        onChange: (change) => {
          const { code, message } = changeWarning(`roles.${target.role}`, change)
          onWarning?.(code, message)
        },
      })
    })
  return ({ retries }) =>
    (target, signal, work) => {
      if (target.replicas.length === 0) {
        const endpoint = endpointAt(target.baseUrl)
        return endpoint.run(signal, () => work({ target, endpoint, retries }, signal))
      }
      return fleetOf(target).run(
        signal,
        ({ baseUrl, endpoint }, within) =>
          endpoint.run(within, () => work({ target: atAddress(target, baseUrl), endpoint, retries: 0 }, within)),
        { tries: retries + 1 },
      )
    }
}

const addressesOf = ({ baseUrl, replicas }: Target): string[] => [baseUrl, ...replicas]

const concurrencyOf = (limits: readonly RoleSettings[]) => Math.max(...limits.map(({ concurrency }) => concurrency))

const kept = <T>(known: Map<string, T>, name: string, make: () => T): T => {
  const found = known.get(name) ?? make()
  known.set(name, found)
  return found
}

/** What a failed call says of its address. A request that is refused would be refused everywhere. */
const callFault = (error: unknown): Fault | undefined => {
  if (!isWhetError(error)) return undefined
  if (error.code === 'llm-rate-limited') {
    const { seconds } = error.data as { seconds?: number }
    return { kind: 'busy', pauseMs: seconds === undefined ? undefined : seconds * 1000 }
  }
  if (error.code === 'llm-unreachable') return { kind: 'failed' }
  return refusals.includes(error.code) ? { kind: 'refused' } : undefined
}

const refusals = ['llm-quota', 'llm-not-chat', 'llm-unknown-model', 'llm-key-refused']
