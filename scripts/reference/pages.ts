/** Pages that are made from the sources: nobody keeps them by hand, so they cannot drift. */
import type { z } from 'zod'
import { fieldOf, kebab } from '../../src/cli/options.ts'
import { comparison, kinds } from '../../src/commands/recommend.ts'
import { commands, loadCommand } from '../../src/commands/registry.ts'
import { reference } from '../../src/core/config-reference.ts'
import { eventData } from '../../src/core/events.ts'
import { errorCodes, type Occurrence } from './errors.ts'
import { surfacePage } from './surface.ts'

const made = 'Made from the sources by `npm run docs:reference`.'

/** Text that a Markdown table and a Vue page take as it is. */
const inCell = (text: string) => text.replace(/\|/g, '\\|').replace(/</g, '&lt;').replace(/\{\{/g, '&#123;&#123;')

const fixers: Readonly<Record<string, string>> = {
  config: 'you, in your files or flags',
  plugin: "the skill's author",
  machine: 'this machine: `whet doctor`',
  service: 'another process or host',
}

/** Every page by its path below docs/reference/. */
export const referencePages = async (): Promise<Readonly<Record<string, string>>> => {
  const codes = errorCodes()
  return {
    'cli.md': await cliPage(),
    'events.md': eventPage(),
    'comparison.md': comparisonPage(),
    'skill.md': surfacePage(),
    'errors/index.md': errorIndex(codes),
    ...Object.fromEntries([...codes].map(([code, found]) => [`errors/${code}.md`, errorPage(code, found)])),
  }
}

const cliPage = async (): Promise<string> => {
  const sections = []
  for (const [name, entry] of Object.entries(commands)) {
    const command = await loadCommand(name)
    const shape = command?.input.shape ?? {}
    const rows = Object.entries(shape).map(([field, schema]) => {
      const { description, fallback, required, short, choices } = fieldOf(field, schema as z.ZodType)
      const placed = command?.positional?.includes(field)
      const shown = placed ? `\`${field.toUpperCase()}\`` : `\`--${kebab(field)}\`${short ? `, \`-${short}\`` : ''}`
      const value = required
        ? 'required'
        : fallback === undefined || fallback === false
          ? ''
          : `\`${JSON.stringify(fallback)}\``
      return `| ${shown} | ${value} | ${inCell(`${description}${choices ? ` (${choices.join(', ')})` : ''}`)} |`
    })
    const table = rows.length > 0 ? ['', '| | default | meaning |', '|---|---|---|', ...rows] : []
    sections.push(
      [`## whet ${name}`, '', `${inCell(entry.summary)}.`, '', '```', entry.example, '```', ...table, ''].join('\n'),
    )
  }
  const exit =
    '`--json` prints one JSON document (streams: one a line) on stdout. Exit codes: 0 done, 1 failed, 2 wrong use or config, 3 missing on this machine, 4 refused, 130 interrupted.'
  return ['# Commands', '', made, '', exit, '', ...sections].join('\n')
}

const eventPage = (): string => {
  const sections = Object.entries(eventData).map(([type, data]) =>
    [`## ${type}`, '', inTable(reference(data as z.ZodType)), ''].join('\n'),
  )
  const intro =
    'Every step of a run appends one of these to its log; terminal, browser, chat and MCP read nothing else. Each has `seq` (no holes within a run), `at`, `run`, `type`, `data`, and where it applies `round` and `stage`.'
  return ['# Events', '', made, '', intro, '', ...sections].join('\n')
}

const inTable = (table: string) => (table.split('\n').length > 3 ? table.replace(/\{\{/g, '&#123;&#123;') : 'No data.')

const comparisonPage = (): string =>
  [
    '# The ways to build a skill, side by side',
    '',
    `${made} \`whet plugin new --describe "..."\` says which one is nearest to yours.`,
    '',
    `| | ${kinds.join(' | ')} |`,
    `|---|${kinds.map(() => '---').join('|')}|`,
    ...Object.keys(comparison.declarative).map(
      (row) => `| **${row}** | ${kinds.map((kind) => inCell(comparison[kind][row] ?? '')).join(' | ')} |`,
    ),
    '',
    'Trainer, evaluator, gate and commands are the same for all: only data, checks and scenarios differ. A skill between two of them takes its items from the one and its checks from the other.',
    '',
  ].join('\n')

const errorIndex = (codes: ReadonlyMap<string, readonly Occurrence[]>): string =>
  [
    '# Troubleshooting by error code',
    '',
    `${made} With \`--json\` an error is \`{"error": {"code", "message", "fixedBy", "data"}}\`; without it the message says what to do next.`,
    '',
    '| code | who can mend it |',
    '|---|---|',
    ...[...codes].map(([code, found]) => `| [${code}](./${code}.md) | ${whoMends(found)} |`),
    '',
  ].join('\n')

const whoMends = (found: readonly Occurrence[]): string => {
  const [by] = found.flatMap(({ fixedBy }) => fixedBy ?? [])
  if (by) return fixers[by] ?? ''
  return found.every(({ warns }) => warns) ? 'nobody: it is a warning' : ''
}

const errorPage = (code: string, found: readonly Occurrence[]): string =>
  [
    `# ${code}`,
    '',
    ...found.flatMap(({ message, fixedBy, exit, file, warns }) => [
      message === '' ? 'The message is put together from several findings.' : `> ${inCell(message)}`,
      '',
      `${[warns && 'A warning: the run goes on', fixedBy && `Mended by ${fixers[fixedBy]}`, exit && `exit code ${exit}`, `from \`${file}\``].filter(Boolean).join(' · ')}.`,
      '',
      ...(/^trainers\//.test(file) ? [byScript(file), ''] : []),
    ]),
    '… stands for what is filled in. [All codes](./index.md)',
    '',
  ].join('\n')

/** How what a Python script says reaches a person. */
const byScript = (file: string): string =>
  /\/(job|learning|callbacks|sft|kto|dpo|preference|grpo|processes)\.py$/.test(file)
    ? "Said by a training job: it stands in the message and in `data.reason` of [trainer-job-wrong](./trainer-job-wrong.md) or its like, and in the job's `trainer.log`."
    : 'Said by a script of the Python environment, and passed on as it is.'
