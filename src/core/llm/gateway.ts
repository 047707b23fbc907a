/**
 * The one way to a language model: `llm(role)` for typed answers, `chatModel(role)` for LangChain's agents.
 *
 * Both stand on the same transport, so that queue, retries, budget, books, fallbacks and cassette hold for either. For
 * `whet chat`:
 *
 *     const gateway = await openGateway({ roles: config.roles, budget: config.budget, folder: workspace.llm(), account: 'chat', baseDir })
 *     const model = await gateway.chatModel('chat', { signal })   // undefined where the config sets no such role
 *     const agent = createAgent({ model, tools, ... })            // streams and tool calls work as with any ChatOpenAI
 *     ...
 *     catch (error) { throw unwrapped(error) }                    // LangChain wraps our WhetErrors
 *     await gateway.close()
 *
 * The model holds no key: the transport reads it from the environment at each call.
 */
import path from 'node:path'
import type { ChatOpenAI } from '@langchain/openai'
import type { Config } from '../config.ts'
import { type RoleName, roleNames } from '../config-roles.ts'
import { Answers } from './answers.ts'
import { type Amount, Budget } from './budget.ts'
import { Cassette } from './cassette.ts'
import { type Clock, wallClock } from './endpoint.ts'
import { priceMissing } from './errors.ts'
import { placesOf } from './places.ts'
import { type Capabilities, probe } from './probe.ts'
import { type Manner, type RoleLlm, roleLlm, type Way } from './role.ts'
import { keyOf, type Target, targetsOf } from './targets.ts'
import { type Scope, Transport } from './transport.ts'

export { unwrapped } from './errors.ts'
export { type Capabilities, capabilitiesText } from './probe.ts'
export type { CompleteOptions, RoleLlm } from './role.ts'
export type { Scope, Used } from './transport.ts'

export interface GatewayOptions {
  readonly roles: Config['roles']
  readonly budget: { readonly tokens: number; readonly money: number } // 0: no limit
  readonly folder: string // where answers are kept
  readonly account: string // whose budget: what was spent under this name before counts
  readonly baseDir: string // the cassette's path starts here
  readonly clock?: Clock
  onWarning?(code: string, message: string): void
}

/** A role's model: typed answers, and a chat model for agents on the same transport. */
export interface RoleModel extends RoleLlm {
  chatModel(): Promise<ChatOpenAI>
}

export interface Gateway {
  /** Undefined where the config sets no such role. */
  llm(role: RoleName, scope: Scope): RoleModel | undefined
  /** A LangChain chat model for `createAgent`; streaming and tool calls as with any ChatOpenAI. Undefined as above. */
  chatModel(role: RoleName, scope: Scope): Promise<ChatOpenAI | undefined>
  /** Asks the role's own model what it can do, and remembers it. @throws WhetError as a call does */
  probe(role: RoleName, scope: Scope): Promise<Capabilities | undefined>
  spent(): Amount
  left(): { readonly tokens?: number; readonly money?: number }
  close(): Promise<void>
}

/** The roles that a config sets. */
export const rolesIn = (roles: Config['roles']): RoleName[] => roleNames.filter((role) => roles[role] !== undefined)

/**
 * What would stop the first call of a role, before anything is begun.
 * @throws WhetError 'llm-key-missing' (exit 3), 'llm-price-missing' (exit 2)
 */
export const requireRoles = (
  { roles, budget }: Pick<Config, 'roles' | 'budget'>,
  asked: readonly RoleName[] = rolesIn(roles),
): void => {
  for (const role of asked)
    for (const target of targetsOf(role, roles[role]!)) {
      if (roles.cassette?.mode !== 'replay') keyOf(target)
      if (budget.money > 0 && !target.price) throw priceMissing(role, target.model)
    }
}

/** @throws WhetError where the folder cannot be used or the cassette cannot be read */
export const openGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const { roles, account } = options
  silenceTracing()
  const answers = Answers.open(path.join(options.folder, 'answers.sqlite'))
  if (answers.putAside)
    options.onWarning?.(
      'llm-answers-damaged',
      `the kept answers were damaged and lie in ${answers.putAside} now: calls are paid again`,
    )
  const { cassette: tape } = roles
  const cassette = tape && (await Cassette.open(path.resolve(options.baseDir, tape.file), tape.mode))
  const budget = new Budget(options.budget, answers.spentBy(account))
  const transports = transportsOf(options, { answers, cassette, budget })
  const mannerOf = manners(answers)
  return {
    llm: (role, scope) => {
      const transport = transports.get(role)
      if (!transport) return undefined
      return {
        ...roleLlm(transport, scope, mannerOf(transport.target)),
        chatModel: () => chatOpenAi(transport, scope),
      }
    },
    chatModel: async (role, scope) => {
      const transport = transports.get(role)
      return transport && chatOpenAi(transport, scope)
    },
    probe: async (role, scope) => {
      const transport = transports.get(role)
      if (!transport) return undefined
      const found = await probe(transport, scope)
      await mannerOf(transport.target).set(found.way)
      return found
    },
    spent: () => budget.spent,
    left: () => budget.left,
    close: async () => {
      await cassette?.close()
      answers.close()
    },
  }
}

const transportsOf = (
  { roles, account, clock = wallClock, onWarning }: GatewayOptions,
  { answers, cassette, budget }: { answers: Answers; cassette: Cassette | undefined; budget: Budget },
): Map<RoleName, Transport> => {
  const named = rolesIn(roles).map((role) => ({ role, settings: roles[role]!, targets: targetsOf(role, roles[role]!) }))
  const placeFor = placesOf(named, { clock, ...(onWarning && { onWarning }) })
  const kept = roles.cache ? { answers } : { answers: answers.booksOnly() }
  return new Map(
    named.map(({ role, settings, targets }) => [
      role,
      new Transport({ settings, targets, atPlace: placeFor(settings), ...kept, cassette, budget, account, clock }),
    ]),
  )
}

/** How each model is asked for typed answers, remembered in the file of answers. */
const manners = (answers: Answers) => {
  const known = new Map<string, Way>()
  return ({ baseUrl, model }: Target) => {
    const name = `${baseUrl} ${model}`
    return {
      get: (): Way => known.get(name) ?? answers.recall<Manner>(name)?.way ?? 'json-schema',
      set: async (way: Way) => {
        known.set(name, way)
        await answers.learn(name, { way } satisfies Manner)
      },
    }
  }
}

const chatOpenAi = async (transport: Transport, scope: Scope): Promise<ChatOpenAI> => {
  const { ChatOpenAI } = await import('@langchain/openai') // only when an agent is made: it takes long to load
  const { settings } = transport.options
  const { model, baseUrl } = transport.target
  return new ChatOpenAI({
    model,
    apiKey: 'none', // the transport adds the real one
    temperature: settings.temperature,
    maxTokens: settings.maxTokens,
    maxRetries: 0, // the transport tries again
    timeout: settings.timeoutSeconds * 1000 * (settings.retries + 2) + 600_000, // never first
    useResponsesApi: false,
    configuration: { baseURL: baseUrl, fetch: transport.fetchFor(scope), organization: null, project: null },
  })
}

/** LangChain sends prompts to a hosted service where the environment says so; a run's data leave only by its config. */
const silenceTracing = (): void => {
  for (const name of [
    'LANGSMITH_TRACING',
    'LANGSMITH_TRACING_V2',
    'LANGCHAIN_TRACING',
    'LANGCHAIN_TRACING_V2',
    'LANGSMITH_GATEWAY',
  ])
    delete process.env[name]
}
