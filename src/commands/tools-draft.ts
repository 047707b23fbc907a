import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { LoadedConfig } from '../core/config.ts'
import type { Llm, TeacherYield } from '../core/contract.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { tallyText } from '../core/teacher/tally.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { plural } from './format.ts'
import { configField, setField, workspaceField, workspaceOf } from './inputs.ts'
import { oneLine } from './one-line.ts'
import { loadProject } from './project.ts'

const input = z.strictObject({
  out: z.string().default('phrases.yaml').describe('where the pack goes, beside the config').meta({ value: 'FILE' }),
  force: z.boolean().default(false).describe('replace a file that is there'),
  config: configField,
  set: setField,
  workspace: workspaceField,
})

interface Drafted {
  readonly file: string
  readonly tools: number // that have words
  readonly skipped: readonly string[]
  readonly taught: number // wordings of the teacher
  readonly yields: readonly TeacherYield[]
}

export const command = defineCommand<typeof input, Drafted>({
  input,
  async run(input, context) {
    const loaded = await loadProject(input, context)
    if (loaded.config.skill !== 'tool-calling') throw otherSkill(loaded.config.skill)
    const folder = path.dirname(loaded.file)
    const file = path.resolve(folder, input.out)
    if (existsSync(file) && !input.force) throw exists(input.out)
    const { catalogueFor } = await import('../plugins/tool-calling/definition.ts')
    const { chosenTools } = await import('../plugins/tool-calling/catalog.ts')
    const { draftPack } = await import('../plugins/tool-calling/draft.ts')
    const { Options } = await import('../plugins/tool-calling/options.ts')
    const options = Options.parse(loaded.config.options)
    context.progress(0, 0, 'reading the tools')
    const tools = chosenTools(await catalogueFor(options, folder), options.only)
    const draft = draftPack(tools, JSON.stringify(options.tools))
    if (!draft) throw nothing()
    const yields: TeacherYield[] = []
    const taught = await withRole(loaded, input, context, async (teacher) => {
      const { withTeacher } = await import('../plugins/tool-calling/draft-taught.ts')
      const { signal, progress } = context
      return withTeacher(draft, tools, teacher, {
        ...{ signal, progress },
        yielded: (one) => {
          yields.push(one)
          progress(yields.length, 2 * tools.length, 'wordings of the teacher')
        },
      })
    })
    const { text, skipped, pack } = taught?.draft ?? draft
    await writeFile(file, text)
    return { file, tools: Object.keys(pack.tools).length, skipped, taught: taught?.wordings ?? 0, yields }
  },
  render: ({ file, tools, skipped, taught, yields }, { colors }) =>
    [
      ...yields.map((one) => colors.dim(oneLine(tallyText(one), 160))),
      ...skipped.map((one) => colors.yellow(`without words: ${oneLine(one, 140)}`)),
      `words for ${plural(tools, 'tool')}${taught > 0 ? `, ${plural(taught, 'wording')} by the teacher` : ''}`,
      `draft   ${file}: read it, and word requests as your users do`,
      `next    ${colors.cyan('whet data generate --rows 20')} shows what comes of it`,
    ].join('\n'),
})

/** Nothing where the config has no teacher. */
const withRole = async <T>(
  loaded: LoadedConfig,
  input: { readonly workspace: string },
  context: CommandContext,
  work: (teacher: Llm) => Promise<T>,
): Promise<T | undefined> => {
  const { roles, budget } = loaded.config
  if (!roles.teacher) return undefined
  const { openGateway, requireRoles } = await import('../core/llm/gateway.ts')
  requireRoles(loaded.config, ['teacher'])
  const folder = workspaceOf(input, context).llm()
  const own = { roles, budget, folder, account: 'tools draft', baseDir: path.dirname(loaded.file) }
  const gateway = await openGateway(own)
  try {
    return await work(gateway.llm('teacher', { signal: context.signal })!)
  } finally {
    await gateway.close()
  }
}

const otherSkill = (skill: string) =>
  new WhetError({
    code: 'bad-input',
    message: `Only tool-calling has phrase packs, and the config is for ${skill}. Name another one with -c FILE.`,
    fixedBy: 'config',
    exit: exitCodes.usage,
    data: { skill },
  })

const exists = (file: string) =>
  new WhetError({
    code: 'pack-exists',
    message: `${file} is there already and stays as it is. --force replaces it; --out FILE writes another.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { file },
  })

const nothing = () =>
  new WhetError({
    code: 'nothing-to-word',
    message:
      'No tool of the catalogue can be worded from its schema: `whet tools lint` says what is missing. A pack can be written by hand (docs/phrase-packs.md).',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
