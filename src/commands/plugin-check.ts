import { existsSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { AnySkill } from '../core/contract.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { loadPlugin } from '../plugins/index.ts'
import type { Claim } from '../testing/plugin-suite.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { plural } from './format.ts'
import { configField, setField } from './inputs.ts'
import { oneLine } from './one-line.ts'
import { loadProject } from './project.ts'

const input = z.strictObject({
  skill: z
    .string()
    .optional()
    .describe("a built-in name, a path or a package; the config's skill by default")
    .meta({ value: 'SKILL', remote: 'skill' }),
  config: configField,
  set: setField,
})

interface Checked {
  readonly plugin: string
  readonly passed: number
  readonly failed: number
  readonly advised: number // findings that break nothing
  readonly claims: readonly Claim[]
}

export const command = defineCommand<typeof input, Checked>({
  input,
  positional: ['skill'],
  async run(input, context) {
    const { skill, options, baseDir } = await subjectOf(input, context)
    const plugin = await loadPlugin(skill, baseDir)
    requireOptions(plugin, options)
    const { checkPlugin } = await import('../testing/plugin-suite.ts')
    context.progress(0, 0, `checking ${plugin.name}`)
    const claims: Claim[] = []
    for await (const claim of checkPlugin(plugin, { options, baseDir, signal: context.signal })) {
      claims.push(claim)
      context.progress(claims.length, 0, claim.claim)
    }
    const advised = claims.filter(({ ok, advice }) => !ok && advice).length
    const failed = claims.filter(({ ok, advice }) => !ok && !advice).length
    return { plugin: plugin.name, passed: claims.length - failed - advised, failed, advised, claims }
  },
  exit: ({ failed }) => (failed > 0 ? exitCodes.failed : exitCodes.done),
  render: ({ plugin, passed, failed, advised, claims }, { colors }) =>
    [
      ...claims.flatMap(({ claim, ok, detail, mend, advice, figure }) => [
        `${ok ? colors.green('✓') : advice ? colors.yellow('!') : colors.red('✗')} ${claim}${figure ? colors.dim(`  ${figure}`) : ''}`,
        ...(ok ? [] : [...detail.split(' · ').map((each) => `    ${oneLine(each, 600)}`), colors.dim(`    → ${mend}`)]),
      ]),
      '',
      `${colors.bold(plugin)}: ${passed} passed, ${failed > 0 ? colors.red(`${failed} failed`) : '0 failed'}${advised > 0 ? `, ${plural(advised, 'piece', 'pieces')} of advice` : ''}`,
    ].join('\n'),
})

/** The config gives the options where it is about this skill; a plugin by itself is checked with its defaults. */
const subjectOf = async (
  input: { skill?: string; config: string; set: readonly string[] },
  context: CommandContext,
) => {
  const file = path.resolve(context.cwd, input.config)
  if (input.skill !== undefined && !existsSync(file)) return { skill: input.skill, options: {}, baseDir: context.cwd }
  const { config } = await loadProject(input, context)
  const skill = input.skill ?? config.skill
  return { skill, options: skill === config.skill ? config.options : {}, baseDir: path.dirname(file) }
}

const requireOptions = (plugin: AnySkill, options: unknown): void => {
  const checked = plugin.options.safeParse(options)
  if (checked.success) return
  const keys = [...new Set(checked.error.issues.map((issue) => issue.path.join('.')))]
  throw new WhetError({
    code: 'options-needed',
    message: `${plugin.name} cannot be checked without options (${keys.join(', ')}): write them into a config (\`whet init\`) and name it with -c FILE.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { plugin: plugin.name, keys },
  })
}
