import path from 'node:path'
import { z } from 'zod'
import type { DataFinding } from '../core/contract.ts'
import { BadMessage, dataFormats } from '../core/data/message-forms.ts'
import { type DataRow, writeRow } from '../core/data/rows.ts'
import { exitCodes } from '../core/errors.ts'
import { streamJsonl, writeJsonl } from '../core/jsonl.ts'
import { defineCommand } from './command.ts'
import { count, plural } from './format.ts'

const input = z.strictObject({
  file: z.string().describe("imported rows, or a run's sft.jsonl or kto.jsonl").meta({ value: 'FILE', remote: 'path' }),
  format: z.enum(dataFormats).describe('how they are to be stored'),
  out: z.string().describe('where they go, one a line').meta({ value: 'FILE', remote: 'new-file' }),
})

interface Exported {
  readonly file: string
  readonly rows: number
  readonly exported: number
  readonly findings: readonly DataFinding[]
}

export const command = defineCommand<typeof input, Exported>({
  input,
  positional: ['file'],
  async run(input, context) {
    const out = path.resolve(context.cwd, input.out)
    const findings: DataFinding[] = []
    let rows = 0
    const written = async function* () {
      for await (const row of streamJsonl<Partial<DataRow>>(path.resolve(context.cwd, input.file))) {
        context.signal.throwIfAborted()
        rows += 1
        try {
          yield writeRow(whole(row), input.format)
        } catch (error) {
          if (!(error instanceof BadMessage)) throw error
          findings.push({ line: rows, kind: error.kind, path: '$', message: error.message, severity: 'error' })
        }
      }
    }
    return { file: out, exported: await writeJsonl(out, written()), rows, findings }
  },
  exit: ({ rows, exported }) => (exported < rows ? exitCodes.failed : exitCodes.done),
  render: ({ file, rows, exported, findings }, { colors }) =>
    [
      ...findings.slice(0, 20).map(({ line, message }) => colors.red(`row ${line}: ${message}`)),
      `${plural(rows, 'row')} · ${colors.green(`${count(exported)} exported`)}`,
      `rows    ${file}`,
    ].join('\n'),
})

/** A row of a run was never imported: it has no form of its own. @throws {BadMessage} */
const whole = (row: Partial<DataRow>): DataRow => {
  if (!Array.isArray(row.prompt) || !Array.isArray(row.completion))
    throw new BadMessage('no-conversation', 'a row has `prompt` and `completion`, as `whet data import` writes them')
  const from = { format: 'none' as never, list: 'messages', cut: row.prompt.length, rest: {}, entries: [] }
  return { id: '', prompt: row.prompt, completion: row.completion, ...row, from: row.from ?? from }
}
