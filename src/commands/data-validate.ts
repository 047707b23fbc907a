import path from 'node:path'
import { z } from 'zod'
import type { DataFinding, DataReport } from '../core/contract.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { readLines } from '../core/jsonl.ts'
import { loadPlugin } from '../plugins/index.ts'
import { defineCommand } from './command.ts'
import { count, plural, table } from './format.ts'
import { configField } from './inputs.ts'
import { oneLine } from './one-line.ts'
import { loadProject } from './project.ts'

const input = z.strictObject({
  file: z
    .string()
    .describe('conversations, one JSON object a line: OpenAI messages or ShareGPT')
    .meta({ value: 'FILE', remote: 'path' }),
  skill: z
    .string()
    .optional()
    .describe("whose rules; the config's skill by default")
    .meta({ value: 'NAME', remote: 'skill' }),
  tools: z
    .string()
    .optional()
    .describe('the tools that the rows may call, as JSON')
    .meta({ value: 'FILE', remote: 'path' }),
  config: configField,
})

export const command = defineCommand<typeof input, DataReport>({
  input,
  positional: ['file'],
  async run(input, context) {
    const skill = input.skill ?? (await loadProject(input, context)).config.skill
    const plugin = await loadPlugin(skill, context.cwd)
    if (!plugin.validateData) throw cannotValidate(plugin.name)
    return plugin.validateData(textsOf(path.resolve(context.cwd, input.file)), {
      ...(input.tools && { tools: path.resolve(context.cwd, input.tools) }),
      signal: context.signal,
    })
  },
  exit: ({ failed }) => (failed > 0 ? exitCodes.failed : exitCodes.done),
  render({ rows, passed, failed, findings }, { colors }) {
    const paint = { error: colors.red, warning: colors.yellow }
    const shown = [...findings]
      .sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error') || a.line - b.line)
      .slice(0, 40)
      .map(({ line, severity, kind, path: place, message }) => [
        String(line),
        paint[severity](severity),
        kind,
        oneLine(place, 40),
        oneLine(message, 120),
      ])
    const head = (words: string[]) => words.map((word) => colors.dim(word))
    return [
      ...(shown.length > 0 ? [table(head(['line', '', 'kind', 'where', 'what']), shown, [0]), ''] : []),
      ...(findings.length > shown.length
        ? [
            table(head(['kind', 'findings']), byKind(findings), [1]),
            '',
            colors.dim(`${count(findings.length - shown.length)} more findings: --json shows all`),
          ]
        : []),
      `${plural(rows, 'row')} · ${colors.green(`${count(passed)} passed`)} · ${failed > 0 ? colors.red(`${count(failed)} failed`) : '0 failed'}`,
    ].join('\n')
  },
})

async function* textsOf(file: string): AsyncGenerator<string> {
  for await (const line of readLines(file)) yield line.text
}

const byKind = (findings: readonly DataFinding[]): string[][] => {
  const counts = new Map<string, number>()
  for (const { kind } of findings) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).map(([kind, n]) => [kind, count(n)])
}

const cannotValidate = (skill: string) =>
  new WhetError({
    code: 'no-data-rules',
    message: `The skill ${skill} has no rules for rows of your own: its plugin would need \`validateData\`. Name another with --skill.`,
    fixedBy: 'plugin',
    exit: exitCodes.usage,
    data: { skill },
  })
