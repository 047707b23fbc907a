import { z } from 'zod'
import { defineCommand, type RenderContext } from '../commands/command.ts'
import { hostOf } from '../commands/host.ts'
import { configField, runField, workspaceField, workspaceOf } from '../commands/inputs.ts'
import { oneLine } from '../commands/one-line.ts'
import { questionLines } from '../commands/question-text.ts'
import type { Question } from '../commands/remote.ts'
import { clean } from '../commands/report/text.ts'
import { Conversation, type Part } from './conversation.ts'
import { History, historyFile } from './history.ts'
import { chatModel } from './model.ts'

const input = z.strictObject({ run: runField, config: configField, workspace: workspaceField })

/** A conversation about a run: /commands work with no model, sentences with the one that `roles.chat` names. */
export const command = defineCommand<typeof input, { lines: number }>({
  input,
  positional: ['run'],
  async run(input, context) {
    const workspace = workspaceOf(input, context)
    const names = await workspace.runs()
    const run = input.run === undefined && names.length === 0 ? undefined : (await workspace.find(input.run)).name
    await workspace.prepare()
    const history = await History.open(historyFile(workspace, run))
    const model = chatModel(workspace, context.cwd, run, input.config)
    const conversation = new Conversation({ host: hostOf(context.cwd, workspace), run, history, model })
    context.note(
      `${run ? `About ${run}.` : 'No run yet.'} /help lists the commands; Ctrl-C cancels an answer, an empty line ends the chat.`,
    )
    let lines = 0
    try {
      for (;;) {
        const line = await context.ask('you> ')
        if (line === undefined || line.trim() === '/quit' || (line.trim() === '' && context.interactive)) break
        if (line.trim() === '') continue
        const told = byLine(context.emit)
        await context.turn((signal) => conversation.say(line, signal, told.tell))
        told.end()
        lines += 1
      }
    } finally {
      await model.close()
      await history.close()
    }
    return { lines }
  },
  render: () => '',
  renderPart: (part, context) => partText(part as Part, context),
})

/** A model's words come in pieces; a terminal shows whole lines. */
const byLine = (emit: (part: Part) => void) => {
  let rest = ''
  const flush = () => {
    if (rest !== '') emit({ kind: 'text', text: rest })
    rest = ''
  }
  const tell = (part: Part) => {
    if (part.kind !== 'text') {
      flush()
      return emit(part)
    }
    const lines = (rest + part.text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) emit({ kind: 'text', text: line })
  }
  return { tell, end: flush }
}

const partText = (part: Part, { colors }: RenderContext): string => {
  switch (part.kind) {
    case 'text':
      return clean(part.text)
    case 'tool':
      return colors.dim(`  ${part.name} ${oneLine(JSON.stringify(part.args), 200)}`)
    case 'question':
      return questionText(part.question, colors)
    case 'error':
      return `${colors.red('error')} ${colors.dim(`[${part.code}]`)} ${part.message}`
    default:
      return part.text
  }
}

const questionText = (question: Question, colors: RenderContext['colors']): string => {
  const [head = '', ...lines] = questionLines(question)
  return [
    colors.yellow(head),
    ...lines.map((line) => `  ${line}`),
    `  ${colors.bold('/yes')} does exactly this, once; ${colors.bold('/no')} leaves it undone.`,
  ].join('\n')
}
