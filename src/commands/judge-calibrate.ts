import path from 'node:path'
import { z } from 'zod'
import { exitCodes, WhetError } from '../core/errors.ts'
import type { Calibration } from '../core/judge/calibrate.ts'
import { loadPlugin, plugins } from '../plugins/index.ts'
import { defineCommand } from './command.ts'
import { percent, table } from './format.ts'
import { configField, setField, workspaceField, workspaceOf } from './inputs.ts'
import { loadProject } from './project.ts'

const input = z.strictObject({
  file: z
    .string()
    .describe('labelled pairs, one a line: {"item", "a", "b", "choice": "a"|"b"|"tie", "criterion"}')
    .meta({ value: 'FILE' }),
  config: configField,
  set: setField,
  workspace: workspaceField,
})

interface Calibrated {
  readonly judge: string
  readonly file: string
  readonly criteria: readonly Calibration[]
}

export const command = defineCommand<typeof input, Calibrated>({
  input,
  positional: ['file'],
  async run(input, context) {
    const loaded = await loadProject(input, context)
    const { judge: settings } = loaded.config.roles
    if (!settings) throw noJudge()
    const [{ calibrate, readRatings }, { keepCalibration }, { openGateway, requireRoles }] = await Promise.all([
      import('../core/judge/calibrate.ts'),
      import('../core/judge/store.ts'),
      import('../core/llm/gateway.ts'),
    ])
    requireRoles(loaded.config)
    const ratings = await readRatings(path.resolve(context.cwd, input.file))
    const plugin = plugins[loaded.config.skill] ?? (await loadPlugin(loaded.config.skill, path.dirname(loaded.file)))
    const questions = new Map(
      plugin.rubrics.flatMap(({ criteria }) => criteria.map(({ name, question }) => [name, question])),
    )
    const folder = workspaceOf(input, context).llm()
    const gateway = await openGateway({
      roles: loaded.config.roles,
      budget: loaded.config.budget,
      folder,
      account: 'judge calibrate',
      baseDir: path.dirname(loaded.file),
    })
    try {
      const criteria = await calibrate(ratings, gateway.llm('judge', { signal: context.signal })!, {
        questionOf: (criterion) => questions.get(criterion) ?? criterion,
        onProgress: (done, total) => context.progress(done, total, 'pairs judged'),
      })
      const file = await keepCalibration(folder, settings, criteria, new Date())
      return { judge: settings.model, file, criteria }
    } finally {
      await gateway.close()
    }
  },
  exit: ({ criteria }) => (criteria.every(({ trusted }) => trusted) ? exitCodes.done : exitCodes.failed),
  render: ({ judge, file, criteria }, { colors }) => {
    const head = ['criterion', 'pairs', 'agrees', 'kappa', 'AC1', 'same when swapped', 'first wins', 'longer wins']
    const rows = criteria.map(({ criterion, pairs, failed, agreement, swap, firstWins, longerWins }) => [
      criterion,
      failed > 0 ? `${pairs} (${failed} without an answer)` : String(pairs),
      percent(agreement?.raw),
      agreement ? `${agreement.kappa.toFixed(2)} (${agreement.low.toFixed(2)} to ${agreement.high.toFixed(2)})` : '',
      agreement ? agreement.ac1.toFixed(2) : '',
      swap ? `${percent(swap.share)} (at least ${percent(swap.low)})` : '',
      percent(firstWins?.share),
      longerWins ? `${percent(longerWins.share)} of ${longerWins.n} wrong ones` : '',
    ])
    return [
      table(
        head.map((word) => colors.dim(word)),
        rows,
      ),
      '',
      ...criteria.map(({ criterion, trusted, why }) =>
        trusted
          ? colors.green(`${judge} may decide ${criterion}: ${why}`)
          : colors.yellow(`${judge} may not decide ${criterion}: ${why}`),
      ),
      '',
      `kept in ${file}`,
    ].join('\n')
  },
})

const noJudge = () =>
  new WhetError({
    code: 'no-judge',
    message: 'The config sets no roles.judge: write model and baseUrl of the judge there.',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
