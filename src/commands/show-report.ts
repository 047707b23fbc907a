import { z } from 'zod'
import { defineCommand } from './command.ts'
import { runField, workspaceField, workspaceOf } from './inputs.ts'

const input = z.strictObject({
  run: runField,
  format: z.enum(['md', 'html', 'json']).default('md').describe('Markdown, one self-contained page, or JSON'),
  workspace: workspaceField,
})

interface Shown {
  readonly run: string
  readonly format: 'md' | 'html'
  readonly file?: string
  readonly text?: string
}

export const command = defineCommand<typeof input, Shown | { report: unknown }>({
  input,
  positional: ['run'],
  harmless: () => true, // it writes the run's own page
  async run(input, context) {
    const workspace = workspaceOf(input, context)
    const { name: run } = await workspace.find(input.run)
    const { writeReport } = await import('./report/index.ts')
    const { text, file } = await writeReport({ workspace, run, format: input.format })
    if (input.format === 'json') return JSON.parse(text) as { report: unknown }
    // a page of several hundred kB is for a browser: its path is the answer
    return { run, format: input.format, ...(file && { file }), ...(input.format === 'md' || !file ? { text } : {}) }
  },
  render(output, { colors }) {
    if (!('format' in output)) return JSON.stringify(output, undefined, 2)
    if (output.text !== undefined) return output.text.trimEnd()
    return `report  ${output.file}\n${colors.dim('open it in a browser; it needs no network')}`
  },
})
