import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { Conversation, type Part } from '../../src/chat/conversation.ts'
import { History, historyFile } from '../../src/chat/history.ts'
import { chatModel } from '../../src/chat/model.ts'
import { hostOf } from '../../src/commands/host.ts'
import type { Question } from '../../src/commands/remote.ts'
import { RunStore } from '../../src/core/store.ts'
import { folder, makeRun } from '../cli-fixture.ts'
import { answers, type ScriptedAnswer, type ScriptedRequest, startScriptedOpenAi } from './scripted-openai.ts'

/** Two rounds were lost after the first: of `call` nothing, of `ask` two items. */
export const rounds = [
  { call: 2, ask: 1, best: 0 },
  { call: 8, ask: 5, best: 1 },
  { call: 8, ask: 3, best: 1 },
  { call: 8, ask: 3, best: 1 },
]

export type Script = (request: ScriptedRequest, number: number) => ScriptedAnswer

/** A run, and a conversation about it with a model that answers by script; without a script there is no model. */
export const chatWorld = async (script?: Script) => {
  const dir = await folder()
  const files = await makeRun(dir, 'four', rounds)
  const server = script && (await startScriptedOpenAi(script))
  if (server) {
    onTestFinished(() => server.close())
    await writeFile(
      path.join(dir, 'whetstone.yaml'),
      `skill: tool-calling\nroles: { chat: { model: scripted, baseUrl: "${server.url}/v1", retries: 0 } }\n`,
    )
  }
  const host = hostOf(dir, '.whetstone', () => {
    throw new Error('nothing may be started here')
  })
  const begin = async () => {
    const history = await History.open(historyFile(host.workspace, 'four'))
    const model = chatModel(host.workspace, dir, 'four')
    onTestFinished(() => Promise.all([history.close(), model.close()]).then(() => {}))
    return new Conversation({ host, run: 'four', history, model })
  }
  const conversation = await begin()
  const say = async (line: string, options: { signal?: AbortSignal; to?: Conversation } = {}): Promise<Part[]> => {
    const { signal = new AbortController().signal, to = conversation } = options
    const parts: Part[] = []
    await to.say(line, signal, (part) => parts.push(part))
    return parts
  }
  return { dir, files, host, say, begin, conversation, requests: server?.requests ?? [] }
}

/** What the model was told last, by tools too. */
export const told = (request: ScriptedRequest): string => request.messages.at(-1)?.content ?? ''
export const textOf = (parts: readonly Part[]) =>
  parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')
export const questionIn = (parts: readonly Part[]): Question => {
  const found = parts.find((part) => part.kind === 'question')
  if (found?.kind !== 'question') throw new Error(`nothing was asked: ${JSON.stringify(parts)}`)
  return found.question
}

/** A call with an id of its own, as real endpoints give it. */
export const calls = (number: number, name: string, given: unknown): ScriptedAnswer => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: `call_${number}`, name, arguments: given }],
})

/** Calls a tool first, then says so. */
export const callsThenSays =
  (name: string, args: unknown, words: string): Script =>
  (_request, number) =>
    number === 1 ? calls(number, name, args) : answers.says(words)

/** This process works on the run; what is in the inbox stays there. */
export const ownRun = (database: string) => {
  const store = RunStore.open(database)
  const lease = store.acquire({ pid: process.pid, host: hostname() })
  onTestFinished(() => {
    lease.release()
    store.close()
  })
  return store
}

/** The run's process, which takes every order at once. @returns verbs and arguments, as they were taken */
export const takesOrders = (database: string) => {
  const store = ownRun(database)
  const taken: { readonly verb: string; readonly args: unknown; readonly by: string }[] = []
  const taking = setInterval(() => {
    for (const { id, verb, args, by } of store.pending()) {
      taken.push({ verb, args, by })
      store.take(id, { type: 'order.taken', run: 'four', data: { id, verb, answer: verb } })
    }
  }, 5)
  onTestFinished(() => clearInterval(taking))
  return taken
}
