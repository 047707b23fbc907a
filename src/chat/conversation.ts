import pc from 'picocolors'
import { questionLines } from '../commands/question-text.ts'
import { loadCommand } from '../commands/registry.ts'
import { type Answer, errorAnswer, type Host, perform, type Question, remoteCommands } from '../commands/remote.ts'
import type { History } from './history.ts'
import type { ChatModel } from './model.ts'
import { readSlash } from './slash.ts'

/** What comes of one line, in order. */
export type Part =
  | { readonly kind: 'text'; readonly text: string } // of the model, as it comes
  | { readonly kind: 'tool'; readonly name: string; readonly args: unknown }
  | { readonly kind: 'output'; readonly command: string; readonly output: unknown; readonly text: string }
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }

export interface ConversationOptions {
  readonly host: Host
  readonly run: string | undefined
  readonly history: History
  readonly model: ChatModel // opened when the first sentence needs it
}

/** Slash commands, which need no model, and sentences, which do. One person confirms, by /yes or by the question's token. */
export class Conversation {
  #pending: Question | undefined

  constructor(private readonly options: ConversationOptions) {}

  /** Never throws: what goes wrong is told as a part. Aborting the signal cancels the turn. */
  async say(line: string, signal: AbortSignal, tell: (part: Part) => void): Promise<void> {
    const text = line.trim()
    if (text === '') return
    await this.options.history.add('person', text)
    await this.#turn(signal, tell, async () => {
      if (text === '/help') return tell({ kind: 'note', text: await help() })
      if (text === '/yes' || text === '/no') return this.#decide(text === '/yes', signal, tell)
      if (text.startsWith('/')) return this.#command(text, signal, tell)
      return this.#sentence(text, signal, tell)
    })
  }

  /** The answer to the question of this token: whoever reads a question may not answer one that came behind it. */
  async answer(yes: boolean, token: string, signal: AbortSignal, tell: (part: Part) => void): Promise<void> {
    await this.options.history.add('person', yes ? '/yes' : '/no')
    await this.#turn(signal, tell, async () => {
      if (this.#pending?.token === token) return this.#decide(yes, signal, tell)
      tell({
        kind: 'note',
        text: 'This question is not open any more: it was answered, or another one came. Nothing was done.',
      })
    })
  }

  async #turn(signal: AbortSignal, tell: (part: Part) => void, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      if (signal.aborted) return tell({ kind: 'note', text: 'Cancelled.' })
      const { error } = errorAnswer(thrown, this.options.host)
      tell({ kind: 'error', ...error })
    }
  }

  async #command(line: string, signal: AbortSignal, tell: (part: Part) => void): Promise<void> {
    const { host, run } = this.options
    const { name, args } = readSlash(line, await remoteCommands(), run)
    await this.#told(name, await perform(host, { name, args, by: 'chat', signal }), tell)
  }

  async #decide(yes: boolean, signal: AbortSignal, tell: (part: Part) => void): Promise<void> {
    const question = this.#pending
    this.#pending = undefined
    if (!question) return tell({ kind: 'note', text: 'Nothing waits for a yes or no.' })
    if (!yes) return tell({ kind: 'note', text: `${question.command} is left undone.` })
    const { command: name, args, token } = question
    await this.#told(
      name,
      await perform(this.options.host, { name, args, confirm: token, by: 'chat', signal, careful: true }),
      tell,
    )
  }

  async #sentence(text: string, signal: AbortSignal, tell: (part: Part) => void): Promise<void> {
    const { host, run, history, model } = this.options
    const opened = await model.open(signal)
    if (!opened)
      return tell({
        kind: 'note',
        text: 'No model is set up for chat (roles.chat in the config), so only /commands work here: /help lists them.',
      })
    const { takeTurn } = await import('./agent.ts')
    const said = await takeTurn(opened, host, {
      text,
      history: history.lines.slice(0, -1),
      run,
      signal,
      onText: (part) => tell({ kind: 'text', text: part }),
      onTool: (name, args) => tell({ kind: 'tool', name, args }),
      onQuestion: (question) => this.#ask(question, tell),
    })
    if (said.trim() === '') return tell({ kind: 'note', text: 'The model gave no answer in words.' })
    await history.add('model', said)
  }

  async #told(name: string, answer: Answer, tell: (part: Part) => void): Promise<void> {
    if (answer.kind === 'confirm') return this.#ask(answer.confirm, tell)
    const text = await rendered(name, answer.output)
    await this.options.history.add('command', `${name}: ${text}`)
    tell({ kind: 'output', command: name, output: answer.output, text })
  }

  async #ask(question: Question, tell: (part: Part) => void): Promise<void> {
    this.#pending = question
    // without its token, which a file would keep for others
    await this.options.history.add('command', `asked: ${questionLines(question).join('\n')}`)
    tell({ kind: 'question', question })
  }
}

const plain = pc.createColors(false)

/** As the terminal shows it; a started run, which the terminal would follow, by its name. */
const rendered = async (name: string, output: unknown): Promise<string> => {
  const command = await loadCommand(name)
  if (command?.drains && typeof output === 'object' && output !== null && 'pid' in output) {
    const { run } = output as { run?: string }
    return `${name}: ${run} is at work. /status shows where it stands.`
  }
  return command?.render(output, { colors: plain, columns: 100 }) || JSON.stringify(output)
}

const help = async (): Promise<string> => {
  const lines = (await remoteCommands()).map(({ name, summary }) => `/${name.padEnd(18)} ${summary}`)
  return [
    ...lines,
    '/yes, /no           answer the question that waits',
    'Anything else is for the model, where roles.chat names one.',
  ].join('\n')
}
