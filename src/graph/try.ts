import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AssistantTurn, ItemBase, Opening, ToolCall, ToolSchema } from '../core/contract.ts'
import { readJsonl } from '../core/jsonl.ts'
import { loadPlugin } from '../plugins/index.ts'
import type { OpenStudent } from './deps.ts'
import type { EngineOptions } from './engine.ts'
import { machinesFor } from './local.ts'
import { readFrozen } from './nodes/define.ts'
import { loadRunConfig } from './run-config.ts'
import { bestRound } from './status.ts'

export interface TryReply {
  readonly turn: AssistantTurn
  readonly results: readonly { readonly call: ToolCall; readonly content: string; readonly isError: boolean }[]
  readonly ms: number
}

export interface TrySession {
  readonly run: string
  readonly round: number
  readonly tools: readonly ToolSchema[]
  ask(text: string): Promise<{ student: TryReply; base?: TryReply }>
  close(): Promise<void>
}

/**
 * Talks to a run's best student with the tools of its skill, really executed where the config declares a sandbox (the
 * same folder for the whole session), dry otherwise. With `base` the untouched model answers too.
 */
export const openTry = async (options: EngineOptions & { run?: string; base?: boolean }): Promise<TrySession> => {
  const { workspace, signal = new AbortController().signal } = options
  const files = await workspace.find(options.run)
  const loaded = await loadRunConfig(files)
  const plugin = options.plugin ?? (await loadPlugin(loaded.config.skill, path.dirname(loaded.file)))
  const { definition } = await readFrozen(files, plugin)
  const round = await bestRound(files)
  const { students } = machinesFor(options, loaded)
  const scratch = await mkdtemp(path.join(tmpdir(), 'whet-try-'))
  const opened: OpenStudent[] = []
  const open = async (of: number) => {
    const student = await students.open(
      { adapter: of > 0 ? files.round(of).adapter : null, model: files.round(of).model },
      signal,
    )
    opened.push(student)
    return student
  }
  const student = await open(round)
  const base = options.base && round > 0 ? await open(0) : undefined
  // the tools, the opening and the sandbox are an item's: any dev item shows what the student was trained with
  const item = (await readJsonl<ItemBase>(files.split('dev'))).rows[0]!
  const opening: Opening = plugin.begin(item, definition)

  const reply = async (of: OpenStudent, text: string, folder: string): Promise<TryReply> => {
    const messages = [
      ...opening.messages.filter(({ role }) => role === 'system'),
      { role: 'user' as const, content: text },
    ]
    const { turn, ms } = await of.student.reply(messages, opening.tools, {
      signal,
      maxTokens: loaded.config.student.maxReplyTokens,
      seed: loaded.config.seed,
    })
    const environment = turn.toolCalls?.length
      ? await plugin.environment?.(item, definition, { signal, scratch: path.join(scratch, folder) })
      : undefined
    const results = []
    for (const call of turn.toolCalls ?? [])
      if (environment) results.push({ call, ...(await environment.call(call, signal)) })
    await environment?.close()
    return { turn, results, ms }
  }
  return {
    run: files.name,
    round,
    tools: opening.tools,
    ask: async (text) => ({
      student: await reply(student, text, 'student'),
      ...(base && { base: await reply(base, text, 'base') }),
    }),
    close: async () => {
      for (const one of opened) await one.close()
      await plugin.dispose?.()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
