import { z } from 'zod'
import type { TryReply } from '../graph/try.ts'
import { type CommandContext, defineCommand, type RenderContext } from './command.ts'
import { runField, workspaceField, workspaceOf } from './inputs.ts'
import { oneLine } from './one-line.ts'

const input = z.strictObject({
  text: z
    .string()
    .optional()
    .describe('what to ask; left out: every line that is typed or piped in')
    .meta({ value: 'TEXT', remote: 'text' }),
  run: runField,
  base: z.boolean().default(false).describe('let the untouched student answer too'),
  workspace: workspaceField,
})

interface Answered {
  readonly text: string
  readonly student: TryReply
  readonly base?: TryReply
}

export const command = defineCommand<typeof input, { asked: number }>({
  input,
  positional: ['text'],
  async run(input, context) {
    const { openTry } = await import('../graph/try.ts')
    context.note('Starting the student ...')
    const session = await openTry({
      workspace: workspaceOf(input, context),
      signal: context.signal,
      base: input.base,
      onPreparing: (what) => context.progress(0, 0, what),
      ...(input.run && { run: input.run }),
    })
    let asked = 0
    try {
      context.note(
        `${session.run}, round ${session.round}. Tools: ${session.tools.map(({ name }) => name).join(', ')}.`,
      )
      if (context.interactive && input.text === undefined) context.note('An empty line ends it.')
      for await (const text of questions(input.text, context)) {
        context.emit({ text, ...(await session.ask(text)) } satisfies Answered)
        asked += 1
      }
    } finally {
      await session.close()
    }
    return { asked }
  },
  render: () => '',
  renderPart(value, context) {
    const { student, base } = value as Answered
    const parts = [replyText(base ? 'trained' : '', student, context)]
    if (base) parts.push(replyText('base', base, context))
    return parts.join('\n')
  },
})

async function* questions(text: string | undefined, context: CommandContext): AsyncGenerator<string> {
  if (text !== undefined) return yield text
  for (;;) {
    const line = await context.ask('you> ')
    if (line === undefined || (line.trim() === '' && context.interactive)) return
    if (line.trim() !== '') yield line
  }
}

const replyText = (who: string, { turn, results, ms }: TryReply, { colors }: RenderContext): string => {
  const lines: string[] = []
  if (turn.content.trim()) lines.push(oneLine(turn.content, 2000))
  for (const call of turn.toolCalls ?? []) {
    const result = results.find((each) => each.call.id === call.id)
    lines.push(colors.cyan(`→ ${oneLine(call.name, 80)}(${oneLine(JSON.stringify(call.arguments), 800)})`))
    if (result) lines.push((result.isError ? colors.red : colors.dim)(`  ${oneLine(result.content, 800)}`))
    else lines.push(colors.dim('  not executed: no such tool, or the config declares no sandbox'))
  }
  if (lines.length === 0) lines.push(colors.dim('(said nothing)'))
  const head = who ? `${colors.bold(who.padEnd(8))}` : ''
  return `${head}${lines.join(`\n${' '.repeat(who ? 8 : 0)}`)} ${colors.dim(`${(ms / 1000).toFixed(1)} s`)}`
}
