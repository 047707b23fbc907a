import { existsSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { baseOf } from '../core/config.ts'
import { exitCodes, messageOf } from '../core/errors.ts'
import { type Check, checkPython, pythonEnv } from '../core/python.ts'
import { loadPlugin } from '../plugins/index.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { checkRoles, keysOf } from './doctor-roles.ts'
import { configField, workspaceField, workspaceOf } from './inputs.ts'
import { loadProject } from './project.ts'

const input = z.strictObject({
  repair: z.boolean().default(false).describe('make or mend the Python environment'),
  roles: z
    .boolean()
    .default(false)
    .describe(
      'ask the model of each role what it can do: three or four short calls a role, which its endpoint may charge',
    ),
  config: configField,
  workspace: workspaceField,
})

interface Examined {
  readonly ok: boolean
  readonly checks: readonly Check[]
}

export const command = defineCommand<typeof input, Examined>({
  input,
  async run(input, context) {
    const { config, base, loaded } = await checkConfig(input, context)
    const workspace = checkWorkspace(input, context)
    const own = [workspace, await checkStore(), config]
    if (loaded && workspace.ok)
      own.push(
        ...(input.roles ? await checkRoles(loaded, workspaceOf(input, context), context.signal) : keysOf(loaded)),
      )
    const models = path.join(path.resolve(context.cwd, input.workspace), 'models')
    const options = { models, base }
    let machine = await checkPython(options)
    if (input.repair && machine.some(({ name, ok }) => !ok && mendable.includes(name))) {
      // an environment that is there and whose torch does not load is broken in a way that only a new one mends
      const rebuild = machine.some(({ name, ok }) => name === 'environment' && ok)
      await pythonEnv({ rebuild, signal: context.signal, onProgress: (line) => context.progress(0, 0, line) })
      machine = await checkPython(options)
    }
    const checks = [...machine, ...own]
    return { ok: checks.every(({ ok }) => ok), checks }
  },
  harmless: ({ roles }) => !roles, // it asks nobody who charges
  exit: ({ ok }) => (ok ? exitCodes.done : exitCodes.missing),
  render: ({ ok, checks }, { colors }) =>
    [
      ...checks.flatMap((check) => [
        `${check.ok ? colors.green('✓') : colors.red('✗')} ${check.name.padEnd(12)} ${check.detail}`,
        ...(check.fix && !check.ok ? [`  ${' '.repeat(12)} ${colors.yellow(check.fix)}`] : []),
      ]),
      '',
      ok ? colors.green('Everything that a run needs is here.') : colors.red('Something is missing: see above.'),
    ].join('\n'),
})

const mendable = ['environment', 'cuda']

const checkWorkspace = (input: { workspace: string }, context: CommandContext): Check => {
  const name = 'workspace'
  try {
    const { root } = workspaceOf(input, context)
    return { name, ok: true, detail: existsSync(root) ? root : `${root} is made by the first run` }
  } catch (error) {
    return { name, ok: false, detail: 'cannot be used', fix: messageOf(error) }
  }
}

/** SQLite is a native module, compiled at `npm ci`: a changed Node breaks it. */
const checkStore = async (): Promise<Check> => {
  const name = 'sqlite'
  try {
    const { default: Database } = await import('better-sqlite3')
    new Database(':memory:').close()
    return { name, ok: true, detail: 'the native module loads' }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error).split('\n')[0] ?? '', fix: 'Run `npm rebuild better-sqlite3`.' }
  }
}

const checkConfig = async (input: { config: string }, context: CommandContext) => {
  const name = 'config'
  if (!existsSync(path.resolve(context.cwd, input.config)))
    return { config: { name, ok: true, detail: `no ${input.config} here: \`whet init\` writes one` }, base: undefined }
  try {
    const loaded = await loadProject({ config: input.config }, context)
    const plugin = await loadPlugin(loaded.config.skill, path.dirname(loaded.file))
    const detail = `${input.config}: ${plugin.name}, ${loaded.config.student.base}`
    return { config: { name, ok: true, detail }, base: baseOf(loaded), loaded }
  } catch (error) {
    return {
      config: { name, ok: false, detail: `${input.config} is not right`, fix: messageOf(error) },
      base: undefined,
    }
  }
}
