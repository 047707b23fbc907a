import type { RoleName, RoleSettings } from '../config-roles.ts'
import { apiBase } from '../fleet/check.ts'
import { guardKey } from '../secrets.ts'
import { keyMissing } from './errors.ts'

/** Where one model is asked. */
export interface Address {
  readonly setting: string // where it stands in the config: roles.teacher
  readonly model: string
  readonly baseUrl: string // with its /v1, without a slash at the end
  readonly where: string // host: never the whole address, which may carry a password
  readonly keyEnv: string | undefined
}

/** One model at one endpoint that a role may ask: its own, or a fallback. */
export interface Target extends Address {
  readonly role: RoleName
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
  }): Target => ({
    role,
    ...addressOf(`roles.${role}`, of),
    price: of.price,
    replicas: (of.replicas ?? []).map(apiBase),
  })
  const others = fallbacks.map((fallback) =>
    target({ ...fallback, baseUrl: fallback.baseUrl ?? baseUrl, apiKeyEnv: fallback.apiKeyEnv ?? apiKeyEnv }),
  )
  return [target({ model, baseUrl, apiKeyEnv, price, replicas }), ...others]
}

/** Where a model is asked, and the variable of its key, which is kept from child processes from now on. */
export const addressOf = (
  setting: string,
  of: { readonly model: string; readonly baseUrl: string; readonly apiKeyEnv?: string | undefined },
): Address => {
  if (of.apiKeyEnv) guardKey(of.apiKeyEnv)
  const { host } = new URL(of.baseUrl)
  return { setting, model: of.model, baseUrl: apiBase(of.baseUrl), where: host, keyEnv: of.apiKeyEnv }
}

/** The key, read at each call and kept nowhere. @throws WhetError 'llm-key-missing' */
export const keyOf = ({ setting, keyEnv }: Address): string | undefined => {
  if (keyEnv === undefined) return undefined
  const key = process.env[keyEnv]
  if (!key) throw keyMissing(setting, keyEnv)
  return key
}

/** The same model at another address. */
export const atAddress = (target: Target, baseUrl: string): Target => ({
  ...target,
  baseUrl,
  where: new URL(baseUrl).host,
  replicas: [],
})
