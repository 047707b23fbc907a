import path from 'node:path'
import type { LoadedConfig } from '../core/config.ts'
import { deadlineOf } from '../core/deadline.ts'
import { isWhetError, messageOf } from '../core/errors.ts'
import { checkEndpoint } from '../core/fleet/check.ts'
import { capabilitiesText, type Gateway, openGateway, rolesIn } from '../core/llm/gateway.ts'
import type { Check } from '../core/python.ts'
import type { Workspace } from '../core/workspace.ts'

/** What can be said of the roles without asking anybody: whether their keys are there. */
export const keysOf = ({ config }: LoadedConfig): Check[] =>
  rolesIn(config.roles).map((role) => {
    const { model, baseUrl, apiKeyEnv } = config.roles[role]!
    const where = `${model} at ${new URL(baseUrl).host}`
    if (apiKeyEnv && !process.env[apiKeyEnv])
      return {
        name: role,
        ok: false,
        detail: `${where} needs a key`,
        fix: `Set the environment variable ${apiKeyEnv}.`,
      }
    return {
      name: role,
      ok: true,
      detail: `${where}, not asked: \`whet doctor --roles\` makes three or four short calls`,
    }
  })

/** Asks each role's model what it can do: a few short calls, which also show a wrong key, model or address. Replicas are only greeted. */
export const checkRoles = async (loaded: LoadedConfig, workspace: Workspace, signal: AbortSignal): Promise<Check[]> => [
  ...(await askRoles(loaded, workspace, signal)),
  ...(await Promise.all(furtherAddresses(loaded).map((address) => checkAddress(address, signal)))),
]

interface Address {
  readonly name: string // of the role
  readonly url: string
  readonly apiKeyEnv: string | undefined
}

/** Where something is served that no call of `askRoles` goes to for sure. */
const furtherAddresses = ({ config: { student, roles } }: LoadedConfig): Address[] => [
  ...[...(student.url ? [student.url, ...student.replicas] : []), ...student.vllm].map((url) => ({
    name: 'student',
    url,
    apiKeyEnv: student.apiKeyEnv,
  })),
  ...rolesIn(roles).flatMap((name) => {
    const { baseUrl, replicas, apiKeyEnv } = roles[name]!
    return (replicas.length > 0 ? [baseUrl, ...replicas] : []).map((url) => ({ name, url, apiKeyEnv }))
  }),
]

const greetingMs = 5000

const checkAddress = async ({ name, url, apiKeyEnv }: Address, signal: AbortSignal): Promise<Check> => {
  const { host } = new URL(url)
  const deadline = deadlineOf(signal, greetingMs)
  try {
    await checkEndpoint(url, apiKeyEnv === undefined ? undefined : process.env[apiKeyEnv], deadline.signal)
    return { name, ok: true, detail: `${host} answers` }
  } catch (error) {
    signal.throwIfAborted()
    const why = deadline.signal.aborted ? `no answer within ${greetingMs / 1000} s` : messageOf(error)
    return { name, ok: false, detail: `${host}: ${why}`, fix: 'Start its server, or take the address out.' }
  } finally {
    deadline.release()
  }
}

const askRoles = async (loaded: LoadedConfig, workspace: Workspace, signal: AbortSignal): Promise<Check[]> => {
  const roles = rolesIn(loaded.config.roles)
  if (roles.length === 0) return []
  const gateway = await openGateway({
    roles: loaded.config.roles,
    budget: { tokens: 0, money: 0 },
    folder: workspace.llm(),
    account: 'doctor',
    baseDir: path.dirname(loaded.file),
  })
  try {
    return await Promise.all(roles.map((role) => checkRole(role, loaded, gateway, signal)))
  } finally {
    await gateway.close()
  }
}

const checkRole = async (
  role: ReturnType<typeof rolesIn>[number],
  { config }: LoadedConfig,
  gateway: Gateway,
  signal: AbortSignal,
): Promise<Check> => {
  const settings = config.roles[role]!
  const model = `${settings.model} at ${new URL(settings.baseUrl).host}`
  try {
    const found = await gateway.probe(role, { signal })
    return { name: role, ok: true, detail: `${model}: ${found ? capabilitiesText(found) : ''}` }
  } catch (error) {
    signal.throwIfAborted()
    if (!isWhetError(error)) throw error
    return { name: role, ok: false, detail: `${model} does not work`, fix: messageOf(error) }
  }
}
