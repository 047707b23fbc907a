import path from 'node:path'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { EvaluationSummary } from '../graph/evaluate-run.ts'
import { defineCommand } from './command.ts'
import { depthText } from './eval-depth.ts'
import { bar, count, interval, percent, plural, table, tagsText } from './format.ts'
import { configField, setField, workspaceField, workspaceOf } from './inputs.ts'
import { loadProject } from './project.ts'
import { targetText } from './report/text.ts'

/** With more tools than this a request needs a longer context than the student's server has by default. */
const longTraining = 12
const longContext = 8192
/** Dimensions of more values than these are only told by their weakest. */
const mostValues = 5

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
    .string()
    .optional()
    .describe(
      'tools shown with a request, in place of the number that was trained; several numbers give a curve, and a shorter catalogue is filled with unrelated tools',
    )
    .meta({ value: '5,20,60' }),
  samples: z
    .int()
    .min(2)
    .max(32)
    .optional()
    .describe('ask each item so many times at --temperature, for pass^k: the chance that k replies in a row are right'),
  temperature: z.number().gt(0).max(2).default(0.7).describe('how freely the student words with --samples'),
  rephrase: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe('ask each item in up to so many other wordings too: the share that is right in all of them'),
  judge: z
    .boolean()
    .default(false)
    .describe(
      'roles.judge answers what the skill leaves to a judge; where it is not calibrated its answers are advice; its endpoint may charge',
    )
    .meta({ remote: false }),
  regrade: z.boolean().default(false).describe('grade the stored replies again; no student is asked'),
  items: z
    .int()
    .min(1)
    .optional()
    .describe("how many; the split's own number by default, and beyond those that a run has others of the same seed"),
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
    if (!anonymous && (input.set ?? []).length > 0) throw keepsItsConfig(input.target)
    const loaded = anonymous ? await loadProject(input, context) : undefined
    const { evaluateRun } = await import('../graph/evaluate-run.ts')
    const { target, split, regrade, judge, items, samples, temperature, rephrase } = input
    const lengths = input.shown === undefined ? [] : catalogueLengths(input.shown)
    if (regrade && (input.pack !== undefined || lengths.length > 0 || samples || rephrase || judge))
      throw nothingAsked()
    if (lengths.length > 1 && (samples || rephrase)) throw oneAtATime()
    context.progress(0, 0, regrade ? 'grading again' : `starting the student of ${target}`)
    return evaluateRun({
      workspace,
      target,
      split,
      regrade,
      judge,
      signal: context.signal,
      ...(loaded && { loaded }),
      ...(items !== undefined && { items }),
      ...((input.pack !== undefined || lengths.length === 1) && {
        options: {
          ...(input.pack !== undefined && { packs: [path.resolve(context.cwd, input.pack)], heldOut: true }),
          ...(lengths.length === 1 && { fillTo: lengths[0] }),
        },
      }),
      ...namedBy(input.pack, lengths),
      ...(lengths.length > 1 && {
        curve: lengths.map((shown) => ({ label: plural(shown, 'tool'), at: shown, options: { fillTo: shown } })),
      }),
      // sixty tools are some 5,000 tokens, and more than a training row has
      ...(Math.max(0, ...lengths) > longTraining && { contextPerSlot: longContext }),
      ...(samples !== undefined && { samples: { samples, temperature } }),
      ...(rephrase !== undefined && { rephrase, anew: true }),
      onPreparing: (what) => context.progress(0, 0, what),
      onProgress: (done, total, part) =>
        context.progress(done, total, `${split} items of ${target}${part ? `, ${part}` : ''}`),
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
      summary.judged?.some(({ criterion, trusted }) => criterion === of && !trusted) ? 'advice' : status,
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
      ...(summary.judged ?? []).map(({ criterion, judge, trusted, why }) =>
        trusted
          ? `${judge} decides ${criterion}: ${why}`
          : colors.yellow(`${judge} only advises on ${criterion}: ${why}`),
      ),
      ...byKind(summary, dim),
      ...depthText(summary, dim),
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

/** The deciding criterion by each value of the dimensions that have few: which kind of request is right how often. */
const byKind = ({ tags, primary }: EvaluationSummary, dim: (words: string[]) => string[]): string[] => {
  const own = tags.filter(({ criterion }) => criterion === primary)
  const valuesOf = (dimension: string) => own.filter(({ where }) => dimension in where)
  const few = [...new Set(own.flatMap(({ where }) => Object.keys(where)))].filter(
    (dimension) => valuesOf(dimension).length <= mostValues,
  )
  const rows = few
    .flatMap(valuesOf)
    .map(({ where, rate, interval: bounds, passes, n }) => [
      tagsText(where),
      bar(rate ?? 0, 12),
      percent(rate),
      interval(bounds?.low, bounds?.high),
      `${passes}/${n}`,
    ])
  return rows.length === 0
    ? []
    : ['', table(dim([`${primary} by`, '', 'rate', '95 % interval', 'passed']), rows, [2, 3, 4])]
}

/** What other items the run's report is to call them. */
const namedBy = (pack: string | undefined, lengths: readonly number[]): { named?: string } => {
  const parts = [
    ...(pack === undefined ? [] : [`wordings of ${path.basename(pack)}`]),
    ...(lengths.length === 1 ? [`${plural(lengths[0] ?? 0, 'tool')} shown`] : []),
  ]
  return parts.length > 0 ? { named: parts.join(', ') } : {}
}

/** `5,20,60` as numbers, the shortest catalogue first. @throws {WhetError} bad-input */
const catalogueLengths = (text: string): number[] => {
  const lengths = text.split(',').map((part) => Number(part.trim() || Number.NaN))
  if (lengths.every((length) => Number.isInteger(length) && length >= 1 && length <= 60))
    return [...new Set(lengths)].sort((a, b) => a - b)
  throw new WhetError({
    code: 'bad-input',
    message: `--shown ${JSON.stringify(text)}: write numbers of tools from 1 to 60 with commas between them, as in --shown 5,20,60.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { shown: text },
  })
}

const nothingAsked = () =>
  new WhetError({
    code: 'bad-input',
    message:
      '--regrade asks nobody, so --pack, --shown, --samples, --rephrase and --judge have nothing to do. Leave one out.',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })

const keepsItsConfig = (target: string) =>
  new WhetError({
    code: 'bad-input',
    message: `${target} keeps the config that it was made with, so --set changes nothing here. Leave it out, or set the key for a new run: \`whet run --from ${target} --set KEY=VALUE\`.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { target },
  })

const oneAtATime = () =>
  new WhetError({
    code: 'bad-input',
    message: '--samples and --rephrase go with one catalogue: give --shown one number, or leave them out of the curve.',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })

const sealed = () =>
  new WhetError({
    code: 'sealed-refused',
    message:
      'The sealed split is opened once, by `whet publish`: a number that was looked at before is no proof. Use --split dev or --split gate.',
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { split: 'sealed' },
  })
