import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ChatOpenAI } from '@langchain/openai'
import { type LoadedConfig, loadConfig } from '../core/config.ts'
import { type Gateway, openGateway } from '../core/llm/gateway.ts'
import type { Workspace } from '../core/workspace.ts'
import { loadRunConfig } from '../graph/run-config.ts'

/** The chat role's model, opened once, when it is first needed. */
export interface ChatModel {
  /** undefined where the config names none. @throws {WhetError} as the gateway */
  open(signal: AbortSignal): Promise<ChatOpenAI | undefined>
  close(): Promise<void>
}

/** The role is the project's, or the run's own where the project has no config. */
export const chatModel = (
  workspace: Workspace,
  cwd: string,
  run: string | undefined,
  config = 'whetstone.yaml',
): ChatModel => {
  const open = async () => {
    const loaded = await configOf(workspace, path.resolve(cwd, config), run)
    return loaded?.config.roles.chat
      ? openGateway({
          roles: loaded.config.roles,
          budget: loaded.config.budget,
          folder: workspace.llm(),
          account: run === undefined ? 'chat' : `chat ${run}`,
          baseDir: path.dirname(loaded.file),
        })
      : undefined
  }
  let found: Promise<Gateway | undefined> | undefined
  return {
    open: async (signal) => {
      found ??= open()
      return (await found)?.chatModel('chat', { signal, stage: 'chat' })
    },
    close: async () => {
      await (await found)?.close()
    },
  }
}

const configOf = async (
  workspace: Workspace,
  file: string,
  run: string | undefined,
): Promise<LoadedConfig | undefined> => {
  if (existsSync(file)) return loadConfig(file)
  const files = run === undefined ? undefined : workspace.run(run)
  return files && existsSync(files.config) ? loadRunConfig(files) : undefined
}
