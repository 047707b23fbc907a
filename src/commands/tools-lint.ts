import path from 'node:path'
import { z } from 'zod'
import { exitCodes } from '../core/errors.ts'
import type { ToolFinding } from '../plugins/tool-calling/tools-lint.ts'
import { defineCommand } from './command.ts'
import { plural, table } from './format.ts'
import { configField } from './inputs.ts'
import { oneLine } from './one-line.ts'
import { loadProject } from './project.ts'
import { toolsFrom } from './tool-source.ts'

const input = z.strictObject({
  mcp: z.string().optional().describe('command or address of an MCP server').meta({ value: 'COMMAND' }),
  openapi: z.string().optional().describe('an OpenAPI 3 document').meta({ value: 'FILE' }),
  tools: z.string().optional().describe('a JSON file of tools').meta({ value: 'FILE' }),
  config: configField,
})

interface Linted {
  readonly tools: number
  readonly findings: readonly ToolFinding[]
}

export const command = defineCommand<typeof input, Linted>({
  input,
  async run(input, context) {
    const { lintTools } = await import('../plugins/tool-calling/tools-lint.ts')
    const { catalogueFor } = await import('../plugins/tool-calling/definition.ts')
    const { Options } = await import('../plugins/tool-calling/options.ts')
    const told = toolsFrom(input)
    const loaded = told ? undefined : await loadProject(input, context)
    const baseDir = loaded ? path.dirname(loaded.file) : context.cwd
    const options = Options.parse(told ? { tools: told } : loaded?.config.options)
    const catalogue = await catalogueFor(options, baseDir)
    return { tools: catalogue.tools.length, findings: lintTools(catalogue) }
  },
  exit: ({ findings }) => (findings.length > 0 ? exitCodes.failed : exitCodes.done),
  render({ tools, findings }, { colors }) {
    const rows = findings.map(({ tool, kind, message }) => [oneLine(tool, 60), kind, oneLine(message, 140)])
    const head = ['tool', 'finding', 'what to do'].map((word) => colors.dim(word))
    const sum = `${plural(tools, 'tool')} · ${findings.length === 0 ? colors.green('nothing to mend') : plural(findings.length, 'finding')}`
    return [...(rows.length > 0 ? [table(head, rows), ''] : []), sum].join('\n')
  },
})
