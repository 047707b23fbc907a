import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Config } from '../../src/core/config.ts'
import type { Clock } from '../../src/core/llm/endpoint.ts'
import { type Gateway, type GatewayOptions, openGateway, type Scope, type Used } from '../../src/core/llm/gateway.ts'

/** A clock whose sleeps are over at once, and are written down. */
export const fastClock = (): Clock & { readonly slept: number[] } => {
  const slept: number[] = []
  let now = Date.parse('2026-11-22T12:00:00Z')
  return {
    slept,
    now: () => now,
    sleep: async (ms) => {
      slept.push(ms)
      now += ms
    },
  }
}

type RolesInput = NonNullable<Parameters<typeof Config.parse>[0]> extends never ? never : Record<string, unknown>

/** A config's `roles` section with its defaults. */
export const rolesOf = (roles: RolesInput): Config['roles'] => Config.parse({ skill: 'toy', roles }).roles

export interface World {
  readonly gateway: Gateway
  readonly clock: ReturnType<typeof fastClock>
  readonly warnings: string[]
}

/** A gateway whose folder is new where none is given. */
export const gatewayFor = async (roles: RolesInput, options: Partial<GatewayOptions> = {}): Promise<World> => {
  const clock = fastClock()
  const warnings: string[] = []
  const gateway = await openGateway({
    roles: rolesOf(roles),
    budget: { tokens: 0, money: 0 },
    folder: newFolder(),
    account: 'test',
    baseDir: '.',
    clock,
    onWarning: (code) => warnings.push(code),
    ...options,
  })
  return { gateway, clock, warnings }
}

export const newFolder = () => mkdtempSync(path.join(tmpdir(), 'whet-llm-'))

export const scope = (onUsed?: (used: Used) => void): Scope => ({
  signal: new AbortController().signal,
  ...(onUsed && { onUsed }),
})
