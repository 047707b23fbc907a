import path from 'node:path'
import { z } from 'zod'
import { type DefineContext, WhetError } from '../../skill.ts'
import { catalogueOfFile, catalogueOfOpenApi, catalogueOfServer, catalogueOfUrl, chosenTools } from './catalog.ts'
import { pinnedCommand } from './command.ts'
import { checkCoverage } from './coverage.ts'
import { familiesOf, togetherOf } from './families.ts'
import { fillersBeside } from './fillers.ts'
import type { ServerOptions } from './mcp.ts'
import { makeMenus } from './menus.ts'
import { Kinds, type Options } from './options.ts'
import { loadPack } from './pack.ts'
import { checkPack } from './pack-check.ts'
import { NamedPack } from './pack-schema.ts'
import { loadData } from './recorded/load.ts'
import { destructiveOf } from './restraint.ts'
import { checkScenarios } from './scenarios/check.ts'
import { loadTasks } from './scenarios/load.ts'
import { NamedTasks } from './scenarios/task-schema.ts'
import type { Catalogue } from './tool-forms.ts'
import { contextFields, vaultTools } from './vault/tools.ts'

const Tool = z.object({ name: z.string(), description: z.string(), parameters: z.record(z.string(), z.json()) })

/** All that items, gold and grades stand on: plain JSON, frozen and hashed with the run. */
export const Definition = z.object({
  tools: z.array(Tool),
  server: z.object({ command: z.array(z.string()), timeoutSeconds: z.number() }).optional(),
  sandbox: z.object({ kind: z.literal('folder') }).optional(),
  menus: z.array(z.array(z.string())),
  fillTo: z.number().optional(),
  kinds: Kinds,
  replyChars: z.number(),
  teacherRows: z.number().optional(), // share of the requests of training that a teacher writes as a whole
  packs: z.array(NamedPack),
  heldOut: z.boolean(),
  unseenTools: z.array(z.string()).optional(),
  destructive: z.array(z.string()).optional(),
  data: z
    .array(
      z.object({
        file: z.string(),
        sha256: z.string(),
        use: z.enum(['all', 'train', 'dev']),
        share: z.number(),
        skip: z.array(z.number()),
        tags: z.record(z.string(), z.array(z.string())),
      }),
    )
    .optional(),
  notes: z.array(z.string()),
  vault: z.literal(true).optional(),
  scenarios: z
    .object({
      files: z.array(NamedTasks),
      share: z.number(),
      least: z.number(),
      most: z.number(),
      shown: z.number(),
      context: z.array(z.enum(contextFields)),
    })
    .optional(),
})
export type Definition = z.output<typeof Definition>

/**
 * Reads the catalogue and the phrase packs, checks one against the other and lays out the menus.
 * @throws {WhetError} tool-server-failed · tools-file-missing · bad-tools-file · bad-tool-schema · duplicate-tool ·
 *   empty-catalogue · unknown-tool · sandbox-without-server · pack-missing · broken-yaml · bad-pack · pack-* of the checks
 */
export const define = async (options: Options, context: DefineContext): Promise<Definition> => {
  const { baseDir } = context
  const server = serverOf(options, baseDir)
  if (options.sandbox && !server) throw sandboxWithoutServer()
  context.progress(0, 2, 'reading the tools')
  const vault = 'vault' in options.tools
  const catalogue = await catalogueFor(options, baseDir)
  context.signal.throwIfAborted()
  const { tools: all, unchecked, refused = [] } = catalogue
  const tools = chosenTools(catalogue, options.only)
  chosenTools({ tools }, options.unseenTools, 'unseenTools')
  chosenTools({ tools }, options.destructive, 'destructive')
  context.progress(1, 2, 'reading the phrase packs')
  const packs = await Promise.all(options.packs.map((name) => loadPack(name, baseDir)))
  const notes = packs.flatMap((pack) => checkPack(pack, all, tools))
  const scenarios = options.scenarios && {
    ...options.scenarios,
    files: await Promise.all(options.scenarios.files.map((name) => loadTasks(name, baseDir, tools))),
    context: vault ? options.scenarios.context : [],
  }
  const families = familiesOf(packs, tools, options.heldOut, options.unseenTools)
  const shown = Math.min(options.shown, options.fillTo ?? options.shown)
  const menus = makeMenus(
    tools.map(({ name }) => name),
    togetherOf(families),
    { shown, count: options.menus },
  )
  const data = options.data && (await loadData(options.data, baseDir, tools))
  const fillers = options.fillTo === undefined ? [] : fillersBeside(tools)
  const destructive = options.destructive ?? destructiveOf([...tools, ...(data?.tools ?? [])].map(({ name }) => name))
  const definition: Definition = {
    tools: [...tools, ...(data?.tools ?? []), ...fillers] as Definition['tools'],
    ...(server && { server }),
    ...(options.sandbox && { sandbox: options.sandbox }),
    menus,
    ...(options.fillTo !== undefined && { fillTo: options.fillTo }),
    kinds: options.kinds,
    replyChars: options.replyChars,
    ...(options.teacherRows > 0 && { teacherRows: options.teacherRows }),
    packs,
    heldOut: options.heldOut,
    ...(options.unseenTools && { unseenTools: options.unseenTools }),
    ...(destructive.length > 0 && { destructive }),
    notes: [
      ...notes,
      ...(data?.notes ?? []),
      ...(options.only ? [] : refused.map(({ name, error }) => `${name} is left out: ${error.message}`)),
      ...unchecked.map((argument) => `${argument} has a type that cannot be checked: anything passes there`),
      ...unspoken(
        packs.length === 0 ? [] : tools.map(({ name }) => name),
        families.flatMap(({ calls }) => calls.flatMap((call) => call.tools)),
      ),
    ],
    ...(vault && { vault: true as const }),
    ...(scenarios && { scenarios }),
    ...(data && { data: data.files as NonNullable<Definition['data']> }),
  }
  checkScenarios(definition)
  if (packs.length > 0 || !(scenarios || data)) checkCoverage(definition)
  context.progress(2, 2, 'tools and phrase packs read')
  return definition
}

/** The tools that the options name, wherever they come from. Nothing is executed but a server of one's own, which is asked for its list. */
export const catalogueFor = async (
  options: Pick<Options, 'tools' | 'scenarios'>,
  baseDir: string,
): Promise<Catalogue> => {
  const { tools } = options
  if ('vault' in tools) return { tools: vaultTools(options.scenarios?.context ?? []), unchecked: [] }
  if ('openapi' in tools) return catalogueOfOpenApi(path.resolve(baseDir, tools.openapi))
  if ('file' in tools) return catalogueOfFile(path.resolve(baseDir, tools.file))
  if ('url' in tools.mcp) return catalogueOfUrl(tools.mcp)
  return catalogueOfServer(serverOf({ tools }, baseDir) as ServerOptions)
}

const serverOf = ({ tools }: Pick<Options, 'tools'>, baseDir: string) =>
  'mcp' in tools && 'command' in tools.mcp
    ? { ...tools.mcp, command: pinnedCommand(tools.mcp.command, baseDir) }
    : undefined

const unspoken = (names: readonly string[], spoken: readonly string[]): string[] =>
  names.filter((name) => !spoken.includes(name)).map((name) => `no pack has a phrasing for ${name}: it is only shown`)

const sandboxWithoutServer = () =>
  new WhetError({
    code: 'sandbox-without-server',
    message:
      'options.sandbox is set, but there is no server of your own to execute calls in a folder. Use tools.mcp with a command, or remove sandbox.',
    fixedBy: 'config',
    exit: 2,
  })
