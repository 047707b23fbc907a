import { z } from 'zod'
import { Conversation, type Part } from '../chat/conversation.ts'
import { History, historyFile, type Line } from '../chat/history.ts'
import { chatModel } from '../chat/model.ts'
import type { Host } from '../commands/remote.ts'
import { exitCodes, WhetError } from '../core/errors.ts'

/** A line, or the answer to the question of a token. */
export const Said = z.union([
  z.strictObject({ text: z.string().min(1).max(4000) }),
  z.strictObject({ yes: z.boolean(), token: z.string().max(200) }),
])
export type Said = z.output<typeof Said>

interface Open {
  readonly conversation: Conversation
  readonly history: History
  close(): Promise<void>
  busy: boolean
}

/** The conversations of the browser: one a run, opened when somebody speaks, and durable in the run's folder. */
export class Chats {
  readonly #open = new Map<string, Promise<Open>>()

  constructor(private readonly host: Host) {}

  async lines(run: string): Promise<readonly Line[]> {
    return (await this.#of(run)).history.lines
  }

  /** What comes of what was said, a JSON document a line as it comes; ending the stream cancels the turn. @throws {WhetError} chat-busy */
  async say(run: string, said: Said): Promise<ReadableStream<Uint8Array>> {
    const open = await this.#of(run)
    if (open.busy) throw busy()
    open.busy = true
    const left = new AbortController()
    const encoder = new TextEncoder()
    return new ReadableStream({
      start: async (controller) => {
        const tell = (part: Part) =>
          left.signal.aborted || controller.enqueue(encoder.encode(`${JSON.stringify(part)}\n`))
        try {
          if ('text' in said) await open.conversation.say(said.text, left.signal, tell)
          else await open.conversation.answer(said.yes, said.token, left.signal, tell)
        } finally {
          open.busy = false
        }
        if (!left.signal.aborted) controller.close()
      },
      cancel: () => left.abort(),
    })
  }

  async close(): Promise<void> {
    for (const open of this.#open.values()) await (await open).close()
    this.#open.clear()
  }

  #of(run: string): Promise<Open> {
    const known = this.#open.get(run)
    if (known) return known
    const opening = this.#begin(run)
    this.#open.set(run, opening)
    opening.catch(() => this.#open.delete(run))
    return opening
  }

  async #begin(run: string): Promise<Open> {
    const { workspace, cwd } = this.host
    const history = await History.open(historyFile(workspace, run))
    const model = chatModel(workspace, cwd, run)
    const conversation = new Conversation({ host: this.host, run, history, model })
    const close = async () => {
      await model.close()
      await history.close()
    }
    return { conversation, history, close, busy: false }
  }
}

const busy = () =>
  new WhetError({
    code: 'chat-busy',
    message: 'The last line is still being answered. Wait for it, or cancel it.',
    fixedBy: 'config',
    exit: exitCodes.refused,
  })
