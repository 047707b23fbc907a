import path from 'node:path'
import { z } from 'zod'
import type { DataFinding } from '../core/contract.ts'
import { dataFormats } from '../core/data/message-forms.ts'
import { type DataRow, readRow } from '../core/data/rows.ts'
import { exitCodes, messageOf, WhetError } from '../core/errors.ts'
import { readLines, writeJsonl } from '../core/jsonl.ts'
import { aids } from '../plugins/index.ts'
import { defineCommand } from './command.ts'
import { count, plural, table } from './format.ts'
import { oneLine } from './one-line.ts'

const input = z.strictObject({
  file: z.string().describe('conversations, one JSON object a line').meta({ value: 'FILE', remote: 'path' }),
  format: z.enum(dataFormats).describe('how they are stored'),
  out: z.string().describe('where the rows go, one a line').meta({ value: 'FILE', remote: 'new-file' }),
  tools: z
    .string()
    .optional()
    .describe('the tools of rows that name none, as JSON')
    .meta({ value: 'FILE', remote: 'path' }),
})

interface Imported {
  readonly file: string
  readonly rows: number
  readonly imported: number
  readonly findings: readonly DataFinding[] // of the rows that were left out
}

export const command = defineCommand<typeof input, Imported>({
  input,
  positional: ['file'],
  async run(input, context) {
    const tools = input.tools === undefined ? undefined : await toolsOf(path.resolve(context.cwd, input.tools))
    const out = path.resolve(context.cwd, input.out)
    const findings: DataFinding[] = []
    const labels = new Set<boolean>()
    let rows = 0
    const read = async function* (): AsyncGenerator<DataRow> {
      for await (const { text, number } of readLines(path.resolve(context.cwd, input.file))) {
        if (text.trim() === '') continue
        context.signal.throwIfAborted()
        rows += 1
        if (rows % 2000 === 0) context.progress(rows, 0, 'rows read')
        const { row, problems } = parsed(text, input.format)
        for (const problem of problems) findings.push({ line: number, ...problem })
        if (!row) continue
        if (row.label !== undefined) labels.add(row.label)
        yield { ...row, ...(!row.tools && tools && { tools }) }
      }
    }
    const imported = await writeJsonl(out, read())
    if (input.format === 'kto' && imported > 0 && labels.size === 1) findings.push(oneClass([...labels][0] === true))
    return { file: out, rows, imported, findings }
  },
  exit: ({ rows, imported }) => (imported < rows ? exitCodes.failed : exitCodes.done),
  render({ file, rows, imported, findings }, { colors }) {
    const shown = findings
      .slice(0, 40)
      .map(({ line, kind, path: place, message }) => [String(line), kind, oneLine(place, 40), oneLine(message, 100)])
    const head = ['line', 'kind', 'where', 'what'].map((word) => colors.dim(word))
    const more =
      findings.length > shown.length
        ? [colors.dim(`${count(findings.length - shown.length)} more: --json shows all`)]
        : []
    const sum = `${plural(rows, 'row')} · ${colors.green(`${count(imported)} imported`)} · ${count(rows - imported)} left out`
    return [...(shown.length > 0 ? [table(head, shown, [0]), ...more, ''] : []), sum, `rows    ${file}`].join('\n')
  },
})

const parsed = (text: string, format: z.output<typeof input>['format']): ReturnType<typeof readRow> => {
  try {
    return readRow(JSON.parse(text), format)
  } catch (error) {
    return { problems: [{ kind: 'broken-json', path: '$', message: messageOf(error), severity: 'error' }] }
  }
}

const toolsOf = (file: string) => {
  if (aids.readTools) return aids.readTools(file)
  throw new WhetError({
    code: 'unknown-skill',
    message:
      '--tools reads the forms that the skill tool-calling knows, and it is not built in here: name the tools in the rows.',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
}

const oneClass = (label: boolean): DataFinding => ({
  line: 0,
  kind: 'one-class',
  path: '$.label',
  message: `every row is labelled ${label}: KTO needs good and bad replies`,
  severity: 'warning',
})
