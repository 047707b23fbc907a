import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { messageOf, parseYaml, type ToolSchema, unknownName, WhetError } from '../../skill.ts'
import { connectServer, listTools, nameOf, type RemoteServer, type ServerOptions, startServer } from './mcp.ts'
import { operationsOf } from './openapi.ts'
import { type Catalogue, catalogueOf } from './tool-forms.ts'

/** Asks a server for its tools. It runs in an empty folder that is removed afterwards. */
export const catalogueOfServer = async (options: ServerOptions): Promise<Catalogue> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'whetstone-tools-'))
  try {
    const server = await startServer(options, folder)
    try {
      return await listTools(server, options)
    } finally {
      await server.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Asks a server that runs elsewhere for its tools. */
export const catalogueOfUrl = async (options: RemoteServer): Promise<Catalogue> => {
  const server = await connectServer(options)
  try {
    return await listTools(server, { command: [nameOf(options.url)], timeoutSeconds: options.timeoutSeconds })
  } finally {
    await server.close()
  }
}

/**
 * The operations of an OpenAPI 3 document, as JSON or YAML.
 * @throws {WhetError} tools-file-missing · bad-openapi · duplicate-tool · empty-catalogue
 */
export const catalogueOfOpenApi = async (file: string): Promise<Catalogue> =>
  operationsOf(parseYaml(await textOf(file), file, z.unknown()), file)

/** @throws {WhetError} tools-file-missing · bad-tools-file and those of `catalogueOf` */
export const catalogueOfFile = async (file: string): Promise<Catalogue> => {
  const text = await textOf(file)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new WhetError({
      code: 'bad-tools-file',
      message: `The tools file ${file} is not JSON: ${messageOf(cause)}.`,
      fixedBy: 'config',
      exit: 2,
      data: { file },
      cause,
    })
  }
  return catalogueOf(json, file)
}

/** The chosen tools in the catalogue's order. @throws {WhetError} unknown-tool, or why one of them cannot be used */
export const chosenTools = (
  { tools, refused = [] }: Pick<Catalogue, 'tools' | 'refused'>,
  only: readonly string[] | undefined,
  option = 'only',
): readonly ToolSchema[] => {
  if (!only) return tools
  const names = tools.map(({ name }) => name)
  for (const name of only) {
    const unusable = refused.find((tool) => tool.name === name)
    if (unusable) throw unusable.error
    if (!names.includes(name))
      throw new WhetError({
        code: 'unknown-tool',
        message: `options.${option}: ${unknownName('tool', name, names)}`,
        fixedBy: 'config',
        exit: 2,
        data: { tool: name, known: names },
      })
  }
  return tools.filter(({ name }) => only.includes(name))
}

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WhetError({
      code: 'tools-file-missing',
      message: `The tools file ${file} cannot be read (${messageOf(cause)}). Check its path.`,
      fixedBy: 'config',
      exit: 2,
      data: { file },
      cause,
    })
  })
