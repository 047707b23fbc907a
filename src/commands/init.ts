import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { parseConfig } from '../core/config.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { aids, loadPlugin, plugins } from '../plugins/index.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { configField } from './inputs.ts'
import { isWorded, type Source, starterOf } from './starter.ts'
import { type ToolsOption, toolsFrom } from './tool-source.ts'

const input = z.strictObject({
  skill: z.string().optional().describe('built in, a path or a package').meta({ value: 'NAME', remote: 'skill' }),
  mcp: z
    .string()
    .optional()
    .describe('command that starts the MCP server whose tools are to be learned, or its http address')
    .meta({ value: 'COMMAND' }),
  openapi: z
    .string()
    .optional()
    .describe('an OpenAPI 3 document whose operations are the tools')
    .meta({ value: 'FILE', remote: 'path' }),
  tools: z.string().optional().describe('a JSON file of tools instead').meta({ value: 'FILE', remote: 'path' }),
  documents: z.string().optional().describe('a folder of documents to search').meta({ value: 'DIR' }),
  writing: z.string().optional().describe('a folder of the author’s own texts').meta({ value: 'DIR', remote: 'path' }),
  offline: z
    .boolean()
    .default(false)
    .describe('read no tools and draft no wordings: they are left to write')
    .meta({ remote: false }),
  config: configField,
  force: z.boolean().default(false).describe('replace a file that is there').meta({ remote: false }),
})

interface Written {
  readonly file: string
  readonly skill: string
  readonly drafted?: string // a phrase pack, to be read and worded better
  readonly missing?: string // what is left to do before a run
  readonly next: string
}

export const command = defineCommand<typeof input, Written>({
  input,
  async run(input, context) {
    const file = path.resolve(context.cwd, input.config)
    if (existsSync(file) && !input.force) throw exists(input.config)
    const skill = input.skill ?? (await askSkill(context))
    await loadPlugin(skill, path.dirname(file))
    const source = await sourceOf(skill, input, context)
    const draft =
      skill === 'tool-calling' && !isWorded(source.tools) && !input.offline
        ? await drafted(source.tools, file, context)
        : undefined
    const { text, missing } = starterOf(skill, { ...source, ...(draft && { pack: packFile }) })
    parseConfig(text, file, { plugins })
    await mkdir(path.dirname(file), { recursive: true })
    if (draft) await writeFile(path.resolve(path.dirname(file), packFile), draft, { flag: input.force ? 'w' : 'wx' })
    await writeFile(file, text, { flag: input.force ? 'w' : 'wx' })
    const next = `whet run --plan${input.config === 'whetstone.yaml' ? '' : ` -c ${input.config}`}`
    return { file, skill, ...(draft && { drafted: packFile }), ...(missing && { missing }), next }
  },
  render: ({ file, drafted: pack, missing, next }, { colors }) =>
    [
      `wrote   ${file}`,
      ...(pack
        ? [`draft   ${pack}: wordings made from the schemas. Read them, and word requests as your users do`]
        : []),
      ...(missing ? [`first   ${colors.yellow(missing)}`] : []),
      `next    ${colors.cyan(next)}`,
    ].join('\n'),
})

const askSkill = async ({ interactive, ask }: CommandContext): Promise<string> => {
  const known = Object.keys(plugins)
  const first = known[0] ?? ''
  if (!interactive || known.length === 1) return first
  const answer = await ask(`Which skill (${known.join(', ')}, or a path)? [${first}] `)
  return answer?.trim() || first
}

const packFile = './phrases.yaml'

const sourceOf = async (
  skill: string,
  input: { mcp?: string; tools?: string; openapi?: string; documents?: string; writing?: string },
  context: CommandContext,
): Promise<Source> => {
  if (input.documents !== undefined) return { documents: input.documents }
  if (input.writing !== undefined) return { writing: input.writing }
  const tools = toolsFrom(input)
  if (tools) return { tools }
  if (!context.interactive) return {}
  if (skill === 'agentic-search') {
    const folder = (await context.ask('Folder of documents? [a made-up world, to try it out] '))?.trim()
    return folder ? { documents: folder } : {}
  }
  if (skill === 'essay-style') {
    const folder = (await context.ask('Folder of your own texts? [a sample author, to try it out] '))?.trim()
    return folder ? { writing: folder } : {}
  }
  const answer = await context.ask(
    'Command that starts your MCP server, or a JSON file of tools? [the filesystem server that comes along] ',
  )
  const text = answer?.trim() ?? ''
  if (text === '') return {}
  const answered = text.endsWith('.json') ? { file: text } : toolsFrom({ mcp: text })
  return answered ? { tools: answered } : {}
}

const drafted = async (tools: ToolsOption | undefined, file: string, { progress }: CommandContext) => {
  progress(0, 0, 'reading the tools')
  return aids.draftWordings?.(tools, path.dirname(file))
}

const exists = (file: string) =>
  new WhetError({
    code: 'config-exists',
    message: `${file} is there already and stays as it is. --force replaces it; -c FILE writes another.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { file },
  })
