import path from 'node:path'
import { z } from 'zod'
import { WhetError } from '../../core/errors.ts'
import type { Published } from '../../graph/publish/publish.ts'
import { defineCommand, type RenderContext } from '../command.ts'
import { bounds, count, percent, plural, points, size, table } from '../format.ts'
import { parseRunRound, workspaceField, workspaceOf } from '../inputs.ts'
import { cellOf } from '../report/cells.ts'
import { rateText, statusText, targetText } from '../report/text.ts'

const input = z.strictObject({
  target: z
    .string()
    .optional()
    .describe("a run (its best round) or RUN:ROUND; the latest run's best round by default")
    .meta({ value: 'RUN[:ROUND]', remote: 'run' }),
  out: z
    .string()
    .optional()
    .describe('the folder to publish into; published/RUN-round-N by default')
    .meta({ value: 'DIR', remote: 'new-folder' }),
  anyway: z
    .boolean()
    .default(false)
    .describe('publish though targets are missed: the model card then says so')
    .meta({ remote: false }),
  check: z
    .boolean()
    .default(false)
    .describe(
      'only hold adapter, merged weights and GGUF against each other: nothing is published, the sealed split stays closed',
    ),
  split: z
    .enum(['dev', 'gate'])
    .default('dev')
    .describe('whose items they are held against each other on; of gate only rates are shown'),
  items: z.int().min(2).default(20).describe('how many of those items'),
  push: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'expected owner/name')
    .optional()
    .describe(
      'upload to this repository of the Hugging Face hub, too; the token is HF_TOKEN or what `hf auth login` stored',
    )
    .meta({ value: 'OWNER/NAME' }),
  public: z
    .boolean()
    .default(false)
    .describe('with --push: anyone may see the repository; private by default')
    .meta({ remote: false }),
  workspace: workspaceField,
})

export const command = defineCommand<typeof input, Published>({
  input,
  positional: ['target'],
  harmless: ({ check }) => check,
  async run(input, context) {
    if (input.check && input.push) throw checkOrPush()
    const workspace = workspaceOf(input, context)
    const { run, round } = input.target === undefined ? {} : parseRunRound(input.target)
    const { publishRun } = await import('../../graph/publish/publish.ts')
    return publishRun({
      workspace,
      run,
      by: context.by,
      anyway: input.anyway,
      check: input.check,
      split: input.split,
      items: input.items,
      signal: context.signal,
      ...(round !== undefined && { round }),
      ...(input.out !== undefined && { out: path.resolve(context.cwd, input.out) }),
      ...(input.push && { push: { repository: input.push, private: !input.public } }),
      onPreparing: (what) => context.progress(0, 0, what),
      onProgress: (done, total, what) => context.progress(done, total, what),
      describe: async (facts) => (await import('./cards.ts')).cardsOf(facts, workspace.run(facts.run)),
    })
  },
  render,
})

function render({ run, round, folder, pushed, facts }: Published, { colors }: RenderContext): string {
  const dim = (words: string[]) => words.map((word) => colors.dim(word))
  const { tokens, agreement, sealed, missed, faults } = facts
  const forms = agreement.forms.map(({ form, items, same, passes, scored, difference }) => [
    form,
    form === 'adapter' ? '' : `${same}/${items}`,
    percent(scored > 0 ? passes / scored : undefined),
    `${passes}/${scored}`,
    difference ? points(difference.rate) : '',
    difference ? bounds(difference.low, difference.high) : '',
  ])
  return [
    folder
      ? `${colors.bold(`${run}, round ${round}`)}: published in ${folder}`
      : `${colors.bold(`${run}, round ${round}`)}: checked, nothing was published and the sealed split stays closed`,
    ...(pushed ? [`uploaded to ${pushed}`] : []),
    '',
    `${plural(tokens.rows, 'conversation')}, ${count(tokens.tokens)} tokens: ${tokens.differences.length === 0 ? 'the same ids in training, export and llama.cpp; the loss is on what the assistant says alone' : colors.red(`${tokens.differences.length} differences`)}`,
    ...Object.entries(tokens.calls)
      .filter(([, { asked }]) => asked > 0)
      .map(
        ([form, { asked, called }]) =>
          `${form} alone in llama.cpp: a call is read in ${called} of ${asked} replies that should begin with one`,
      ),
    '',
    table(dim([`on ${agreement.split}`, 'same words', agreement.of, 'passed', 'points', '95 %']), forms, [1, 2, 3, 4]),
    ...(sealed
      ? [
          '',
          table(
            dim(['sealed', 'rate', 'status']),
            sealed.rates.map((rate) => [
              targetText(rate.of, rate.where),
              rateText(cellOf(rate), rate.measure),
              statusText(rate.status),
            ]),
          ),
          sealed.opening === 1
            ? colors.dim('The sealed split was opened for the first time.')
            : colors.yellow(`Look ${sealed.opening} at the sealed split: the card says so.`),
        ]
      : []),
    ...(missed.length > 0 ? ['', colors.yellow(`Missed, and said so in the card: ${missed.join('; ')}`)] : []),
    ...faults.map((fault) => colors.red(fault)),
    ...(facts.licence.publishing === 'free' ? [] : ['', colors.yellow(facts.licence.says)]),
    ...(folder
      ? [
          '',
          table(
            dim(['size', 'file']),
            facts.files.map((file) => [size(file.bytes), file.path]),
            [0],
          ),
        ]
      : []),
  ].join('\n')
}

const checkOrPush = () =>
  new WhetError({
    code: 'bad-input',
    message: '--check publishes nothing, so there is nothing to --push. Leave one of the two out.',
    fixedBy: 'config',
    exit: 2,
  })
