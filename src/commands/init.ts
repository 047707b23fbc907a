import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { parseConfig } from '../core/config.ts'
import { exitCodes, WhetError } from '../core/errors.ts'
import { loadPlugin, plugins } from '../plugins/index.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { configField } from './inputs.ts'
import { type Source, starterOf, wordsOf } from './starter.ts'

const input = z.strictObject({
  skill: z.string().optional().describe('built in, a path or a package').meta({ value: 'NAME', remote: 'skill' }),
  mcp: z
    .string()
    .optional()
    .describe('command that starts the MCP server whose tools are to be learned')
    .meta({ value: 'COMMAND' }),
  tools: z.string().optional().describe('a JSON file of tools instead').meta({ value: 'FILE', remote: 'path' }),
  documents: z.string().optional().describe('a folder of documents to search').meta({ value: 'DIR' }),
  config: configField,
  force: z.boolean().default(false).describe('replace a file that is there').meta({ remote: false }),
})

interface Written {
  readonly file: string
  readonly skill: string
  readonly missing?: string // what is left to do before a run
  readonly next: string
}

export const command = defineCommand<typeof input, Written>({
  input,
  async run(input, context) {
    const file = path.resolve(context.cwd, input.config)
    if (existsSync(file) && !input.force) throw exists(input.config)
    if (input.mcp !== undefined && input.tools !== undefined) throw twoSources()
    const skill = input.skill ?? (await askSkill(context))
    await loadPlugin(skill, path.dirname(file))
    const { text, missing } = starterOf(skill, await sourceOf(skill, input, context))
    parseConfig(text, file, { plugins })
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text, { flag: input.force ? 'w' : 'wx' })
    const next = `whet run --plan${input.config === 'whetstone.yaml' ? '' : ` -c ${input.config}`}`
    return { file, skill, ...(missing && { missing }), next }
  },
  render: ({ file, missing, next }, { colors }) =>
    [`wrote   ${file}`, ...(missing ? [`first   ${colors.yellow(missing)}`] : []), `next    ${colors.cyan(next)}`].join(
      '\n',
    ),
})

const askSkill = async ({ interactive, ask }: CommandContext): Promise<string> => {
  const known = Object.keys(plugins)
  const first = known[0] ?? ''
  if (!interactive || known.length === 1) return first
  const answer = await ask(`Which skill (${known.join(', ')}, or a path)? [${first}] `)
  return answer?.trim() || first
}

const sourceOf = async (
  skill: string,
  input: { mcp?: string; tools?: string; documents?: string },
  context: CommandContext,
): Promise<Source> => {
  if (input.documents !== undefined) return { documents: input.documents }
  if (input.tools !== undefined) return { tools: input.tools }
  if (input.mcp !== undefined) return mcpOf(input.mcp)
  if (!context.interactive) return {}
  if (skill === 'agentic-search') {
    const folder = (await context.ask('Folder of documents? [a made-up world, to try it out] '))?.trim()
    return folder ? { documents: folder } : {}
  }
  const answer = await context.ask(
    'Command that starts your MCP server, or a JSON file of tools? [the filesystem server that comes along] ',
  )
  const text = answer?.trim() ?? ''
  if (text === '') return {}
  return text.endsWith('.json') ? { tools: text } : mcpOf(text)
}

const mcpOf = (commandLine: string): Source => {
  const mcp = wordsOf(commandLine)
  if (mcp.length > 0) return { mcp }
  throw new WhetError({
    code: 'bad-input',
    message: '--mcp is empty: give the command that starts the server, as in --mcp "npx -y my-server".',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
}

const exists = (file: string) =>
  new WhetError({
    code: 'config-exists',
    message: `${file} is there already and stays as it is. --force replaces it; -c FILE writes another.`,
    fixedBy: 'config',
    exit: exitCodes.refused,
    data: { file },
  })

const twoSources = () =>
  new WhetError({
    code: 'bad-input',
    message: 'Tools come from --mcp or from --tools, not from both.',
    fixedBy: 'config',
    exit: exitCodes.usage,
  })
