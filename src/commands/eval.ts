import path from 'node:path'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { EvaluationSummary } from '../graph/evaluate-run.ts'
import { defineCommand } from './command.ts'
import { bar, count, interval, percent, plural, table, tagsText } from './format.ts'
import { configField, setField, workspaceField, workspaceOf } from './inputs.ts'
import { loadProject } from './project.ts'
import { targetText } from './report/text.ts'

const input = z.strictObject({
  target: z
    .string()
    .describe('a run (its best round), RUN:ROUND, `base`, or the URL of an OpenAI-compatible server')
    .meta({ value: 'RUN|base|URL', remote: 'run' }),
  config: configField,
  split: z.enum(['dev', 'gate', 'train', 'sealed']).default('dev').describe('which items; sealed is refused'),
  pack: z
    .string()
    .optional()
    .describe('a phrase pack that training has never seen: all its phrasings are asked')
    .meta({ value: 'FILE', remote: 'path' }),
  shown: z
    .int()
    .min(1)
    .max(60)
    .optional()
    .describe('tools shown with a request, in place of the number that was trained: a longer catalogue is harder'),
  regrade: z.boolean().default(false).describe('grade the stored replies again; no student is asked'),
  items: z.int().min(1).optional().describe("how many; the split's own number by default"),
  set: setField,
  workspace: workspaceField,
})

export const command = defineCommand<typeof input, EvaluationSummary>({
  input,
  positional: ['target'],
  async run(input, context) {
    if (input.split === 'sealed') throw sealed()
    const workspace = workspaceOf(input, context)
    // a run knows its own config; the others need to be told skill and tools
    const anonymous = input.target === 'base' || /^https?:\/\//.test(input.target)
    const loaded = anonymous ? await loadProject(input, context) : undefined
    const { evaluateRun } = await import('../graph/evaluate-run.ts')
    const { target, split, regrade, items } = input
    context.progress(0, 0, regrade ? 'grading again' : `starting the student of ${target}`)
    return evaluateRun({
      workspace,
      target,
      split,
      regrade,
      signal: context.signal,
      ...(loaded && { loaded }),
      ...(items !== undefined && { items }),
      ...((input.pack !== undefined || input.shown !== undefined) && {
        options: {
          ...(input.pack !== undefined && { packs: [path.resolve(context.cwd, input.pack)], heldOut: true }),
          ...(input.shown !== undefined && { shown: input.shown }),
        },
      }),
      onPreparing: (what) => context.progress(0, 0, what),
      onProgress: (done, total) => context.progress(done, total, `${split} items of ${target}`),
    })
  },
  render(summary, { colors }) {
    const dim = (words: string[]) => words.map((word) => colors.dim(word))
    const rates = summary.rates.map(({ of, where, rate, interval: bounds, passes, n, status }) => [
      targetText(of, where),
      bar(rate ?? 0, 12),
      percent(rate),
      interval(bounds?.low, bounds?.high),
      `${passes}/${n}`,
      status,
    ])
    const failures = Object.entries(summary.failures).sort(([, a], [, b]) => b - a)
    return [
      `${colors.bold(summary.target)} on ${summary.split}: ${plural(summary.rows, 'item')}${summary.unscored ? colors.yellow(`, ${summary.unscored} not scored (infrastructure)`) : ''}`,
      '',
      table(dim(['target', '', 'rate', '95 % interval', 'passed', 'status']), rates, [2, 3, 4]),
      ...(failures.length > 0
        ? [
            '',
            table(
              dim(['failure', 'rows']),
              failures.slice(0, 12).map(([tag, rows]) => [tag, count(rows)]),
              [1],
            ),
          ]
        : []),
      ...weakest(summary, dim),
    ].join('\n')
  },
})

/** The tag values that pass least often, of those with enough rows to say so. */
const weakest = ({ tags }: EvaluationSummary, dim: (words: string[]) => string[]): string[] => {
  const enough = tags.filter(({ n }) => n >= 5).sort((a, b) => (a.rate ?? 1) - (b.rate ?? 1))
  if (enough.length === 0) return []
  const rows = enough
    .slice(0, 8)
    .map(({ where, criterion, rate, passes, n }) => [tagsText(where), criterion, percent(rate), `${passes}/${n}`])
  return ['', table(dim(['weakest', 'criterion', 'rate', 'passed']), rows, [2, 3])]
}

const sealed = () =>
  new WhetError({
    code: 'sealed-refused',
    message:
      'The sealed split is opened once, by `whet publish`: a number that was looked at before is no proof. Use --split dev or --split gate.',
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { split: 'sealed' },
  })
