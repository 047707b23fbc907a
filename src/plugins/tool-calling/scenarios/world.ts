import { realpath } from 'node:fs/promises'
import type { Environment, EnvironmentContext, ToolCall } from '../../../skill.ts'
import { compiled } from '../compiled.ts'
import type { Definition } from '../definition.ts'
import type { ToolAnswer } from '../effect.ts'
import { layFixture, treeOf } from '../sandbox.ts'
import { SandboxServer } from '../server-pool.ts'
import { schemaErrors } from '../validators.ts'
import { Vault } from '../vault/vault.ts'
import { withoutContext } from './context.ts'
import { type Fault, isCall, type Scenario } from './scenario.ts'
import { sameArguments } from './walk.ts'

type Tree = Readonly<Record<string, string>>

/** What the student's calls left behind, and what the plan's leave on the same beginning. */
export interface ScenarioEnd {
  readonly scenario: true
  readonly student: Tree
  readonly gold: Tree
  readonly broken?: string // the plan itself does not run as it says: nothing can be held against a student
}

export const isScenarioEnd = (value: unknown): value is ScenarioEnd =>
  typeof value === 'object' && value !== null && (value as { scenario?: unknown }).scenario === true

/** Where calls are carried out: a vault in memory, or the real server in a folder. */
interface Backend {
  begin(): Promise<void>
  call(name: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<ToolAnswer>
  tree(): Promise<Tree>
  close(): void
}

/** The environment of one scenario: schema, then faults, then the backend. */
export const scenarioEnvironment = async (
  item: Scenario,
  definition: Definition,
  { signal, scratch }: EnvironmentContext,
): Promise<Environment> => {
  const backend = definition.vault ? vaultBackend(item) : await folderBackend(item, definition, scratch)
  await backend.begin()
  return {
    call: (call, callSignal) => answer(call, item, definition, backend, callSignal),
    endState: async () => endState(item, backend, signal),
    close: async () => backend.close(),
  }
}

const answer = async (
  { name, arguments: given }: ToolCall,
  item: Scenario,
  definition: Definition,
  backend: Backend,
  signal: AbortSignal,
): Promise<ToolAnswer> => {
  const tool = item.menu.includes(name) ? compiled(definition).tools.get(name) : undefined
  if (!tool) return { content: `There is no tool ${name.slice(0, 60)}.`, isError: true }
  const [wrong] = schemaErrors(tool, given)
  if (wrong) return { content: `Invalid argument: ${wrong.instancePath} ${wrong.message ?? ''}.`, isError: true }
  return carriedOut(name, withoutContext(given), item.faults, backend, signal)
}

const carriedOut = async (
  name: string,
  args: Readonly<Record<string, unknown>>,
  faults: readonly Fault[],
  backend: Backend,
  signal: AbortSignal,
): Promise<ToolAnswer> => {
  const fault = faults.find((candidate) => strikes(candidate, name, args))
  return fault ? { content: fault.says, isError: true } : backend.call(name, args, signal)
}

const strikes = ({ call, with: values, without }: Fault, name: string, args: Readonly<Record<string, unknown>>) =>
  call === name &&
  without.every((argument) => args[argument] === undefined || args[argument] === '') &&
  Object.entries(values).every(([argument, value]) => sameArguments({ value: args[argument] }, { value }))

/** The student's tree, then the plan's calls from the beginning again. */
const endState = async (item: Scenario, backend: Backend, signal: AbortSignal): Promise<ScenarioEnd> => {
  const student = await backend.tree()
  await backend.begin()
  let broken: string | undefined
  for (const { tool, arguments: args, fails } of item.plan.filter(isCall)) {
    const { content, isError } = await carriedOut(tool, args, item.faults, backend, signal)
    if (isError !== (fails === true))
      broken ??= `${tool} ${isError ? 'fails' : 'does not fail'}: ${content.slice(0, 160)}`
  }
  return { scenario: true, student, gold: await backend.tree(), ...(broken !== undefined && { broken }) }
}

const vaultBackend = ({ state }: Scenario): Backend => {
  let vault = new Vault(state)
  return {
    begin: async () => {
      vault = new Vault(state)
    },
    call: async (name, args) =>
      vault.call(name, Object.fromEntries(Object.entries(args).map(([key, value]) => [key, String(value)]))),
    tree: async () => vault.tree(),
    close: () => {},
  }
}

/** The real server sees a folder of its own; where that folder lies is no part of what it answers. */
const folderBackend = async (item: Scenario, definition: Definition, scratch: string): Promise<Backend> => {
  if (!definition.server) throw new Error('the scenarios have neither a vault nor a server')
  const server = SandboxServer.of(definition.server, scratch)
  const roots = [...new Set([scratch, await realpath(scratch)])]
  return {
    begin: () => layFixture(scratch, item.state),
    call: async (name, args, signal) => {
      const { content, isError } = await server.call(name, args, signal)
      return { content: roots.reduce(relative, content), isError }
    },
    tree: () => treeOf(scratch),
    close: () => server.release(),
  }
}

const relative = (text: string, root: string) => text.replaceAll(`${root}/`, '').replaceAll(root, '.')
