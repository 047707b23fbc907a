import type { RoleName, RoleSettings } from '../config-roles.ts'
import { apiBase } from '../fleet/check.ts'
import { guardKey } from '../secrets.ts'
import { keyMissing } from './errors.ts'

/** One model at one endpoint that a role may ask: its own, or a fallback. */
export interface Target {
  readonly role: RoleName
  readonly model: string
  readonly baseUrl: string // with its /v1, without a slash at the end
  readonly where: string // host: never the whole address, which may carry a password
  readonly keyEnv: string | undefined
  readonly price: RoleSettings['price']
  readonly replicas: readonly string[] // further addresses of the same model, formed as `baseUrl`
}

/** The role's own model and its fallbacks, in the order of asking. Their key variables are kept from child processes. */
export const targetsOf = (role: RoleName, settings: RoleSettings): [Target, ...Target[]] => {
  const { model, baseUrl, apiKeyEnv, price, fallbacks, replicas } = settings
  const target = (of: {
    model: string
    baseUrl: string
    apiKeyEnv?: string | undefined
    price?: Target['price']
    replicas?: readonly string[]
  }): Target => {
    if (of.apiKeyEnv) guardKey(of.apiKeyEnv)
    return {
      role,
      model: of.model,
      baseUrl: apiBase(of.baseUrl),
      where: new URL(of.baseUrl).host,
      keyEnv: of.apiKeyEnv,
      price: of.price,
      replicas: (of.replicas ?? []).map(apiBase),
    }
  }
  const others = fallbacks.map((fallback) =>
    target({ ...fallback, baseUrl: fallback.baseUrl ?? baseUrl, apiKeyEnv: fallback.apiKeyEnv ?? apiKeyEnv }),
  )
  return [target({ model, baseUrl, apiKeyEnv, price, replicas }), ...others]
}

/** The key, read at each call and kept nowhere. @throws WhetError 'llm-key-missing' */
export const keyOf = ({ role, keyEnv }: Target): string | undefined => {
  if (keyEnv === undefined) return undefined
  const key = process.env[keyEnv]
  if (!key) throw keyMissing(role, keyEnv)
  return key
}

/** The same model at another address. */
export const atAddress = (target: Target, baseUrl: string): Target => ({
  ...target,
  baseUrl,
  where: new URL(baseUrl).host,
  replicas: [],
})
